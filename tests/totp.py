"""What does an authenticator app show? RFC 6238, written once more so that both must be right."""

import base64
import hmac
import time

STEP = 30  # seconds
_shown: set[tuple[str, int]] = set()


def code(seed: str, *, steps: int = 0) -> str:
    """The code of now, or of some steps later."""
    return _code(seed, int(time.time()) // STEP + steps)


def fresh_code(seed: str) -> str:
    """A code that is accepted now and was not shown by this process before."""
    while True:
        now = int(time.time()) // STEP
        for step in (now, now + 1, now - 1):
            if (seed, step) not in _shown:
                _shown.add((seed, step))
                return _code(seed, step)
        time.sleep(1)


def _code(seed: str, step: int) -> str:
    mac = hmac.digest(base64.b32decode(seed), step.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 0xF
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
