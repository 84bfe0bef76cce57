"""What can be the key of a session?"""

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore


class SessionStore(DatabaseStore):
    """Looks up what could be a key of ours alone: a cookie may hold what no database can."""

    def _validate_session_key(self, key: str | None) -> bool:
        return re.fullmatch("[0-9a-z]{32}", key or "") is not None
