"""What does the first person of a company see, before there is anything?"""

from playwright.sync_api import Page, expect

from tests.journeys.screens import NOBODY, Scene, seen_by
from tests.journeys.steps import invite, join_as, request_token


@seen_by(NOBODY)
def list_empty(page: Page, scene: Scene) -> None:
    page.goto(invite(scene.stack))
    join_as(page, "Ida Berg")
    expect(page.get_by_role("heading", name="No tokens yet")).to_be_visible()


@seen_by(NOBODY)
def list_with_the_first_token(page: Page, scene: Scene) -> None:
    page.goto(invite(scene.stack))
    join_as(page, "Ida Berg")
    request_token(page, "Build server")
    page.get_by_role("link", name="I have stored it").click()
    page.goto("/tokens/")
    expect(page.get_by_role("main")).to_contain_text("Next, put it on its machine")


@seen_by(NOBODY)
def people_with_one_person(page: Page, scene: Scene) -> None:
    page.goto(invite(scene.stack))
    join_as(page, "Ida Berg")
    page.goto("/people/")
    expect(page.get_by_role("link", name="Invite a colleague")).to_be_visible()
