"""Does the time of a refusal tell an unknown username from a wrong secret?

``python -m bench.timing`` says it as an AUC: the probability that a refusal of the one kind took
longer than one of the other. 0.5 tells nothing; the bound is 0.55.
"""

import http.client
import random
import sys
import tempfile
import time
from base64 import b64encode
from bisect import bisect_left, bisect_right
from pathlib import Path
from urllib.parse import urlsplit

from bench import servers
from tests.stack import Stack, running
from tokens import credentials

EACH = 20_000
PATH = "/auth/token?service=container-registry&scope=repository:public/universal:pull"


def refused_in(connection: http.client.HTTPConnection, username: str) -> float:
    """Seconds to the refusal of a well-formed secret that is nobody's."""
    secret = credentials.mint_secret("twc_")
    basic = b64encode(f"{username}:{secret}".encode()).decode()
    # Each from an address of its own, so that none is throttled.
    address = f"198.18.{random.randrange(256)}.{random.randrange(256)}"
    headers = {"Authorization": f"Basic {basic}", "X-Forwarded-For": address}
    begun = time.perf_counter()
    connection.request("GET", PATH, headers=headers)
    answer = connection.getresponse()
    answer.read()
    seconds = time.perf_counter() - begun
    assert answer.status == 401, answer.status
    return seconds


def auc(ones: list[float], others: list[float]) -> float:
    """The probability that one of ``ones`` is larger than one of ``others``; ties count half."""
    ordered = sorted(others)
    wins = sum(bisect_left(ordered, one) + bisect_right(ordered, one) for one in ones)
    return wins / (2 * len(ones) * len(others))


def main() -> int:
    for name, settings in servers.databases():
        folder = Path(tempfile.mkdtemp(prefix="portal-timing-"))
        with running(folder, TRUSTED_PROXIES="127.0.0.0/8", **settings) as stack:
            found = auc(*_times(stack))
        told = f"AUC {max(found, 1 - found):.3f}"
        print(f"{name}: wrong secret against unknown username, {EACH:,} each: {told}")
    return 0


def _times(stack: Stack) -> tuple[list[float], list[float]]:
    """Those of refusals of a wrong secret, and of an unknown username, in turn by chance."""
    known = stack.sign_in().request_token().username
    connection = http.client.HTTPConnection(urlsplit(stack.portal).netloc, timeout=30)
    times: dict[bool, list[float]] = {True: [], False: []}
    kinds = [True] * EACH + [False] * EACH
    random.shuffle(kinds)
    for is_known in kinds:
        username = known if is_known else credentials.mint_username("acme")
        times[is_known].append(refused_in(connection, username))
    return times[True], times[False]


if __name__ == "__main__":
    sys.exit(main())
