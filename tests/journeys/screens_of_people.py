"""Which screens are there of people and invitations, and how does one get there?"""

from playwright.sync_api import Page, expect

from tests.journeys.screens import ANA, BRAM, VERA, Scene, seen_by
from tests.journeys.steps import invite_by, open_person, person_address


@seen_by(ANA)
def people(page: Page, scene: Scene) -> None:
    invite_by(page)
    page.goto("/people/")
    expect(page.get_by_role("heading", name="Invited")).to_be_visible()


@seen_by(BRAM)
def people_of_a_member(page: Page, scene: Scene) -> None:
    page.goto("/people/")


@seen_by(BRAM)
def people_deactivated(page: Page, scene: Scene) -> None:
    page.goto("/people/?status=deactivated")


@seen_by(ANA)
def invite_somebody(page: Page, scene: Scene) -> None:
    page.goto("/people/invite/")


@seen_by(ANA)
def invite_error(page: Page, scene: Scene) -> None:
    page.goto("/people/invite/")
    page.get_by_label("E-mail address").fill(BRAM)
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("alert")).to_be_focused()


@seen_by(ANA)
def invited(page: Page, scene: Scene) -> None:
    invite_by(page)


@seen_by(ANA)
def person(page: Page, scene: Scene) -> None:
    open_person(page, "Bram de Wit")


@seen_by(ANA)
def person_error(page: Page, scene: Scene) -> None:
    open_person(page, "Ana Vos")
    page.get_by_label("Role").select_option("Member")
    page.get_by_role("button", name="Change the role").click()
    expect(page.get_by_role("alert")).to_be_focused()


@seen_by(VERA)
def person_of_another_company(page: Page, scene: Scene) -> None:
    page.goto(person_address(scene.stack, BRAM))


@seen_by(ANA)
def deactivate(page: Page, scene: Scene) -> None:
    page.goto(f"{person_address(scene.stack, BRAM)}deactivate/")


@seen_by(ANA)
def deactivate_error(page: Page, scene: Scene) -> None:
    page.goto(f"{person_address(scene.stack, ANA)}deactivate/")
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("alert")).to_be_focused()
