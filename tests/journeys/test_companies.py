"""Does the vendor find who uses a leaked secret, end it, and tell the company why?"""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.steps import a_description, description_of, log_in, row_of, wait_for_use
from tests.stack import Credential, Session, Stack

pytestmark = pytest.mark.browser

REASON = "Found in a public repository"


@pytest.fixture
def leaked(stack: Stack, requester: Session) -> Credential:
    """Bram's, in use."""
    token = requester.request_token("Production cluster")
    assert log_in(stack, token).ok
    wait_for_use(stack, token)
    return token


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_a_leaked_secret_is_pasted_its_use_seen_and_its_token_revoked_with_a_reason(
    visit: Visit, stack: Stack, leaked: Credential, has_script: bool
) -> None:
    vera = visit("vera@thinkwise.example", java_script_enabled=has_script)
    vera.goto("/tokens/")
    vera.get_by_role("link", name="Companies").click()
    vera.get_by_label("Search").fill(f"docker login -u x -p {leaked.secret} registry.example.com")
    vera.get_by_role("button", name="Find").click()
    found = vera.get_by_role("region", name="Whose secret this is")
    for words in ("Acme", leaked.username, "Bram de Wit", "127.0.0.1", "with docker", "Live"):
        expect(found).to_contain_text(words)
    assert leaked.secret not in vera.content()
    assert leaked.secret not in vera.url
    found.get_by_role("link", name="Revoke").click()
    vera.get_by_label("Reason").fill(REASON)
    vera.get_by_role("button", name="Yes").click()
    expect(vera.get_by_role("main").get_by_role("status").first).to_contain_text("is revoked")
    expect(vera.get_by_role("heading", name="Acme", level=1)).to_be_visible()
    assert log_in(stack, leaked).status_code == 401

    ana = visit("ana@acme.example", java_script_enabled=has_script)
    ana.goto("/tokens/?status=revoked")
    expect(row_of(ana, leaked)).to_contain_text(re.compile(f"by Vera Visser, .*: {REASON}"))
    ana.goto(f"/audit/?token={leaked.username}")
    told = f"Vera Visser revoked {description_of(stack, leaked)}: {REASON}"
    expect(ana.locator("#event-list li").first).to_contain_text(told)


def test_in_a_dialog_a_reason_that_is_too_short_is_asked_for_again(
    visit: Visit, stack: Stack, leaked: Credential
) -> None:
    bram = visit("bram@acme.example")
    bram.goto(f"/tokens/?q={leaked.username}")
    row_of(bram, leaked).get_by_role("link", name="Revoke").click()
    dialog = bram.get_by_role("dialog", name="Revoke token")
    dialog.get_by_label("Reason").fill("\u202eNo")
    dialog.get_by_role("button", name="Yes").click()
    expect(dialog.get_by_role("alert")).to_be_focused()
    expect(dialog).to_contain_text("RIGHT-TO-LEFT OVERRIDE")
    assert log_in(stack, leaked).ok
    dialog.get_by_label("Reason").fill("It was lost")
    dialog.get_by_role("button", name="Yes").click()
    expect(row_of(bram, leaked)).to_have_count(0)
    assert log_in(stack, leaked).status_code == 401


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_several_are_ticked_in_the_inventory_and_revoked_after_one_question(
    visit: Visit, stack: Stack, requester: Session, has_script: bool
) -> None:
    tokens = [requester.request_token(a_description()) for _ in range(2)]
    chloe = visit("chloe@acme.example", java_script_enabled=has_script)
    chloe.goto("/audit/tokens/")
    for token in tokens:
        chloe.get_by_role("checkbox", name=f"Choose {description_of(stack, token)}").check()
    chloe.get_by_role("button", name="Revoke the chosen ones").click()
    expect(chloe.get_by_role("heading", name="Revoke tokens")).to_be_visible()
    assert all(log_in(stack, token).ok for token in tokens)
    chloe.get_by_label("Reason").fill("The machines are gone")
    chloe.get_by_role("button", name="Revoke 2 tokens").click()
    status = chloe.get_by_role("main").get_by_role("status").first
    expect(status).to_contain_text("2 tokens are revoked")
    assert {log_in(stack, token).status_code for token in tokens} == {401}


def test_an_operator_adds_a_company_and_its_first_administrator_joins(visit: Visit) -> None:
    vera, stranger = visit("vera@thinkwise.example"), visit("")
    vera.goto("/companies/")
    vera.get_by_role("link", name="Add company").click()
    vera.get_by_label("Name", exact=True).fill("Hooli")
    vera.get_by_label("Short name").fill("hooli")
    vera.get_by_label("E-mail address").fill("gavin@hooli.example")
    vera.get_by_role("button", name="Add").click()
    stranger.goto(vera.locator("#block-invitation").inner_text())
    expect(stranger.get_by_role("heading", name="Join Hooli")).to_be_visible()
    vera.get_by_role("link", name="To the company").click()
    expect(vera.get_by_role("main")).to_contain_text("Nobody has joined yet.")
