"""Which screens has the own account?"""

from playwright.sync_api import Page, expect

from tests.journeys.screens import BRAM, VERA, Scene, seen_by


@seen_by(BRAM)
def account(page: Page, scene: Scene) -> None:
    page.goto("/account/")


@seen_by(VERA)
def account_chosen(page: Page, scene: Scene) -> None:
    page.goto("/account/")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("Your choice is kept.")
