"""What is measured, and what does it come to?"""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import requests

from bench import client, wrk
from bench.load import AGENT, Answers, Load

AT_ONCE = 16  # connections
ask = wrk.ask if wrk.is_here() else client.ask


@dataclass
class Case:
    """A server, and the credentials with which it is asked."""

    name: str
    url: str
    headers: Path
    is_refused: bool = False
    rounds: list[Answers] = field(default_factory=list)

    def check(self) -> None:
        """Asks once, and looks at the answer."""
        header = self.headers.read_text().split("\n", 1)[0]
        sent = {"Authorization": header, "User-Agent": AGENT}
        answer = requests.get(self.url, headers=sent, timeout=10)
        expected = (401, 429) if self.is_refused else (200,)
        assert answer.status_code in expected, f"{self.name}: {answer.status_code} {answer.text}"
        assert self.is_refused or answer.json()["token"].count(".") == 2, answer.text

    def load(self, seconds: int, *, connections: int = AT_ONCE, offset: int = 0) -> Load:
        return Load(self.url, self.headers, connections, seconds, offset)

    def typical(self, figure: str) -> float:
        return median(getattr(answers, figure) for answers in self.rounds)

    def beside(self, other: "Case") -> float:
        """How many times as many requests as the other it answers, within the same round."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return median(mine.per_second / its.per_second for mine, its in pairs)

    @property
    def failures(self) -> int:
        """Answers that were not the expected ones, and requests without an answer."""
        answered = sum(answers.answers for answers in self.rounds)
        refused = sum(answers.refused for answers in self.rounds)
        lost = sum(answers.lost for answers in self.rounds)
        return lost + (answered - refused if self.is_refused else refused)
