"""When does the registry give its last answer after a revocation? ``python -m bench.revocation``.

With the defaults, where a grant that a client holds lives on, and with the proxy's check.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import requests

from bench import servers
from tests import proxy
from tests.stack import Credential, Session, running

MANIFEST = "/v2/public/universal/manifests/latest"
ACCEPT = "application/vnd.docker.distribution.manifest.v2+json"
REVOCATIONS = 50
PAUSE = 0.5  # seconds between two rounds of asking
GIVEN_UP_AFTER = 300  # seconds


class Holder:
    """A client that holds a grant, and when it was last answered."""

    def __init__(self, realm: str, credential: Credential) -> None:
        self.username = credential.username
        self.revoked_at = self.answered_at = 0.0
        answer = requests.get(
            f"{realm}/auth/token",
            params={"scope": "repository:public/universal:pull"},
            auth=(credential.username, credential.secret),
            timeout=10,
        )
        self.authorization = f"Bearer {answer.json()['token']}"

    def revoke(self, person: Session) -> None:
        person.revoke(self.username)
        self.revoked_at = self.answered_at = time.monotonic()

    def is_answered(self, registry: str) -> bool:
        begun = time.monotonic()
        headers = {"Authorization": self.authorization, "Accept": ACCEPT}
        answer = requests.get(registry + MANIFEST, headers=headers, timeout=10)
        if answer.ok:
            self.answered_at = begun
        return answer.ok

    @property
    def seconds(self) -> float:
        """How long after the revocation's answer the last request began that was answered."""
        return self.answered_at - self.revoked_at


def at_once(
    person: Session, *, realm: str, registry: str, times: int = REVOCATIONS
) -> list[Holder]:
    """Revokes each token just after its grant was given, and asks until nobody is answered.

    Args:
        realm: the address of the host at which grants are asked for.
        registry: the address at which they are used.
    """
    holders = []
    for _ in range(times):
        holder = Holder(realm, person.request_token())
        holder.revoke(person)
        holders.append(holder)
    asking, deadline = holders, time.monotonic() + GIVEN_UP_AFTER
    while asking and time.monotonic() < deadline:
        asking = [holder for holder in asking if holder.is_answered(registry)]
        time.sleep(PAUSE)
    return holders


def say(name: str, holders: list[Holder]) -> None:
    seconds = [holder.seconds for holder in holders]
    print(
        f"{name:<36} {len(seconds):>4} revocations, last answer after"
        f" {statistics.median(seconds):6.1f} s (median) {max(seconds):6.1f} s (longest)"
    )


def main() -> int:
    for name, settings in servers.databases():
        folder = Path(tempfile.mkdtemp(prefix="portal-revocation-"))
        with running(folder, **settings) as stack:
            person, realm = stack.sign_in(), stack.portal
            if proxy.program():
                with proxy.checking(stack, folder) as registry:
                    held = at_once(person, realm=realm, registry=registry)
                    say(f"{name}, with the proxy's check", held)
            else:
                print("with the proxy's check: skipped, Caddy is not installed")
            registry = f"http://{stack.registry}"
            say(f"{name}, defaults", at_once(person, realm=realm, registry=registry))
    return 0


if __name__ == "__main__":
    sys.exit(main())
