"""Does every page wear the brand, and can it be read in it?"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from portal.colours import BLACK, DARK, LEAST, LIGHT, OURS, WHITE, Colour, Shades
from portal.environment import picture
from tests.client import Client

YELLOW = "#ffd400"
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'
)

pytestmark = pytest.mark.django_db


def colours() -> st.SearchStrategy[Colour]:
    part = st.integers(0, 255)
    return st.builds(Colour, part, part, part)


@given(colours())
def test_any_colour_can_be_read_in_both_themes(colour: Colour) -> None:
    shades = Shades.of(str(colour))
    assert shades.on_light.contrast(LIGHT) >= LEAST
    assert shades.on_dark.contrast(DARK) >= LEAST
    # And what is written on it.
    assert shades.on_light.contrast(WHITE) >= LEAST
    assert shades.on_dark.contrast(BLACK) >= LEAST


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert str(Shades.of(OURS).on_light) == OURS
    assert str(Shades.of(YELLOW).on_dark) == YELLOW
    assert str(Shades.of(YELLOW).on_light) != YELLOW


def test_contrast_is_that_of_the_guidelines() -> None:
    assert WHITE.contrast(BLACK) == pytest.approx(21)
    # The example of WCAG's technique G18: the lightest grey that can be read on white.
    assert Colour.of("#767676").contrast(WHITE) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("text", ["", "teal", "#fff", "#0b5c6", "#0b5c6b;", "0b5c6b"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no colour such as"):
        Shades.of(text)


def test_a_page_loads_the_colour_only_where_one_is_chosen(settings: Settings) -> None:
    browser = Client()
    assert "/brand/" not in browser.get("/accounts/login/").content.decode()
    settings.PORTAL_COLOUR = Shades.of(YELLOW)
    page = browser.get("/accounts/login/").content.decode()
    assert f'href="/brand/style.css?%23{str(settings.PORTAL_COLOUR.on_light)[1:]}"' in page
    sheet = browser.get("/brand/style.css")
    assert sheet.headers["Content-Type"] == "text/css"
    assert sheet.headers["Cache-Control"] == "public, max-age=86400"
    assert f"light-dark({settings.PORTAL_COLOUR.on_light}, {YELLOW})" in sheet.content.decode()


def test_a_page_shows_the_logo_where_there_is_one(settings: Settings, tmp_path: Path) -> None:
    browser = Client()
    assert browser.get("/brand/logo").status_code == 404
    (tmp_path / "logo.svg").write_bytes(SVG)
    settings.PORTAL_LOGO = picture(str(tmp_path / "logo.svg"))
    assert '<img src="/brand/logo" alt="">' in browser.get("/accounts/login/").content.decode()
    answer = browser.get("/brand/logo")
    assert answer.content == SVG
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_picture_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"x" * 65_537)
    with pytest.raises(ValueError, match="more than 64 kB"):
        picture(str(tmp_path / "logo.png"))
    assert picture("") is None
