"""What does every screen look like? ``make pictures`` takes them; ``make test`` does not."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import Visit
from tests.journeys.screens import SCREENS, Scene, Screen, looks_of
from tests.stack import ROOT

FOLDER = ROOT / "var" / "pictures"

pytestmark = pytest.mark.browser
of_every_screen = pytest.mark.parametrize("screen", SCREENS, ids=[each.name for each in SCREENS])


@pytest.fixture(scope="module")
def folder() -> Path:
    """Empty at first, so that no picture is of a screen that is gone."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    return FOLDER


def take(page: Page, name: str) -> None:
    # A dialog is shown where it stands; the rest of a page may be long.
    page.screenshot(path=FOLDER / f"{name}.png", full_page="revoking-" not in name)


@of_every_screen
def test_take_pictures(screen: Screen, see: Visit, scene: Scene, folder: Path) -> None:
    page = see(screen.who)
    screen.open(page, scene)
    for look in looks_of(page):
        take(page, f"{screen.name}-{look}")


@of_every_screen
def test_take_pictures_in_dutch(
    screen: Screen, see: Visit, scene: Scene, folder: Path, in_dutch: None
) -> None:
    page = see(screen.who, locale="nl-NL")
    screen.open(page, scene)
    for look in looks_of(page, themes=("light",)):
        take(page, f"{screen.name}-nl-{look}")
