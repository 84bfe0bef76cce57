"""What came of one fault: the figures that a run prints, and whether everything held."""

from collections import Counter
from dataclasses import dataclass, field

from tests.faults.history import History
from tests.faults.invariants import BROKEN, GRANTED, Violation

HEADINGS = (
    "fault",
    "database",
    "times",
    "BEGIN to answer",
    "answered",
    "503",
    "no answer",
    "lost",
    "violations",
    "realm asked",
    "asked after revocation",
    "granted then",
    "realm's slowest",
)
MOST_TOLD = 5  # violations of one fault


@dataclass
class Outcome:
    """One fault on one database.

    ``times`` is how often it struck, and ``in_between`` how often that was while a deed was between
    BEGIN and its answer. ``must_lose`` marks a control: where nothing is lost nothing is proved.
    """

    fault: str
    database: str
    times: int
    history: History
    violations: list[Violation]
    in_between: int = 0
    notes: list[str] = field(default_factory=list)
    must_lose: bool = False

    @classmethod
    def of_many(cls, outcomes: "list[Outcome]") -> "Outcome":
        """The same fault, several times, each with a history of its own."""
        first = outcomes[0]
        return cls(
            first.fault,
            first.database,
            len(outcomes),
            History.joined([outcome.history for outcome in outcomes]),
            [violation for outcome in outcomes for violation in outcome.violations],
            must_lose=first.must_lose,
        )

    @property
    def is_wrong(self) -> bool:
        return not self.lost if self.must_lose else bool(self.violations)

    @property
    def lost(self) -> int:
        return sum(violation.invariant == "I1" for violation in self.violations)

    def statuses(self) -> Counter[int]:
        """How the forms were answered; 0 counts those that were not."""
        return Counter(each.status for each in self.history.attempts)

    def slowest(self) -> float:
        """Seconds that a machine waited for the realm's answer."""
        answered = (ask.seconds for ask in self.history.asks if ask.status != BROKEN)
        return max(answered, default=0.0)

    def figures(self) -> tuple[int, ...]:
        """What can be added up."""
        statuses, after = self.statuses(), self.history.asks_after_revocation()
        return (
            self.times,
            self.in_between,
            sum(attempt.done for attempt in self.history.attempts),
            statuses[503],
            statuses[BROKEN],
            self.lost,
            len(self.violations),
            len(self.history.asks),
            len(after),
            sum(ask.status == GRANTED for ask in after),
        )


def table(outcomes: list[Outcome]) -> str:
    """A table in Markdown. Its last row adds up all but the controls, which are to lose."""
    rows = [(each.fault, each.database, each.figures(), each.slowest()) for each in outcomes]
    real = [row for row, each in zip(rows, outcomes, strict=True) if not each.must_lose]
    sums = tuple(map(sum, zip(*(figures for *_, figures, _slowest in real), strict=True)))
    rows.append(("all but the control", "both", sums, max(slowest for *_, slowest in real)))
    rule = "|---|---" + "|---:" * (len(HEADINGS) - 2) + "|"
    return "\n".join((_line(HEADINGS), rule, *(_line(_cells(*row)) for row in rows)))


def _cells(fault: str, database: str, figures: tuple[int, ...], slowest: float) -> tuple[str, ...]:
    return (fault, database, *(f"{figure:,}" for figure in figures), f"{slowest:.2f} s")


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def told(outcome: Outcome) -> list[str]:
    """Its row, its notes, and the first violations."""
    broken = [f"{violation.invariant}: {violation.what}" for violation in outcome.violations]
    row = _line(_cells(outcome.fault, outcome.database, outcome.figures(), outcome.slowest()))
    return [row, *outcome.notes, *broken[:MOST_TOLD]]
