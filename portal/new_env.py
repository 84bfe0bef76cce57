"""Writes a ``.env`` with fresh keys: ``python -m portal.new_env .env``."""

import os
import secrets
import sys
from pathlib import Path

KEYS = ("SECRET_KEY", "DEMO_KEY", "REGISTRY_EVENTS_SECRET", "METRICS_SECRET")


def write(file: Path) -> None:
    """Writes the file, readable by its owner only.

    Raises:
        FileExistsError: keys that are in use are never overwritten.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.writelines(f"{key}={secrets.token_urlsafe(48)}\n" for key in KEYS)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
