"""What does every screen look like? ``make pictures`` takes them; ``make test`` does not."""

import shutil
from pathlib import Path

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.screens import SCREENS, Scene, Screen, looks_of
from tests.stack import ROOT

FOLDER = ROOT / "var" / "pictures"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder() -> Path:
    """Empty at first, so that no picture is of a screen that is gone."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    return FOLDER


@pytest.mark.parametrize("screen", SCREENS, ids=[screen.name for screen in SCREENS])
def test_take_pictures(screen: Screen, see: Visit, scene: Scene, folder: Path) -> None:
    page = see(screen.who)
    screen.open(page, scene)
    for look in looks_of(page):
        file = folder / f"{screen.name}-{look}.png"
        # A dialog is shown where it stands; the rest of a page may be long.
        page.screenshot(path=file, full_page=not screen.name.endswith("revoking"))
