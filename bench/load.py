"""What is asked of a server, and what came back?"""

from dataclasses import dataclass
from pathlib import Path

AGENT = "docker/28.0.0"


@dataclass(frozen=True)
class Load:
    """Who asks what: ``headers`` is a file with the Authorization headers to rotate over."""

    url: str
    headers: Path
    connections: int
    seconds: int
    offset: int = 0  # where in the file it begins
    lines: tuple[str, ...] = ()  # more headers


@dataclass(frozen=True)
class Answers:
    """What came back in ``seconds``: counts, and times to an answer in milliseconds."""

    answers: int
    seconds: float
    refused: int  # neither 2xx nor 3xx
    lost: int  # no answer: the connection ended, or two seconds passed
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds
