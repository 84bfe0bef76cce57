"""What did each client print? A table at the end of the tests' output."""

import re

from tests.real.clients import Client
from tests.real.programs import Outcome

LONGEST = 200  # characters of what was printed


class Matrix:
    """Notes what was done with which client, and what that said."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str]] = []

    def note(self, client: Client, deed: str, outcome: Outcome) -> Outcome:
        """Notes the last line that says something, and gives the outcome back."""
        result = "succeeded" if outcome.succeeded else "refused"
        self.say(type(client).__name__, deed, f"{result}: {_last_words(outcome.said)}")
        return outcome

    def say(self, client: str, deed: str, said: str) -> None:
        self._rows.append((client, deed, said))

    def lines(self) -> list[str]:
        return [f"{client:8}{deed:36}{said}" for client, deed, said in sorted(self._rows)]


def _last_words(said: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", said)
    lines = [line.strip() for line in re.split(r"[\r\n]+", plain) if line.strip()]
    return lines[-1][-LONGEST:] if lines else "(nothing)"
