"""In which shades of its colour can a brand be read?"""

import re
from typing import NamedTuple, Self

LEAST = 4.5  # times as bright: WCAG 2.2, 1.4.3
OURS = "#0b5c6b"


class Colour(NamedTuple):
    """Red, green and blue, from 0 to 255."""

    red: int
    green: int
    blue: int

    @classmethod
    def of(cls, text: str) -> Self:
        """The colour ``#0b5c6b``; ValueError for what is written otherwise."""
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
            raise ValueError(f"{text!r} is no colour such as {OURS}")
        return cls(*bytes.fromhex(text.removeprefix("#")))

    def __str__(self) -> str:
        return f"#{bytes(self).hex()}"

    @property
    def luminance(self) -> float:
        """From 0 to 1, as WCAG 2.2 defines relative luminance."""
        red, green, blue = (_linear(part / 255) for part in self)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(self, other: "Colour") -> float:
        """From 1 to 21, as WCAG 2.2 defines the contrast ratio."""
        darker, brighter = sorted((self.luminance, other.luminance))
        return (brighter + 0.05) / (darker + 0.05)

    def mixed(self, other: "Colour", percent: int) -> "Colour":
        pairs = zip(self, other, strict=True)
        return Colour(*(round(mine + (theirs - mine) * percent / 100) for mine, theirs in pairs))

    def legible(self, *, on: "Colour", towards: "Colour") -> "Colour":
        """The nearest mix with another colour in which text can be read on a ground."""
        mixes = (self.mixed(towards, percent) for percent in range(101))
        return next(mix for mix in mixes if mix.contrast(on) >= LEAST)


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


WHITE, BLACK = Colour(255, 255, 255), Colour(0, 0, 0)
# The darkest ground of the light theme and the brightest of the dark one, as in static/portal.css.
LIGHT, DARK = Colour.of("#edf1f3"), Colour.of("#1c2226")


class Shades(NamedTuple):
    """A brand's colour, as dark and as bright as it must be on a light and on a dark ground."""

    on_light: Colour
    on_dark: Colour

    @classmethod
    def of(cls, text: str) -> Self:
        colour = Colour.of(text)
        return cls(colour.legible(on=LIGHT, towards=BLACK), colour.legible(on=DARK, towards=WHITE))

    @property
    def is_ours(self) -> bool:
        """Whether it is the one that the style sheet has anyway."""
        return self == Shades.of(OURS)
