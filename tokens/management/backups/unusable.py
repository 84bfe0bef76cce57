"""What went wrong with a back-up?"""

IN_USE = "somebody uses the database: stop the portal and the jobs first"


class Unusable(Exception):
    """The file or the database does not do. The text says why, in one line."""
