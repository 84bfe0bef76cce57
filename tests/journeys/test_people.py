"""How does a person come in, and back in?"""

import secrets

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.steps import invite, join_as, mailed_link, open_account, sign_in
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_the_first_administrator_joins_and_reads_what_a_token_is(
    visit: Visit, stack: Stack
) -> None:
    link, page = invite(stack), visit("", java_script_enabled=False)
    page.goto(link)
    expect(page.get_by_role("heading", name="Join Initech")).to_be_visible()
    join_as(page, "Ida Berg")
    expect(page.get_by_role("banner")).to_contain_text("Ida Berg Initech")
    empty = page.locator("#token-list")
    expect(empty).to_contain_text(
        "A token is a username and a secret with which one machine pulls images."
        " Request one for each machine, and describe which machine it is."
    )
    expect(empty.get_by_role("link")).to_have_count(1)
    empty.get_by_role("link", name="Request token").click()
    expect(page.get_by_role("heading", name="Request token")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="This invitation has ended")).to_be_visible()


def test_a_forgotten_password_is_replaced_by_way_of_a_mail(visit: Visit, stack: Stack) -> None:
    email, password = "hugo@globex.example", secrets.token_urlsafe(12)
    page = visit("")
    link = mailed_link(stack, page, email)
    page.goto(link)
    assert link not in page.url
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("New password again").fill(password)
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()
    sign_in(page, email=email, password=password)
    page.context.clear_cookies()
    page.goto(link)
    expect(page.get_by_role("heading", name="This link has ended")).to_be_visible()


def test_a_password_is_changed_by_whoever_knows_it(visit: Visit, stack: Stack) -> None:
    page = visit("")
    sign_in(page, **stack.person("tom@thinkwise.example"))
    open_account(page, "Password")
    old, new = stack.person("tom@thinkwise.example")["password"], secrets.token_urlsafe(12)
    page.get_by_label("Current password").fill(old)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password again").fill(new)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("Your password is changed.")
