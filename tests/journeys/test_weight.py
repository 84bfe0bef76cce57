"""Is a page light, and does it stay where it is while it is used?"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.journeys.conftest import Visit
from tests.journeys.screens import EVA, Scene
from tests.journeys.steps import expect_status, open_dialog, open_editor, sign_in
from tests.stack import ROOT, Stack

pytestmark = pytest.mark.browser

FIRST_LOAD = 60_000  # bytes over the wire, headers included
STYLE, SCRIPT = 12 * 1024, 3 * 1024  # bytes
# What moved although nobody touched the page (https://web.dev/articles/cls).
WATCH = """window.shifts = [];
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => shifts.push(
    {value: entry.value, hadRecentInput: entry.hadRecentInput,
     moved: entry.sources.map(({node}) => node?.outerHTML?.slice(0, 80))})))
  .observe({type: "layout-shift", buffered: true})"""
ROWS = """() => [...document.querySelectorAll("#token-list tbody tr")].map((row) =>
  [row.id, row.getBoundingClientRect().top + scrollY, row.getBoundingClientRect().height])"""


def test_style_and_script_keep_their_measure() -> None:
    assert (ROOT / "static/portal.css").stat().st_size <= STYLE
    assert (ROOT / "static/portal.js").stat().st_size <= SCRIPT
    assert [file.name for file in Path(ROOT / "static").glob("*.js")] == ["portal.js"]


@contextmanager
def counting(page: Page) -> Iterator[list[int]]:
    """The bytes of each answer, as they come over the wire."""
    sizes: list[int] = []

    def note(answer: Response) -> None:
        measured = answer.request.sizes()
        sizes.append(measured["responseBodySize"] + measured["responseHeadersSize"])

    page.on("response", note)
    yield sizes
    page.wait_for_load_state("networkidle")
    page.remove_listener("response", note)


@pytest.mark.parametrize("address", ["/tokens/?q=node", "/tokens/request/", "/instructions/"])
def test_a_first_load_is_light(chromium: Browser, stack: Stack, scene: Scene, address: str) -> None:
    window = chromium.new_context(base_url=stack.portal)
    page = window.new_page()
    sign_in(page, **stack.person(EVA))
    # Nothing is in the cache any more.
    devtools = window.new_cdp_session(page)
    devtools.send("Network.clearBrowserCache")
    with counting(page) as sizes:
        page.goto(address)
    window.close()
    # The page, its style and two scripts, at least.
    assert len(sizes) >= 4
    assert sum(sizes) <= FIRST_LOAD


@pytest.fixture
def watched(visit: Visit, scene: Scene) -> Page:
    page = visit(EVA, viewport={"width": 1280, "height": 800})
    page.add_init_script(WATCH)
    page.goto("/tokens/?q=node")
    return page


def shifts(page: Page) -> list[object]:
    return list(page.evaluate("shifts"))


@pytest.mark.parametrize(
    "address",
    ["/tokens/", "/tokens/request/", "/instructions/", "/audit/", "/audit/tokens/", "/people/"],
)
def test_nothing_moves_while_a_page_loads(watched: Page, address: str) -> None:
    watched.goto(address)
    watched.wait_for_load_state("networkidle")
    assert shifts(watched) == []


def test_no_row_moves_while_one_is_edited_or_asked_about(visit: Visit, scene: Scene) -> None:
    page = visit(viewport={"width": 1280, "height": 800})
    page.goto("/tokens/?q=pool+EU")
    before = page.evaluate(ROWS)
    assert len(before) > 1
    open_dialog(page, scene.used)
    page.keyboard.press("Escape")
    assert page.evaluate(ROWS) == before
    open_editor(page, scene.used)
    page.keyboard.press("Escape")
    expect(page.locator("tr.editing")).to_have_count(0)
    assert page.evaluate(ROWS) == before


def test_a_search_moves_nothing_but_the_rows(watched: Page) -> None:
    field = watched.get_by_label("Search")
    before = field.bounding_box()
    head = watched.locator("#token-list table").bounding_box()
    field.fill("node 4")
    expect_status(watched, re.compile(r"^\d+ tokens? found$"))
    assert field.bounding_box() == before
    after = watched.locator("#token-list table").bounding_box()
    assert head is not None
    assert after is not None
    assert (after["x"], after["y"], after["width"]) == (head["x"], head["y"], head["width"])
