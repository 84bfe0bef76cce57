"""What can be the key of a session, and whose fault is it when one cannot be written?"""

import re

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from tokens.models.outage import is_of_database


class SessionStore(DatabaseStore):
    """Looks up what could be a key of ours alone: a cookie may hold what no database can.

    And tells a database that cannot be written (503) from a session that has ended (400).
    """

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            cause = error.__context__
            if cause is not None and is_of_database(cause):
                raise cause from cause.__cause__  # which says what kind of failure it is
            raise

    def _validate_session_key(self, key: str | None) -> bool:
        return re.fullmatch("[0-9a-z]{32}", key or "") is not None
