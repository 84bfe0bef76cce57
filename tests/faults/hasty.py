"""The portal's settings with a database that answers before its disk has: the control.

What a power cut loses here shows that the harness would see it.
"""

from portal.settings import *  # noqa: F403
from portal.settings import DATABASES

_options = DATABASES["default"]["OPTIONS"]
_options["init_command"] = _options["init_command"].replace(
    "synchronous=FULL", "synchronous=NORMAL"
)
assert "synchronous=NORMAL" in _options["init_command"]
