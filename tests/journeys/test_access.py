"""Can everybody use every screen: bright or dark, wide or narrow, by eye, ear or keyboard?"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import translation
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.screens import A_PAGE, EVA, SCREENS, WIDTHS, Scene, Screen, looks_of
from tests.journeys.steps import expect_status, open_editor, row_of
from tests.stack import Session
from tokens.templatetags.words import since

pytestmark = pytest.mark.browser

EVERYTHING = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# The rules that look at how a page is drawn; the others read its elements, whatever the look.
DRAWN = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
FULLY_EXAMINED = {"light-wide", "dark-narrow"}
FAULTS = """options => axe.run(options).then(({violations}) => violations.flatMap(
  ({id, nodes}) => nodes.map(({html}) => `${id}: ${html}`)))"""
# A link within a sentence may be as small as its line (WCAG 2.2, 2.5.8).
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input, select, summary")]
  .filter((target) => target.checkVisibility() && !target.closest("p, li, dd, .skip"))
  .filter((target) => { const box = target.getBoundingClientRect();
    return box.width && (box.width < 24 || box.height < 24); })
  .map((target) => `too small: ${target.outerHTML.slice(0, 120)}`)"""
IS_TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


def faults_of(page: Page, *, look: str) -> list[str]:
    options = EVERYTHING if look in FULLY_EXAMINED else EVERYTHING | {"runOnly": DRAWN}
    faults = page.evaluate(FAULTS, options) + page.evaluate(SMALL_TARGETS)
    if page.evaluate(IS_TOO_WIDE):
        faults.append("the page scrolls sideways")
    return list(faults)


@pytest.mark.parametrize("screen", SCREENS, ids=[screen.name for screen in SCREENS])
def test_a_screen_is_for_everybody(screen: Screen, see: Visit, scene: Scene) -> None:
    page = see(screen.who)
    screen.open(page, scene)
    page.evaluate(Axe().axe_script)
    faults = {look: faults_of(page, look=look) for look in looks_of(page)}
    assert not any(faults.values()), faults
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert page.title().endswith(" · Thinkwise containers") or screen.name == "busy"
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_first_key_leads_to_the_content(visit: Visit, scene: Scene) -> None:
    page = visit()
    page.goto("/tokens/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


# Whether what has the focus can be seen whole, and shows that it has it.
FOCUS = """() => {
  const focused = document.activeElement, box = focused.getBoundingClientRect();
  const x = box.left + box.width / 2;
  const isOnTop = (y) => focused.contains(document.elementFromPoint(x, y));
  return {name: focused.outerHTML.slice(0, 80),
    isSeen: isOnTop(box.top + 2) && isOnTop(box.bottom - 2),
    isMarked: getComputedStyle(focused).outlineStyle !== "none",
    isEnd: focused === document.body};
}"""


@pytest.mark.parametrize("width", WIDTHS.values())
def test_whatever_has_the_focus_is_seen_and_never_under_the_status(
    visit: Visit, scene: Scene, width: int
) -> None:
    page = visit(viewport={"width": width, "height": 480})
    page.goto("/tokens/?q=EU-West")
    open_editor(page, scene.used)
    page.keyboard.press("Enter")
    expect_status(page, "The description is now “Production cluster, node pool EU-West”.")
    expect(row_of(page, scene.used).get_by_role("link", name="Edit")).to_be_focused()
    page.get_by_role("link", name="Skip to the content").focus()
    seen = 0
    while True:
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus["isEnd"] or seen == 60:
            break
        seen += 1
        assert focus["isSeen"], focus
        assert focus["isMarked"], focus
    assert seen > 12


# What somebody would press, by what the eye finds it: its border, its line, or its ground.
UNMARKED = """() => [...document.querySelectorAll(
  "button, a.button, input, select, [aria-current], .status")]
  .filter((element) => element.checkVisibility() && element.type !== "checkbox")
  .filter((element) => { const style = getComputedStyle(element);
    const isDrawn = style.borderStyle !== "none" && style.borderWidth !== "0px";
    return !isDrawn && !style.textDecoration.includes("underline") && style.fontWeight < 600
      && !element.textContent.trim(); })
  .map((element) => element.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("address", ["/tokens/", "/tokens/request/", "/audit/tokens/"])
def test_with_forced_colours_all_that_can_be_pressed_is_still_marked(
    visit: Visit, scene: Scene, address: str
) -> None:
    page = visit(forced_colors="active")
    page.goto(address)
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert page.evaluate(UNMARKED) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)["isMarked"]


def test_nothing_moves_by_itself(visit: Visit, scene: Scene) -> None:
    page = visit()
    for address in ("/tokens/", "/tokens/request/", "/audit/"):
        page.goto(address)
        # Neither animations nor transitions, whether or not somebody asks for less motion.
        assert page.evaluate("document.getAnimations({subtree: true}).length") == 0
        assert not page.evaluate(
            "[...document.querySelectorAll('*')].some((element) =>"
            " getComputedStyle(element).transitionDuration !== '0s')"
        )


TEXT, FIXED_TEXT = 16, 13  # pixels, as browsers come
CUT = """() => [...document.querySelectorAll("main *, header *")]
  .filter((element) => getComputedStyle(element).overflow === "hidden")
  .filter((element) => !element.closest(".visually-hidden, thead"))
  .filter((element) => element.scrollWidth > element.clientWidth + 1)
  .map((element) => element.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("width", [640, 1280])
@pytest.mark.parametrize(
    "address", ["/tokens/", "/tokens/request/", "/instructions/", "/audit/", "/people/"]
)
def test_text_of_twice_the_size_is_neither_cut_nor_beside_the_page(
    visit: Visit, scene: Scene, address: str, width: int
) -> None:
    page = visit(viewport={"width": width, "height": 800})
    # As somebody does in the settings of the browser.
    sizes = {"standard": 2 * TEXT, "fixed": 2 * FIXED_TEXT}
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": sizes})
    page.goto(address)
    assert page.evaluate("getComputedStyle(document.body).fontSize") == f"{2 * TEXT}px"
    assert not page.evaluate(IS_TOO_WIDE)
    cut = page.evaluate(CUT)
    assert cut == []


def test_the_list_is_a_table_with_a_caption_and_a_head_for_every_column(
    visit: Visit, scene: Scene
) -> None:
    page = visit()
    page.goto("/tokens/?q=EU-West")
    assert page.get_by_role("columnheader").all_inner_texts()[:6] == [
        "Description", "Username", "Requested by", "Requested", "Last used", "Status",
    ]  # fmt: skip
    expect(page.get_by_role("table")).to_have_accessible_name(re.compile(r"^\d+ tokens?$"))
    expect(page.get_by_role("navigation", name="Where you are")).to_contain_text(
        re.compile(r"Software\s*Thinkwise containers")
    )


def test_times_are_told_from_now_and_exactly_for_whoever_hovers_or_listens(
    visit: Visit, scene: Scene
) -> None:
    page = visit(viewport={"width": 1280, "height": 800})
    page.goto("/tokens/?q=" + scene.unused.username)
    time = row_of(page, scene.unused).locator("time")
    exact = r"\d+ \w+ \d{4}, \d\d:\d\d CES?T$"
    expect(time).to_have_text(re.compile(rf"^1 month ago, {exact}"))
    expect(time).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT[\d:]{8}\+00:00$"))
    expect(time).to_have_attribute("title", re.compile(f"^{exact}"))


def test_ages_stay_right_while_a_page_stands_open(visit: Visit, requester: Session) -> None:
    page = visit()
    page.clock.install()
    made = requester.request_token("Staging cluster")
    page.goto("/tokens/?q=" + made.username)
    age = row_of(page, made).locator("[data-ago]").first
    expect(age).to_have_text("just now")
    page.clock.fast_forward("05:05")
    page.clock.run_for(31_000)
    expect(age).to_have_text("5 minutes ago")
    page.clock.fast_forward("02:00:00")
    page.clock.run_for(31_000)
    expect(age).to_have_text("2 hours ago")


AGES = [
    timedelta(seconds=61), timedelta(minutes=2), timedelta(minutes=59), timedelta(hours=1),
    timedelta(hours=23), timedelta(days=1), timedelta(days=29), timedelta(days=30),
    timedelta(days=364), timedelta(days=365), timedelta(days=800),
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_script_tells_ages_in_the_words_of_the_server(visit: Visit, language: str) -> None:
    page = visit(locale=language)
    page.clock.install()
    page.goto("/tokens/")
    assert page.locator("html").get_attribute("lang") == language
    times = "".join(
        f'<time datetime="{datetime.now(UTC) - age:%Y-%m-%dT%H:%M:%SZ}"><b data-ago>?</b></time>'
        for age in AGES
    )
    page.locator("main").evaluate("(main, times) => { main.innerHTML = times }", times)
    page.clock.run_for(31_000)
    with translation.override(language):
        assert page.locator("[data-ago]").all_inner_texts() == [since(age) for age in AGES]


def test_a_token_that_nobody_used_for_thirty_days_is_marked_in_words(
    visit: Visit, scene: Scene
) -> None:
    page = visit()
    page.goto("/tokens/?q=" + scene.unused.username)
    expect(row_of(page, scene.unused).get_by_role("cell").nth(5)).to_have_text("Never used")
    page.goto("/tokens/?q=" + scene.used.username)
    expect(row_of(page, scene.used).get_by_role("cell").nth(5)).to_have_text("Live")
    page.get_by_label("Status").select_option("Never used")
    page.get_by_label("Search").fill(scene.unused.username)
    expect_status(page, "1 token found")
    expect(row_of(page, scene.unused)).to_be_visible()


def test_a_page_holds_fifty_newest_first_and_the_filters_stay_on_the_next(
    visit: Visit, scene: Scene
) -> None:
    page = visit(EVA)
    page.goto("/tokens/?q=node")
    shown = page.locator(".description").all_inner_texts()
    assert len(shown) == A_PAGE
    assert shown[0].startswith(f"Node {A_PAGE} ")
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".description")).to_contain_text(re.compile("^\\s*Node 0 "))
    expect(page.get_by_label("Search")).to_have_value("node")
