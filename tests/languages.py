"""What is there to translate, what became of it, and which words does a page show?"""

import ast
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.utils.safestring import SafeData, mark_safe
from django.utils.translation import _trans, trans_real

from tokens.templatetags import words

FOLDER = Path(settings.LOCALE_PATHS[0]) / "nl" / "LC_MESSAGES"
CATALOGUE, COMPILED = FOLDER / "django.po", FOLDER / "django.mo"
# Of Django and allauth, what is the same in Dutch.
ALIKE = {"Code"}
# What is filled in, and marks.
PLACES = re.compile(r"%(?:\(\w+\))?[sd]|\{\w*\}|</?\w+[^>]*>")
YES_NO = {"yes,no", "yes,no,maybe"}


class Message(NamedTuple):
    """What stands in the code, and in Dutch: each with one form, or with two for one and many."""

    english: tuple[str, ...]
    dutch: tuple[str, ...]
    flags: str


def messages(file: Path = CATALOGUE) -> list[Message]:
    """All of a catalogue but its head, in the form in which ``make messages`` writes it."""
    blocks = file.read_text().strip().split("\n\n")[1:]
    return [_message(block) for block in blocks]


def _message(block: str) -> Message:
    texts: dict[str, str] = {}
    for name, text in re.findall(r'^(?:(msg\S+) )?(".*")$', block, re.MULTILINE):
        key = name or list(texts)[-1]
        texts[key] = texts.get(key, "") + ast.literal_eval(text)
    english = tuple(text for name, text in texts.items() if name.startswith("msgid"))
    dutch = tuple(text for name, text in texts.items() if name.startswith("msgstr"))
    return Message(english, dutch, " ".join(re.findall("^#, (.*)$", block, re.MULTILINE)))


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Dutch in which all that is translated stands in ⟦…⟧, whoever's catalogue it is from.

    What does not was not marked in the code, or is missing in the catalogue.
    """
    alike = {english for each in messages() for english in each.english if english in each.dutch}
    alike |= ALIKE
    for name in ("gettext", "ngettext", "pgettext", "npgettext"):
        monkeypatch.setattr(_trans, name, _marking(getattr(trans_real, name), alike))
    _forget_moments()
    yield
    _forget_moments()


def _forget_moments() -> None:
    """What was written in one language is not what the next test reads."""
    words._written.cache_clear()
    words._around_an_age.cache_clear()


def _marking(translate: Callable[..., str], alike: set[str]) -> Callable[..., str]:
    def marked(*arguments: Any) -> str:
        said = translate(*arguments)
        if not said or (said in arguments and said not in alike):
            return said
        # What is one text with commas in it for Django's yesno are several for people.
        parts = said.split(",") if arguments[0] in YES_NO else [said]
        text = ",".join(f"⟦{part}⟧" for part in parts)
        return mark_safe(text) if isinstance(said, SafeData) else text

    return marked


class _Unmarked(HTMLParser):
    """Gathers what people see or hear outside of all marks; not what is theirs or a machine's."""

    SILENT = {"script", "style", "code", "pre", "bdi"}
    ATTRIBUTES = {"alt", "aria-label", "placeholder", "title", "data-label"}
    ATTRIBUTES |= {"data-copied", "data-selected", "data-failed"}

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent: list[str] = []
        self._depth = 0  # of marks, between which other elements may begin and end

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in self.SILENT:
            self._silent.append(tag)
        for name, value in attributes:
            if name in self.ATTRIBUTES and value and not self._silent:
                self.found.append(_outside(value)[0])

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()

    def handle_data(self, text: str) -> None:
        outside, self._depth = _outside(text, self._depth)
        if not self._silent:
            self.found.append(outside)


def _outside(text: str, depth: int = 0) -> tuple[str, int]:
    """What of a text stands outside of all marks, and how deep in marks it ends."""
    outside = ""
    for character in text:
        depth += {"⟦": 1, "⟧": -1}.get(character, 0)
        outside += "" if depth or character == "⟧" else character
    return outside, depth


def unmarked(answer: HttpResponse) -> list[str]:
    """Every text of a page, or what of it stands outside of all marks, with single spaces."""
    page = _Unmarked()
    page.feed(answer.content.decode())
    page.close()
    return [" ".join(text.split()) for text in page.found]
