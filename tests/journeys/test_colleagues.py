"""Who sees and does what with a token that somebody else requested?"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.steps import (
    description_of,
    expect_status,
    log_in,
    open_dialog,
    open_editor,
    row_of,
)
from tests.stack import Credential, Session, Stack

pytestmark = pytest.mark.browser


@pytest.fixture
def token(requester: Session) -> Credential:
    """Bram's."""
    return requester.request_token("Production cluster")


def revoke_from_list(page: Page, token: Credential) -> None:
    open_dialog(page, token).get_by_role("button", name="Yes").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(
    ("email", "name"), [("chloe@acme.example", "Chloé Martin"), ("ana@acme.example", "Ana Vos")]
)
def test_a_colleague_revokes_what_another_requested(
    visit: Visit, stack: Stack, token: Credential, email: str, name: str
) -> None:
    colleague = visit(email)
    colleague.goto("/tokens/")
    row = row_of(colleague, token)
    expect(row.get_by_role("cell").nth(2)).to_have_text("Bram de Wit")
    revoke_from_list(colleague, token)
    expect_status(colleague, re.compile("is revoked: machines that use it can no longer log in"))
    assert log_in(stack, token).status_code == 401
    bram = visit("bram@acme.example")
    bram.goto("/tokens/?status=revoked")
    expect(row_of(bram, token)).to_contain_text(f"by {name}")
    bram.goto(f"/tokens/{token.username}/")
    expect(bram.get_by_role("main")).to_contain_text(f"{name} revoked")
    expect(bram.get_by_role("button", name="Revoke token")).to_have_count(0)


def test_of_two_who_revoke_at_once_the_second_reads_who_did_it_and_when(
    visit: Visit, stack: Stack, token: Credential
) -> None:
    chloe, bram = visit("chloe@acme.example"), visit("bram@acme.example")
    for page in (chloe, bram):
        page.goto("/tokens/")
        open_dialog(page, token)
    for page in (chloe, bram):
        page.get_by_role("dialog").get_by_role("button", name="Yes").click()
        expect(row_of(page, token)).to_have_count(0)
    description = re.escape(description_of(stack, token))
    when = r"\d+ \w+ \d{4}, \d\d:\d\d CES?T"
    expect_status(bram, re.compile(f"^Chloé Martin revoked “{description}” on {when} already.$"))
    expect(bram.get_by_role("heading", name="Tokens of Acme")).to_be_focused()


def test_the_second_reads_it_without_script_too(visit: Visit, token: Credential) -> None:
    chloe, bram = visit("chloe@acme.example"), visit("bram@acme.example", java_script_enabled=False)
    for page in (chloe, bram):
        page.goto(f"/tokens/{token.username}/revoke/")
    for page in (chloe, bram):
        page.get_by_role("button", name="Yes").click()
    expect(bram.get_by_role("main").get_by_role("status")).to_contain_text("Chloé Martin revoked")
    bram.goto(f"/tokens/{token.username}/describe/")
    expect(bram.get_by_role("main").get_by_role("status")).to_contain_text("Chloé Martin revoked")


def test_who_describes_a_token_that_is_revoked_meanwhile_reads_who_did_it(
    visit: Visit, token: Credential
) -> None:
    chloe, bram = visit("chloe@acme.example"), visit("bram@acme.example")
    for page in (chloe, bram):
        page.goto("/tokens/")
    open_editor(bram, token)
    row_of(bram, token).get_by_role("textbox").fill("Another description")
    revoke_from_list(chloe, token)
    bram.keyboard.press("Enter")
    expect_status(bram, re.compile("^Chloé Martin revoked"))
    expect(row_of(bram, token)).to_have_count(0)


def test_an_auditor_reads_everything_and_changes_nothing(visit: Visit, token: Credential) -> None:
    dirk = visit("dirk@acme.example")
    dirk.goto("/tokens/")
    row = row_of(dirk, token)
    expect(row).to_contain_text("Bram de Wit")
    dirk.goto("/tokens/?q=" + token.username)
    for name in ("Request token", "Edit", "Revoke"):
        expect(dirk.get_by_role("link", name=name)).to_have_count(0)
    row.get_by_role("link").click()
    expect(dirk.get_by_role("heading", name="What happened")).to_be_visible()
    expect(dirk.get_by_role("main").get_by_role("button")).to_have_count(0)
    for path in ("request", f"{token.username}/describe", f"{token.username}/revoke"):
        answer = dirk.goto(f"/tokens/{path}/")
        assert answer
        assert answer.status == 403
        expect(dirk.get_by_role("heading", name="You may not do this")).to_be_visible()


def test_another_company_sees_nothing_of_it(visit: Visit, stack: Stack, token: Credential) -> None:
    eva = visit("eva@globex.example")
    for path in ("", "describe/", "revoke/"):
        answer = eva.goto(f"/tokens/{token.username}/{path}")
        assert answer
        assert answer.status == 404
        theirs = eva.get_by_role("main").inner_text()
        eva.goto(f"/tokens/acme-aaaaaaaa/{path}")
        assert eva.get_by_role("main").inner_text() == theirs
    for query in ("", f"?q={token.username}", "?status=revoked", "?q=Bram", "?status=live&q=acme"):
        eva.goto(f"/tokens/{query}")
        assert description_of(stack, token) not in eva.content()
        assert "Bram de Wit" not in eva.content()
        assert f"{token.username}/" not in eva.content()


def test_an_operator_revokes_a_token_of_any_company(
    visit: Visit, stack: Stack, token: Credential
) -> None:
    vera = visit("vera@thinkwise.example")
    vera.goto(f"/tokens/{token.username}/")
    expect(vera.get_by_role("definition").get_by_text("Acme", exact=True)).to_be_visible()
    vera.get_by_role("button", name="Revoke token").click()
    vera.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(vera.get_by_role("main").get_by_role("status")).to_contain_text("is revoked")
    assert log_in(stack, token).status_code == 401
