"""Which text may people write for others to read?"""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Cc control, Cf format (bidirectional marks, zero-width characters), Cs lone surrogates,
# Co private use, Zl and Zp line and paragraph separators.
REFUSED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def one_line(text: str, *, least: int, most: int) -> str:
    """The text trimmed and normalised (NFC), ``least`` to ``most`` characters long.

    Lengths are checked before normalising, which may be slow on hostile text.

    Raises:
        ValidationError: it is too short, too long, or has a character that cannot be seen.
    """
    text = text.strip()
    _check_length(text, least=least, most=most)
    for character in text:
        if unicodedata.category(character) in REFUSED_CATEGORIES:
            raise ValidationError(
                _("Remove the character %(name)s: it cannot be seen."),
                code="unseen_character",
                params={"name": _name(character)},
            )
    normal = unicodedata.normalize("NFC", text)
    _check_length(normal, least=least, most=most)
    return normal


def reason(text: str, *, is_needed: bool) -> str:
    """Why something is taken away, 3 to 200 characters; none where none is needed.

    Raises:
        ValidationError: it is needed and missing, or cannot be stored.
    """
    return one_line(text, least=3, most=200) if text.strip() or is_needed else ""


def no_formula(cell: str) -> str:
    """The cell of a table as no spreadsheet takes it for a formula (OWASP, *CSV injection*)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\0")) else cell


def _check_length(text: str, *, least: int, most: int) -> None:
    if len(text) < least:
        raise ValidationError(
            _("Write at least %(least)d characters."), code="too_short", params={"least": least}
        )
    if len(text) > most:
        raise ValidationError(
            _("Write at most %(most)d characters; this is %(length)d."),
            code="too_long",
            params={"most": most, "length": len(text)},
        )


def _name(character: str) -> str:
    """Its Unicode name and number, such as ``RIGHT-TO-LEFT OVERRIDE (U+202E)``."""
    name = unicodedata.name(character, "") or _("without a name")
    return f"{name} (U+{ord(character):04X})"
