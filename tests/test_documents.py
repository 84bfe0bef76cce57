"""Do the documents name what exists, and is none of what they promise to answer left out?"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.test_architecture import ROOT

ASVS = ROOT / "docs" / "asvs.md"
# The sections of the OWASP ASVS 5.0.0, with the level of each requirement in its order.
LEVELS = """
V1.1 22  V1.2 1111122223  V1.3 112222222223  V1.4 222  V1.5 123
V2.1 122  V2.2 112  V2.3 12223  V2.4 23
V3.1 3  V3.2 113  V3.3 12223  V3.4 11222233  V3.5 11122333  V3.6 3  V3.7 22333
V4.1 12233  V4.2 23333  V4.3 22  V4.4 1222
V5.1 2  V5.2 112333  V5.3 113  V5.4 222
V6.1 122  V6.2 111111112222  V6.3 11223333  V6.4 112233  V6.5 22222333
V6.6 2223  V6.7 33  V6.8 2222
V7.1 222  V7.2 1111  V7.3 22  V7.4 11222  V7.5 223  V7.6 22
V8.1 1233  V8.2 1123  V8.3 133  V8.4 23
V9.1 111  V9.2 1222
V10.1 22  V10.2 223  V10.3 22223  V10.4 1111122222233333  V10.5 22222  V10.6 22  V10.7 222
V11.1 2233  V11.2 22233  V11.3 11233  V11.4 1222  V11.5 23  V11.6 23  V11.7 33
V12.1 12233  V12.2 11  V12.3 22223
V13.1 2333  V13.2 222223  V13.3 2233  V13.4 1222233
V14.1 22  V14.2 12223333  V14.3 122
V15.1 12233  V15.2 12233  V15.3 1222222  V15.4 3333
V16.1 2  V16.2 22222  V16.3 2222  V16.4 222  V16.5 2223
V17.1 23  V17.2 22223333  V17.3 22
"""
ANSWERS = {"met", "not met", "n/a"}
DOCUMENTS = ("docs/asvs.md", "docs/security.md", "SECURITY.md")


class Row(NamedTuple):
    id: str
    level: str
    asks: str
    answer: str
    where: str


def rows() -> list[Row]:
    lines = (line for line in ASVS.read_text().splitlines() if re.match(r"\| V\d", line))
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]


def requirements() -> Iterator[tuple[str, str]]:
    words = LEVELS.split()
    for section, levels in zip(words[::2], words[1::2], strict=True):
        yield from ((f"{section}.{n}", level) for n, level in enumerate(levels, 1))


def test_every_requirement_of_levels_1_and_2_is_answered_once() -> None:
    asked = [(id_, level) for id_, level in requirements() if level != "3"]
    assert Counter(level for _id, level in asked) == {"1": 70, "2": 183}
    assert [(row.id, row.level) for row in rows()] == asked


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_an_answer_is_one_of_three_and_says_why(row: Row) -> None:
    assert row.answer in ANSWERS
    assert row.asks
    if row.answer == "not met":
        assert len(row.where) > 60 or re.search(r"see V\d", row.where)
    elif row.answer == "n/a":
        assert row.where


def test_the_summary_counts_what_is_there() -> None:
    counted = Counter((row.level, row.answer) for row in rows())
    for level in "12":
        met, not_met, none = (counted[level, answer] for answer in ("met", "not met", "n/a"))
        told = f"Level {level}: {met} met, {not_met} not met, {none} n/a"
        assert told in ASVS.read_text()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    files = set(re.findall(r"`([\w.][\w./-]*/[\w./-]+\.\w+)`", text))
    assert files or document == "SECURITY.md"
    assert [name for name in files if not (ROOT / name).exists()] == []
    named = set(re.findall(r"`(test_\w+)`", text))
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name in named if f"def {name}(" not in tests] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_links_of_a_document_lead_somewhere(document: str) -> None:
    place = (ROOT / document).parent
    for target in re.findall(r"\]\(([^)]+)\)", (ROOT / document).read_text()):
        file, _, anchor = target.partition("#")
        if target.startswith("https://"):
            continue
        assert (place / file).exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", (place / file).read_text(), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, target


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
