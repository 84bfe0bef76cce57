"""Which screens are there of companies and of revoking several, and how does one get there?"""

import secrets

from playwright.sync_api import Page, expect

from tests.journeys.screens import BRAM, VERA, Scene, seen_by

TOM = "tom@thinkwise.example"


@seen_by(VERA)
def companies(page: Page, scene: Scene) -> None:
    page.goto("/companies/")
    expect(page.get_by_role("columnheader", name="Live tokens")).to_be_attached()


@seen_by(TOM)
def companies_found(page: Page, scene: Scene) -> None:
    _find(page, "node pool")
    expect(page.get_by_role("heading", name="People")).to_be_visible()


@seen_by(VERA)
def companies_leaked_secret(page: Page, scene: Scene) -> None:
    _find(page, f"docker login -u {scene.used.username} -p {scene.used.secret}")
    expect(page.get_by_role("link", name="Revoke")).to_be_visible()


@seen_by(VERA)
def companies_torn_secret(page: Page, scene: Scene) -> None:
    _find(page, scene.used.secret[:-1])
    expect(page.get_by_text("This is no whole secret")).to_be_visible()


@seen_by(VERA)
def companies_exposed_secret(page: Page, scene: Scene) -> None:
    page.goto(f"/companies/?q={scene.used.secret}")
    expect(page.get_by_role("alert")).to_be_visible()


@seen_by(VERA)
def company(page: Page, scene: Scene) -> None:
    page.goto("/companies/acme/")


@seen_by(TOM)
def company_of_an_auditor(page: Page, scene: Scene) -> None:
    page.goto("/companies/acme/?q=EU-West")
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)


@seen_by(VERA)
def company_adding(page: Page, scene: Scene) -> None:
    page.goto("/companies/_add/")


@seen_by(VERA)
def company_adding_error(page: Page, scene: Scene) -> None:
    page.goto("/companies/_add/")
    _add_company(page, slug="acme")
    expect(page.get_by_role("alert")).to_be_visible()


@seen_by(VERA)
def company_added(page: Page, scene: Scene) -> None:
    page.goto("/companies/_add/")
    _add_company(page, slug=f"umbrella-{secrets.token_hex(3)}")
    expect(page.get_by_role("heading", name="Company added")).to_be_visible()


@seen_by(VERA)
def company_suspending(page: Page, scene: Scene) -> None:
    page.goto("/companies/acme/suspend/")


@seen_by(VERA)
def entitlement_adding(page: Page, scene: Scene) -> None:
    page.goto("/companies/thinkwise/entitlements/")


@seen_by(VERA)
def entitlement_changing(page: Page, scene: Scene) -> None:
    page.goto("/companies/acme/entitlements/public/*/")


@seen_by(VERA)
def entitlement_ending(page: Page, scene: Scene) -> None:
    page.goto("/companies/acme/ended/public/*/")


@seen_by(VERA)
def revoke_all_of_a_company(page: Page, scene: Scene) -> None:
    page.goto("/companies/globex/revoke/")


@seen_by(VERA)
def revoke_all_of_a_company_error(page: Page, scene: Scene) -> None:
    page.goto("/companies/globex/revoke/")
    page.get_by_label("The company's name").fill("globex")
    page.get_by_label("Reason").fill("All of them leaked")
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("alert")).to_be_visible()


@seen_by(BRAM)
def revoke_several(page: Page, scene: Scene) -> None:
    page.goto("/audit/tokens/")
    for box in page.get_by_role("checkbox").all()[:3]:
        box.check()
    page.get_by_role("button", name="Revoke the chosen ones").click()
    expect(page.get_by_role("heading", name="Revoke tokens")).to_be_visible()


@seen_by(BRAM)
def inventory_with_choice(page: Page, scene: Scene) -> None:
    page.goto("/audit/tokens/")
    page.get_by_role("checkbox").first.check()


@seen_by(VERA)
def token_suspending(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.used.username}/suspend/")


@seen_by(VERA)
def revoke_with_a_reason_error(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.used.username}/revoke/")
    page.get_by_label("Reason").fill("   a")
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("alert")).to_be_visible()


def _find(page: Page, text: str) -> None:
    page.goto("/companies/")
    page.get_by_label("Search").fill(text)
    page.get_by_role("button", name="Find").click()


def _add_company(page: Page, *, slug: str) -> None:
    page.get_by_label("Name", exact=True).fill("Umbrella")
    page.get_by_label("Short name").fill(slug)
    page.get_by_label("E-mail address").fill(f"uma@{slug}.example")
    page.get_by_role("button", name="Add").click()
