"""What does the log say of a request? Nothing that it is made of, which may let somebody in."""

import logging
import re

_NO_REQUEST = re.compile(r"(Invalid request from \S+: [^:']*).*", re.DOTALL)


def names_the_door(record: logging.LogRecord) -> bool:
    """Puts the door in the place of the address, such as an invitation's, in what Django logs.

    As a filter it keeps every record.
    """
    request = record.__dict__.pop("request", None)
    if request is not None and isinstance(record.args, tuple):
        door = request.resolver_match.view_name if request.resolver_match else "no door"
        record.args = tuple(door if part == request.path else part for part in record.args)
    return True


def names_the_mistake(record: logging.LogRecord) -> bool:
    """Takes what gunicorn cannot read, such as half of a credential, out of what it says of it.

    As a filter it keeps every record.
    """
    if isinstance(record.msg, str):
        record.msg = _NO_REQUEST.sub(r"\1", record.msg)
    return True
