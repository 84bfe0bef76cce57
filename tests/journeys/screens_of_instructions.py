"""Which screens are there about how to log in?"""

from playwright.sync_api import Page, expect

from tests.journeys.screens import BRAM, Scene, seen_by


@seen_by(BRAM)
def instructions(page: Page, scene: Scene) -> None:
    page.goto("/instructions/")


@seen_by(BRAM)
def instructions_opened(page: Page, scene: Scene) -> None:
    """All of them at once, though a person opens one after the other."""
    page.goto("/instructions/")
    clients = page.locator("details")
    clients.evaluate_all("all => all.forEach((one) => { one.name = ''; one.open = true })")
    expect(page.locator("#podman")).to_be_visible()
