"""Does every screen fit and read in Dutch, whose words are longer?"""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.screens import SCREENS, Scene, Screen, looks_of
from tests.journeys.test_access import IS_TOO_WIDE, SMALL_TARGETS
from tests.languages import PLACES, messages

pytestmark = pytest.mark.browser

# What people read, a text of an element at a time; not what they or machines have written.
TEXTS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), texts = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!element.closest("script, style, code, pre, bdi")) texts.push(node.textContent.trim());
  }
  return texts;
}"""


@pytest.fixture(scope="module")
def english() -> set[str]:
    """The texts that are others in Dutch."""
    pairs = [pair for each in messages() for pair in zip(each.english, each.dutch, strict=True)]
    return {one for one, other in pairs if one != other and not PLACES.search(one)}


def faults_of(page: Page) -> list[str]:
    faults = list(page.evaluate(SMALL_TARGETS))
    return [*faults, "the page scrolls sideways"] if page.evaluate(IS_TOO_WIDE) else faults


@pytest.mark.parametrize("screen", SCREENS, ids=[screen.name for screen in SCREENS])
def test_a_screen_is_dutch_for_whoever_reads_dutch(
    screen: Screen, see: Visit, scene: Scene, english: set[str], in_dutch: None
) -> None:
    page = see(screen.who, locale="nl-NL")
    screen.open(page, scene)
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    assert not english & set(page.evaluate(TEXTS))
    faults = {look: faults_of(page) for look in looks_of(page, themes=("light",))}
    assert not any(faults.values()), faults
