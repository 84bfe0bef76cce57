"""Does a token's page show where it was used, what it pulled and what it was refused?"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.client import Client
from tests.factories import Cast, request_token
from tests.views.machine import Machine
from tokens import grants
from tokens.models import KEPT, Pull, Use
from tokens.registry.notifications import Pulled

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/tokens/request/"}
PULL = "repository:public/universal:pull"


@pytest.fixture
def shown(cast: Cast, machine: Machine, sign_in: Callable[..., Client]) -> Callable[..., str]:
    """The page of the machine's token, or a live part of it, as a colleague sees it."""
    browser = sign_in(cast.chloe)

    def show(part: str = "", **headers: str) -> str:
        for notes in KEPT:
            notes.write_everything()
        address = machine.token.get_absolute_url() + part
        return browser.get(address, headers=headers).content.decode()

    return show


def test_a_token_that_was_never_used_says_so(shown) -> None:
    assert "No machine has logged in with this token yet" in shown()
    assert "Nothing was pulled with this token yet" in shown()


def test_where_it_was_used_is_shown(machine, shown) -> None:
    machine.ask(PULL, REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT="docker/28.0.1 go/1.23")
    page = shown()
    assert "203.0.113.7" in page
    assert "docker" in page


def test_what_was_pulled_is_shown(machine, shown) -> None:
    pulled = Pulled("1", machine.username, "public/universal", "latest")
    Pull.record(pulled, at=timezone.now())
    page = shown()
    assert "public/universal" in page
    assert "Nothing was pulled" not in page


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ({"revoked_at": timezone.now()}, "Revoked"),
        ({"suspended_at": timezone.now()}, "Suspended"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "Expired"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_attempts_of_a_dead_token_are_shown_with_the_reason(machine, shown, spoil, reason) -> None:
    machine.change(**spoil)
    assert machine.ask(PULL, REMOTE_ADDR="203.0.113.9").status == 401
    page = shown()
    assert "What was refused" in page
    assert f">{reason}</td>" in page
    assert "203.0.113.9" in page


def test_attempts_while_the_company_is_inactive_are_shown(machine, cast, shown) -> None:
    type(cast.acme).objects.filter(pk=cast.acme.pk).update(is_active=False)
    assert machine.ask(PULL).status == 401
    type(cast.acme).objects.filter(pk=cast.acme.pk).update(is_active=True)
    assert "access is suspended" in shown()


def test_a_wrong_secret_is_shown(machine, cast, shown) -> None:
    Machine(machine.token, request_token(cast.bram).secret).ask()
    assert ">Wrong secret</td>" in shown()


def test_a_mistyped_secret_is_not(machine, shown) -> None:
    Machine(machine.token, machine.secret.swapcase()).ask()
    assert "What was refused" not in shown()


def test_what_was_asked_for_and_not_given_is_shown_by_name(machine, shown) -> None:
    assert machine.ask(PULL, "repository:internal/builder:pull").status == 200
    assert "Not among the images that it may pull: <code>internal/builder</code>" in shown()


def test_the_live_part_is_the_very_one_of_the_page(machine, shown) -> None:
    machine.ask(PULL, REMOTE_ADDR="203.0.113.7")
    part = shown("activity/", **HTMX).strip()
    assert part.startswith('<div id="token-activity"')
    assert "<html" not in part
    assert "".join(part.split()) in "".join(shown().split())


class TestTheFirstLogIn:
    """Beside a new secret, and on the page of a token that was never used, a line waits for it."""

    WAITING = "Waiting for the first log-in"

    def test_is_waited_for_on_the_page_of_the_token(self, machine, shown) -> None:
        assert self.WAITING in shown()
        machine.ask(PULL)
        assert self.WAITING not in shown()

    def test_is_told_with_time_address_and_client(self, machine, shown) -> None:
        line = shown("first-log-in/", **HTMX)
        assert self.WAITING in line
        assert 'hx-trigger="every' in line
        machine.ask(PULL, REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT="docker/28.0.1 go/1.23")
        line = shown("first-log-in/", **HTMX)
        assert re.search(
            r"Logged in at <time[^>]*>\d\d:\d\d</time> from 203.0.113.7 with docker", line
        )
        # It has seen what it waited for, and says it aloud.
        assert "hx-trigger" not in line
        assert 'id="status"' in line

    def test_is_told_with_its_day_on_any_other(self, machine, shown) -> None:
        machine.ask(PULL)
        shown()
        Use.objects.update(last_at=datetime(2026, 5, 4, 8, 0, tzinfo=UTC))
        assert "4 May 2026, 10:00 CEST</time> from" in shown("first-log-in/")

    def test_has_a_page_where_no_script_runs(self, machine, shown) -> None:
        page = shown("first-log-in/")
        assert "<h1>The first log-in</h1>" in page
        assert "Check now" in page

    @pytest.mark.parametrize("end", ["revoked_at", "suspended_at", "expires_at"])
    def test_is_not_waited_for_where_it_cannot_come(self, machine, shown, end) -> None:
        machine.change(**{end: timezone.now() - timedelta(hours=1)})
        assert self.WAITING not in shown()

    @pytest.mark.parametrize("part", ["activity/", "first-log-in/"])
    def test_is_followed_until_the_session_ends(self, machine, part) -> None:
        answer = Client().get(machine.token.get_absolute_url() + part, headers=HTMX)
        # Another page in the place of a secret would be worse.
        assert "HX-Redirect" not in answer.headers
        assert "Your session has ended" in answer.content.decode()
        assert "hx-trigger" not in answer.content.decode()


class TestTheOperatorsBanner:
    """An authority that ends soon is announced to the operators, on every page."""

    SAYS = "The signing authority ends in"

    @pytest.fixture
    def ends_in(self, monkeypatch):
        def end(days):
            left = timedelta(days=days, hours=1)
            soon = left if left < grants.ANNOUNCED_BEFORE else None
            monkeypatch.setattr(grants, "authority_ends_soon", lambda now: soon)

        return end

    def test_it_says_in_how_many_days(self, cast, sign_in, ends_in) -> None:
        ends_in(12)
        assert f"{self.SAYS} 12 days" in sign_in(cast.vera).get("/tokens/").content.decode()

    def test_until_then_it_says_nothing(self, cast, sign_in, ends_in) -> None:
        ends_in(31)
        assert self.SAYS not in sign_in(cast.vera).get("/tokens/").content.decode()

    @pytest.mark.parametrize("who", ["bram", "ana", "tom", "max"])
    def test_others_do_not_read_it(self, who, cast, sign_in, ends_in) -> None:
        ends_in(1)
        assert self.SAYS not in sign_in(getattr(cast, who)).get("/tokens/").content.decode()
