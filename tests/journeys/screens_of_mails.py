"""Which screens are there about mails?"""

from playwright.sync_api import Page, expect

from tests.journeys.screens import ANA, BRAM, TOM, VERA, Scene, seen_by
from tests.journeys.steps import forget_mails, leave_unsent


@seen_by(BRAM)
def mails(page: Page, scene: Scene) -> None:
    page.goto("/account/mails/")


@seen_by(ANA)
def mails_of_an_admin_chosen(page: Page, scene: Scene) -> None:
    page.goto("/account/mails/")
    page.get_by_label("When a colleague requests a token").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("Your choice is kept.")


@seen_by(VERA)
def mails_that_wait(page: Page, scene: Scene) -> None:
    leave_unsent(scene.stack, VERA)
    page.goto("/messages/")
    expect(page.get_by_role("button", name="Try again now")).to_be_visible()


@seen_by(TOM)
def mails_all_sent(page: Page, scene: Scene) -> None:
    forget_mails(scene.stack)
    page.goto("/messages/")
    expect(page.get_by_role("heading", name="No mail waits")).to_be_visible()
