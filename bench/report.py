"""How are the figures told?"""

from bench.cases import AT_ONCE, Case, ask
from bench.load import Answers

HEAD = f"{'a second':>10}{'of bare':>9}{'p50 ms':>9}{'p99 ms':>9}"


def rounds(cases: list[Case], *, beside: Case) -> None:
    """A line for each case, with its ratio to one of them."""
    print(
        f"Asked by {ask.__module__.removeprefix('bench.')}, medians of {len(beside.rounds)} rounds."
    )
    print(f"\n{f'{AT_ONCE} connections':44}{HEAD}")
    for case in cases:
        figures = f"{case.typical('per_second'):10,.0f}{case.beside(beside):9.2f}"
        print(f"{case.name:44}{figures}{case.typical('p50'):9.1f}{case.typical('p99'):9.1f}")
    print()


def growth(realms: list[Case]) -> None:
    """What many tokens cost: few and many follow each other."""
    print("To reach: 0.85 on SQLite, 0.55 on PostgreSQL, and here at most 1.20:\n")
    for few, many in zip(realms[::2], realms[1::2], strict=True):
        print(f"{f'{few.name} beside {many.name}':54}{few.beside(many):9.2f}")


def crowd_title(connections: int) -> None:
    print(f"\n{f'{connections} connections':44}{'a second':>10}{'':9}{'p50 ms':>9}{'p99 ms':>9}")


def crowd(name: str, answers: Answers) -> None:
    figures = f"{answers.per_second:10,.0f}{'':9}{answers.p50:9.1f}{answers.p99:9.1f}"
    print(f"{name:44}{figures}")


def shared(working: Answers, failing: Answers) -> None:
    """How clients that work fare beside as many that fail."""
    print(
        f"\nBehind one address: {working.answers:,} log-ins with right secrets,"
        f" {working.refused + working.lost} of them refused or lost;"
        f" {failing.answers:,} with wrong ones, {failing.refused:,} refused"
    )


def failures(cases: list[Case]) -> int:
    """Says how many answers were wrong or missing; an exit code."""
    for case in cases:
        if case.failures:
            print(f"\n{case.name}: {case.failures} answers were wrong or missing.")
    return 1 if any(case.failures for case in cases) else 0
