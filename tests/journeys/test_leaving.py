"""How does somebody come to a company, and leave it without a machine that stops unseen?"""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.steps import (
    a_description,
    invite_by,
    join_as,
    log_in,
    open_person,
    person_address,
    request_token,
)
from tests.stack import ROOT, Stack

pytestmark = pytest.mark.browser

ANA = "ana@acme.example"


def test_who_leaves_hands_one_token_over_and_the_other_ends(visit: Visit, stack: Stack) -> None:
    ana, zoe = visit(ANA, java_script_enabled=False), visit("")
    email, link = invite_by(ana)
    name = f"Zoë {email[4:10]}"
    zoe.goto(link)
    join_as(zoe, name)
    kept, revoked = (request_token(zoe, a_description()) for _ in range(2))

    ana.goto("/people/")
    ana.get_by_role("link", name=f"Deactivate {name}").click()
    expect(ana.get_by_role("heading", name=f"Deactivate {name}")).to_be_visible()
    row = ana.get_by_role("row").filter(has_text=revoked.username)
    row.get_by_role("combobox").select_option("Revoke")
    ana.get_by_role("button", name="Deactivate").click()
    told = ana.get_by_role("main").get_by_role("status")
    expect(told).to_contain_text(f"{name} cannot sign in any more")

    assert log_in(stack, kept).ok
    assert log_in(stack, revoked).status_code == 401
    zoe.goto("/tokens/")
    expect(zoe.get_by_role("heading", name="Sign in")).to_be_visible()
    ana.goto(f"/tokens/{kept.username}/")
    expect(ana.get_by_role("definition").nth(2)).to_contain_text("handed over to Ana Vos")

    dirk = visit("dirk@acme.example")
    dirk.goto("/audit/")
    events = dirk.locator("#event-list li")
    for sentence in (
        f"Ana Vos invited {email}",
        f"{name} joined",
        f"{name} requested",
        f"Ana Vos deactivated {name}",
        rf"handed .* over from {name} to Ana Vos\s+{kept.username}",
        rf"Ana Vos revoked .*\s+{revoked.username}",
    ):
        expect(events.filter(has_text=re.compile(sentence)).first).to_be_visible()
    with dirk.expect_download() as download:
        dirk.get_by_role("link", name="JSON Lines, to be verified").click()
    file = download.value.path()
    assert f'"{revoked.username}"' in file.read_text()
    command = [sys.executable, str(ROOT / "tokens" / "trail.py"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "hold, whole" in done.stdout, done


def test_an_admin_gives_somebody_more_to_do_and_takes_it_back(visit: Visit) -> None:
    ana, zoe = visit(ANA), visit("")
    email, link = invite_by(ana, role="Auditor")
    name = f"Zoë {email[4:10]}"
    zoe.goto(link)
    join_as(zoe, name)
    expect(zoe.get_by_role("link", name="Request token")).to_have_count(0)
    open_person(ana, name)
    ana.get_by_label("Role").select_option("Member")
    ana.get_by_role("button", name="Change the role").click()
    expect(ana.get_by_role("main").get_by_role("status")).to_contain_text("is now: member")
    zoe.reload()
    expect(zoe.get_by_role("link", name="Request token")).to_be_visible()
    ana.get_by_role("link", name="Deactivate").click()
    ana.get_by_role("button", name="Deactivate").click()
    zoe.reload()
    expect(zoe.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_invitation_is_copied_and_withdrawn(visit: Visit) -> None:
    ana, stranger = visit(ANA), visit("")
    email, link = invite_by(ana)
    ana.get_by_role("button", name="Copy").click()
    expect(ana.locator("#status")).to_have_text("Copied")
    ana.get_by_role("link", name="Back to the people").click()
    ana.get_by_role("button", name=f"Withdraw the invitation of {email}").click()
    expect(ana.get_by_role("main").get_by_role("status")).to_contain_text(f"{email} is withdrawn")
    expect(ana.get_by_role("cell", name=email)).to_have_count(0)
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="This invitation has ended")).to_be_visible()


def test_a_member_reads_who_works_here_and_changes_nothing(visit: Visit, stack: Stack) -> None:
    bram = visit("bram@acme.example")
    bram.goto("/tokens/")
    bram.get_by_role("link", name="People").click()
    expect(bram.get_by_role("cell", name="Dirk Smit")).to_be_visible()
    bram.get_by_role("link", name="Dirk Smit").click()
    expect(bram.get_by_role("main").get_by_role("button")).to_have_count(0)
    answer = bram.goto(f"{person_address(stack, 'dirk@acme.example')}deactivate/")
    assert answer
    assert answer.status == 403
