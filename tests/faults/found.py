"""What is in the database of a portal? Read with the product's own models, in its environment.

``python -m tests.faults.found`` prints it; ``read`` runs that.
"""

import json
import os
import subprocess
import sys

from tests.faults.invariants import Found, Row
from tests.stack import ROOT, Stack

READ_WITHIN = 120  # seconds


def read(stack: Stack, *, leaks: list[str]) -> Found:
    """The tokens and events of all companies; nothing of the portal needs to be running."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.found"],
        cwd=ROOT,
        env=stack.environment,
        stdout=subprocess.PIPE,
        timeout=READ_WITHIN,
        check=True,
    )
    told = json.loads(done.stdout)
    return Found([Row(*row) for row in told["tokens"]], told["events"], leaks)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from tokens.models import Event, Token

    facts = ("company__slug", "username", "request_nonce", "description", "revoked_at")
    tokens = [
        (*row[:4], row[4] is not None) for row in Token.objects.values_list(*facts).iterator()
    ]
    json.dump({"tokens": tokens, "events": list(Event.objects.lines())}, sys.stdout)


if __name__ == "__main__":
    main()
