"""Do mails reach people, and do people choose which?"""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.steps import (
    a_description,
    join_as,
    leave_unsent,
    mail_to,
    open_account,
    request_token,
)
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_revocation_by_a_colleague_reaches_the_requester(visit: Visit, stack: Stack) -> None:
    token = request_token(visit("chloe@acme.example"), a_description())
    stack.sign_in("bram@acme.example").revoke(token.username)
    mail = mail_to(stack, "chloe@acme.example", "A token that you requested was revoked")
    assert f"Username: {token.username}" in mail
    assert "Revoked by: Bram de Wit" in mail


def test_whoever_is_invited_joins_by_way_of_the_mail(visit: Visit, stack: Stack) -> None:
    done = stack.manage("add_company", "umbrella", "Umbrella", "ida@umbrella.example")
    assert done.returncode == 0, done.stderr
    mail = mail_to(stack, "ida@umbrella.example", "You are invited to Thinkwise containers")
    (link,) = re.findall(r"^Join: (http\S+)$", mail, re.MULTILINE)
    page = visit("", java_script_enabled=False)
    page.goto(link)
    join_as(page, "Ida Berg")


def test_mails_are_chosen_without_a_script(visit: Visit) -> None:
    page = visit("dirk@acme.example", java_script_enabled=False)
    page.goto("/tokens/")
    open_account(page, "Mails")
    box = page.get_by_label("When somebody else revokes a token that I requested")
    expect(box).to_be_checked()
    box.uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("Your choice is kept.")
    expect(box).not_to_be_checked()


def test_an_operator_has_a_mail_sent_again(visit: Visit, stack: Stack) -> None:
    leave_unsent(stack, "vera@thinkwise.example")
    page = visit("vera@thinkwise.example", java_script_enabled=False)
    page.goto("/tokens/")
    page.get_by_role("link", name="Mails that wait").click()
    expect(page.get_by_role("row", name="vera@thinkwise.example")).to_contain_text("Given up")
    page.get_by_role("button", name="Try again now").click()
    expect(page.get_by_role("main").get_by_role("status")).to_contain_text("tried again.")
    mail_to(stack, "vera@thinkwise.example", "The signing authority ends soon")
