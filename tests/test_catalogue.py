"""Is everything in Dutch? Nothing is left out, guessed, garbled or forgotten to compile."""

import gettext
import re
import shutil
import subprocess
import sys
from collections import Counter
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.languages import CATALOGUE, COMPILED, PLACES, Message, messages

ROOT = Path(__file__).resolve().parent.parent
WITHIN = 120  # seconds


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    """What ``make messages`` finds in the code and the templates."""
    if not shutil.which("xgettext"):
        pytest.skip("gettext: its programs are not installed")
    folder = tmp_path_factory.mktemp("checkout")
    for part in ("portal", "tokens", "templates", "locale"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("*.mo"))
    for file in ("manage.py", "Makefile"):
        shutil.copy(ROOT / file, folder)
    # With this run's Python, whatever environment make would make.
    python = f"BIN={Path(sys.executable).parent}"
    done = subprocess.run(
        ["make", python, "--old-file=.venv/dev", "messages"],
        cwd=folder,
        timeout=WITHIN,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return messages(folder / CATALOGUE.relative_to(ROOT))


def test_every_text_of_the_code_is_in_the_catalogue_and_no_other(extracted: list[Message]) -> None:
    assert {m.english for m in messages()} == {m.english for m in extracted}, "make messages"


def test_every_text_is_translated() -> None:
    assert not [m.english for m in messages() if not all(text.strip() for text in m.dutch)]


def test_no_translation_is_a_guess() -> None:
    assert not [m.english for m in messages() if "fuzzy" in m.flags]


def test_a_text_for_one_and_for_many_is_two_in_dutch() -> None:
    assert not [m.english for m in messages() if len(m.english) != len(m.dutch)]


def places(text: str) -> Counter[str]:
    return Counter(PLACES.findall(text))


def test_what_is_filled_in_and_marked_up_is_so_in_dutch() -> None:
    for message in messages():
        for english, dutch in zip_longest(message.english, message.dutch):
            assert places(dutch) == places(english), dutch


def test_texts_begin_and_end_as_they_do_in_english() -> None:
    for message in messages():
        for english, dutch in zip_longest(message.english, message.dutch):
            ends = [re.search(r"[.:,?!…]?$", text)[0] for text in (english, dutch)]
            assert ends[0] == ends[1], dutch


def test_what_is_compiled_is_the_catalogue() -> None:
    with COMPILED.open("rb") as file:
        compiled = dict(gettext.GNUTranslations(file)._catalog)
    expected = {"": compiled[""]}
    for message in messages():
        for number, dutch in enumerate(message.dutch):
            key = message.english[0]
            expected[(key, number) if len(message.dutch) > 1 else key] = dutch
    assert compiled == expected, "make messages"
