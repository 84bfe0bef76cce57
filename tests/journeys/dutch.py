"""How does somebody who reads Dutch find what the steps of the journeys name in English?

The words that Playwright looks for are translated by the catalogue on their way: whole texts, texts
with something filled in, and parts of a text, for which the longest part of the Dutch text stands.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from django.utils import translation
from django.utils.text import capfirst
from playwright.sync_api import Locator, LocatorAssertions, Page

from tests.languages import PLACES, messages

Words = str | re.Pattern[str]

# Playwright's functions whose first argument is what people read.
BY_WORDS = {
    Page: ("get_by_label", "get_by_text"),
    Locator: ("get_by_label", "get_by_text", "select_option"),
    LocatorAssertions: ("to_have_text", "to_contain_text", "to_have_accessible_name"),
}


@pytest.fixture
def in_dutch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same steps lead through pages in Dutch."""
    for kind, names in BY_WORDS.items():
        for name in names:
            monkeypatch.setattr(kind, name, _by_words(getattr(kind, name)))
    for kind in (Page, Locator):
        monkeypatch.setattr(kind, "get_by_role", _by_role(kind.get_by_role))


def _by_words(find: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, words, **options: find(self, dutch(words), **options)


def _by_role(find: Callable[..., Any]) -> Callable[..., Any]:
    def found(self: Page | Locator, role: str, *, name: Words | None = None, **options: Any) -> Any:
        return find(self, role, name=None if name is None else dutch(name), **options)

    return found


@cache
def dutch(words: Words) -> Words:
    """What stands in the Dutch page; the same where it is no text of ours, such as a name."""
    if isinstance(words, re.Pattern):
        part = _part(words)
        return re.compile(re.escape(part)) if part else words
    ways = (_whole, _filled_in, _two, lambda words: _part(re.compile(re.escape(words))))
    return next((said for way in ways if (said := way(words))), words)


def _whole(words: str) -> str:
    """Django's and allauth's texts too; and one that is shown with a capital."""
    with translation.override("nl"):
        for english, shown in ((words, str), (words[:1].lower() + words[1:], capfirst)):
            said = translation.gettext(english)
            if said != english:
                return str(shown(said))
    return ""


def _filled_in(words: str) -> str:
    for english, said in _texts():
        pattern = "(.+)".join(map(re.escape, PLACES.split(english)))
        if PLACES.search(english) and (found := re.fullmatch(pattern, words)):
            return _with(said, dict(zip(PLACES.findall(english), found.groups(), strict=True)))
    return ""


def _with(said: str, values: dict[str, str]) -> str:
    return PLACES.sub(lambda place: values[place[0]], said)


def _two(words: str) -> str:
    """Two texts beside each other, such as that of a button and what only listeners hear of it."""
    spaces = [place for place, character in enumerate(words) if character == " "]
    pairs = ((_whole(words[:space]), _whole(words[space + 1 :])) for space in spaces)
    return next((" ".join(pair) for pair in pairs if all(pair)), "")


def _part(words: re.Pattern[str]) -> str:
    """The longest part of a Dutch text without what is filled in, where a part is looked for."""
    for english, said in _texts():
        if words.search(english) and words.pattern != english:
            return max(PLACES.split(said), key=len).strip()
    return ""


@cache
def _texts() -> list[tuple[str, str]]:
    """Every text with its Dutch; those that say most come first."""
    pairs = [
        pair for message in messages() for pair in zip(message.english, message.dutch, strict=True)
    ]
    return sorted(pairs, key=lambda pair: len(PLACES.sub("", pair[0])), reverse=True)
