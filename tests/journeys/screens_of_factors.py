"""Which screens have second factors, and how does a person come there?"""

from uuid import UUID

from playwright.sync_api import Page, expect

from tests.journeys.screens import ANA, BRAM, NOBODY, VERA, Scene, seen_by
from tests.journeys.steps import enter_code, enter_password, in_database, invite, join_as


@seen_by(NOBODY)
def second_factor(page: Page, scene: Scene) -> None:
    enter_password(page, **scene.stack.person(VERA))
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()


@seen_by(NOBODY)
def second_factor_error(page: Page, scene: Scene) -> None:
    enter_password(page, **scene.stack.person(VERA))
    enter_code(page, "no code")
    expect(page.get_by_role("alert")).to_be_focused()


@seen_by(BRAM)
def security(page: Page, scene: Scene) -> None:
    page.goto("/accounts/2fa/")


@seen_by(VERA)
def security_with_an_app_and_codes(page: Page, scene: Scene) -> None:
    _generate_codes(page)
    page.goto("/accounts/2fa/")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


@seen_by(NOBODY)
def security_required(page: Page, scene: Scene) -> None:
    page.goto(invite(scene.stack))
    join_as(page, "Ida Berg")
    page.goto("/account/policy/")
    page.get_by_label("Everybody needs a second factor").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("requires a second factor.")).to_be_visible()


@seen_by(BRAM)
def app(page: Page, scene: Scene) -> None:
    page.goto("/accounts/2fa/totp/activate/")


@seen_by(BRAM)
def app_error(page: Page, scene: Scene) -> None:
    page.goto("/accounts/2fa/totp/activate/")
    page.get_by_label("Authenticator code").fill("no code")
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("alert")).to_be_focused()


@seen_by(VERA)
def app_removing(page: Page, scene: Scene) -> None:
    page.goto("/accounts/2fa/totp/deactivate/")


@seen_by(VERA)
def recovery_codes(page: Page, scene: Scene) -> None:
    _generate_codes(page)


@seen_by(VERA)
def recovery_codes_shown_before(page: Page, scene: Scene) -> None:
    _generate_codes(page)
    page.reload()
    expect(page.get_by_text("are not shown again")).to_be_visible()


@seen_by(VERA)
def recovery_codes_generating(page: Page, scene: Scene) -> None:
    page.goto("/accounts/2fa/recovery-codes/generate/")


@seen_by(BRAM)
def passkey_adding(page: Page, scene: Scene) -> None:
    page.goto("/accounts/2fa/webauthn/add/")


@seen_by(VERA)
def is_it_you_by_code(page: Page, scene: Scene) -> None:
    page.goto("/accounts/2fa/reauthenticate/")


@seen_by(ANA)
def policy(page: Page, scene: Scene) -> None:
    page.goto("/account/policy/")


@seen_by(VERA)
def policy_of_the_vendor(page: Page, scene: Scene) -> None:
    page.goto("/account/policy/")


@seen_by(VERA)
def factor_resetting(page: Page, scene: Scene) -> None:
    found = in_database(
        scene.stack, "SELECT public_id FROM tokens_user WHERE email = ?", "tom@thinkwise.example"
    )
    page.goto(f"/people/{UUID(found[0][0])}/reset-factor/")
    expect(page.get_by_text("Tom Bakker")).to_be_visible()


def _generate_codes(page: Page) -> None:
    page.goto("/accounts/2fa/recovery-codes/generate/")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_text("They are shown only once.")).to_be_visible()
