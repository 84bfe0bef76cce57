"""Can everybody see all of what somebody wrote, and is it stored in one form?"""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tokens.text import one_line

UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")

visible = st.text(st.characters(exclude_categories=UNSEEN), min_size=1, max_size=10)
visible_words = visible.filter(str.strip)


def refusal(text, *, least=3, most=200):
    """The code and the message with which a text is refused."""
    with pytest.raises(ValidationError) as refused:
        one_line(text, least=least, most=most)
    return refused.value.code, " ".join(refused.value.messages)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("pay\u202egpj.exe", "RIGHT-TO-LEFT OVERRIDE (U+202E)", id="override"),
        pytest.param("a\u2066bc", "LEFT-TO-RIGHT ISOLATE (U+2066)", id="isolate"),
        pytest.param("a\u200bbc", "ZERO WIDTH SPACE (U+200B)", id="zero-width space"),
        pytest.param("a\u200dbc", "ZERO WIDTH JOINER (U+200D)", id="zero-width joiner"),
        pytest.param("a\u00adbc", "SOFT HYPHEN (U+00AD)", id="soft hyphen"),
        pytest.param("\ufeffabc", "ZERO WIDTH NO-BREAK SPACE (U+FEFF)", id="byte-order mark"),
        pytest.param("a\nbc", "without a name (U+000A)", id="newline inside"),
        pytest.param("a\tbc", "without a name (U+0009)", id="tab inside"),
        pytest.param("a\0bc", "without a name (U+0000)", id="NUL"),
        pytest.param("a\x1b[31mbc", "without a name (U+001B)", id="terminal escape"),
        pytest.param("a\u2028bc", "LINE SEPARATOR (U+2028)", id="line separator"),
        pytest.param("a\u2029bc", "PARAGRAPH SEPARATOR (U+2029)", id="paragraph separator"),
        pytest.param("a\ud800bc", "without a name (U+D800)", id="lone surrogate"),
        pytest.param("a\ue000bc", "without a name (U+E000)", id="private use"),
        pytest.param("a\U000e0041bc", "TAG LATIN CAPITAL LETTER A (U+E0041)", id="tag"),
    ],
)
def test_a_character_that_cannot_be_seen_is_refused_and_named(text, name):
    assert refusal(text) == ("unseen_character", f"Remove the character {name}: it cannot be seen.")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "{{ 7*7 }}",
        "=cmd|' /C calc'!A0",
        "Zoë's Küche 北京 עברית 🚢",
        "a b",
    ],
)
def test_whatever_can_be_seen_is_kept_as_it_is(text):
    assert one_line(text, least=3, most=200) == text


@pytest.mark.parametrize(
    ("text", "least", "most", "code", "message"),
    [
        ("ab", 3, 200, "too_short", "Write at least 3 characters."),
        ("", 1, 5, "too_short", "Write at least 1 characters."),
        ("  ab  ", 3, 200, "too_short", "Write at least 3 characters."),
        ("a" * 201, 3, 200, "too_long", "Write at most 200 characters; this is 201."),
    ],
)
def test_lengths_are_those_of_the_trimmed_text(text, least, most, code, message):
    assert refusal(text, least=least, most=most) == (code, message)


def test_the_bounds_themselves_are_allowed():
    assert one_line("abc", least=3, most=200) == "abc"
    assert one_line(" " + "a" * 200 + " ", least=3, most=200) == "a" * 200


def test_a_text_is_normalised():
    assert one_line("Ame\u0301lie", least=3, most=200) == "Am\u00e9lie"


def test_a_text_that_normalising_shortens_below_the_least_is_refused():
    assert refusal("ae\u0301")[0] == "too_short"


def test_a_text_that_normalising_lengthens_above_the_most_is_refused():
    # U+FB2C becomes three characters, also in NFC.
    assert refusal("\ufb2c" * 100) == ("too_long", "Write at most 200 characters; this is 300.")


def test_length_is_checked_before_hostile_text_is_looked_at(monkeypatch):
    looked_at = []
    monkeypatch.setattr(unicodedata, "category", lambda character: looked_at.append(character))
    assert refusal("\u0301" * 10_000_000)[0] == "too_long"
    assert not looked_at


@given(st.text(max_size=30), st.integers(0, 5), st.integers(5, 25))
def test_any_text_is_refused_or_stored_in_its_one_form(text, least, most):
    try:
        stored = one_line(text, least=least, most=most)
    except ValidationError:
        return
    assert stored == unicodedata.normalize("NFC", text.strip())
    assert least <= len(stored) <= most
    assert not {unicodedata.category(character) for character in stored} & set(UNSEEN)
    assert one_line(stored, least=least, most=most) == stored


@given(visible_words)
def test_text_that_can_be_seen_is_stored(text):
    assert one_line(text, least=0, most=50)


@given(visible_words, st.characters(categories=UNSEEN), visible_words)
def test_one_character_that_cannot_be_seen_is_enough(before, unseen, after):
    code, message = refusal(f"{before}{unseen}{after}", least=1)
    assert code == "unseen_character"
    assert f"U+{ord(unseen):04X}" in message
