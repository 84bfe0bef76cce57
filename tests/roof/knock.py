"""Knocks at a portal with the environment's settings: ``python -m tests.roof.knock < knocks``.

Reads a list of knocks as JSON, ``{"path": …, "secure": …, "peer": …, "headers": …}``, and prints
what each was answered. For settings that hold for a whole process, such as ``PORTAL_URL``.
"""

import json
import os
import sys
from typing import Any

import django
from django.core.management import call_command

from tests.client import Client


def answer(
    path: str, *, secure: bool = False, peer: str = "203.0.113.7", headers: dict[str, str]
) -> dict[str, Any]:
    browser = Client(REMOTE_ADDR=peer, headers={"Host": os.environ["HOST"]} | headers)
    response = browser.get(path, secure=secure)
    response.close()
    return {
        "status": response.status_code,
        "headers": dict(response.headers),
        "cookies": {name: dict(cookie) for name, cookie in response.cookies.items()},
    }


def main() -> None:
    django.setup()
    call_command("collectstatic", interactive=False, verbosity=0)
    print(json.dumps([answer(**knock) for knock in json.load(sys.stdin)]))  # noqa: T201


if __name__ == "__main__":
    main()
