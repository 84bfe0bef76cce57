"""Do the pages say what a company may pull, and change it?"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.http import HttpResponse

from tests.client import Client
from tests.factories import Cast
from tests.stack import PostedForm
from tests.views.machine import Machine
from tokens.models import Entitlement, Event

Browser = Callable[..., Client]
ADDRESS = "/companies/acme/entitlements/"
PAST = "Until the end of (optional): Choose a day that is not over yet.</a>"


@pytest.fixture
def vera(cast: Cast, sign_in: Browser) -> Client:
    """An operator."""
    assert cast.acme
    return sign_in(cast.vera)


def text(answer: HttpResponse, *, status: int = 200) -> str:
    assert answer.status_code == status
    return str(answer.content.decode())


def test_what_is_added_can_be_pulled_at_the_next_request(machine: Machine, vera: Client) -> None:
    scope = "repository:acme/app:pull"
    assert machine.ask(scope).access == []
    told = vera.post(ADDRESS, {"pattern": "acme/*"}, follow=True)
    assert "Acme may now pull acme/*." in text(told)
    assert machine.ask(scope).access == [scope]
    vera.post("/companies/acme/ended/acme/*/", {"reason": "Not paid for"})
    assert machine.ask(scope).access == []


def test_it_holds_until_the_end_of_a_day(cast: Cast, vera: Client) -> None:
    vera.post(ADDRESS, {"pattern": "acme/app", "ends_at": "2998-03-31"})
    entitlement = cast.acme.entitlements.get(pattern="acme/app")
    assert entitlement.ends_at == datetime(2998, 3, 31, 22, 0, tzinfo=UTC)
    form = PostedForm.of(text(vera.get(f"{ADDRESS}acme/app/")))
    assert form.fields["ends_at"] == "2998-03-31"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"pattern": ""}, "This field is required."),
        ({"pattern": "*"}, "Write a repository"),
        ({"pattern": "public/*"}, "It is listed already: change until when it holds.</a>"),
        ({"pattern": "acme/*", "ends_at": "2001-01-01"}, PAST),
        ({"pattern": "acme/*", "ends_at": "soon"}, "Write a day such as"),
        ({"pattern": "acme/\x00"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_added_says_why(
    fields: dict[str, str], words: str, cast: Cast, vera: Client
) -> None:
    page = text(vera.post(ADDRESS, fields), status=422)
    assert words in page
    assert "<title>Error:" in page
    assert cast.acme.pulls() == ["public/*"]


def test_only_the_vendors_own_company_is_offered_to_push(cast: Cast, vera: Client) -> None:
    assert "can_push" not in text(vera.get(ADDRESS))
    vera.post(ADDRESS, {"pattern": "acme/*", "can_push": "on"})
    assert cast.acme.pushes() == []
    own = "/companies/thinkwise/entitlements/"
    assert "can_push" in text(vera.get(own))
    vera.post(own, {"pattern": "beta/*", "can_push": "on"})
    assert "beta/*" in cast.vendor.pushes()


class TestChangingTheEnd:
    ADDRESS = f"{ADDRESS}public/*/"

    def test_is_told_to_the_company(self, cast: Cast, vera: Client, sign_in: Browser) -> None:
        fields = {"ends_at": "2998-03-31", "reason": "A trial"}
        told = vera.post(self.ADDRESS, fields, follow=True)
        assert "It is changed until when public/* holds." in text(told)
        audit = text(sign_in(cast.ana).get("/audit/"))
        assert "changed until when <bdi><strong>Acme</strong></bdi> may pull" in audit
        assert "A trial" in audit

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"ends_at": "2998-03-31"}, "Write at least 3 characters."),
            ({"ends_at": "2001-01-01", "reason": "A trial"}, PAST),
        ],
    )
    def test_says_what_is_wrong(self, fields: dict[str, str], words: str, vera: Client) -> None:
        assert words in text(vera.post(self.ADDRESS, fields), status=422)
        assert Entitlement.objects.get(company__slug="acme").ends_at is None

    def test_to_none_lets_what_has_ended_hold_again(self, cast: Cast, vera: Client) -> None:
        vera.post("/companies/acme/ended/public/*/", {"reason": "By mistake"})
        assert ">ended<" in text(vera.get("/companies/acme/"))
        vera.post(self.ADDRESS, {"ends_at": ""})
        assert cast.acme.pulls() == ["public/*"]


def test_an_end_needs_a_reason(vera: Client) -> None:
    address = "/companies/acme/ended/public/*/"
    assert "<title>Error:" in text(vera.post(address, {"reason": ""}), status=422)
    told = text(vera.post(address, {"reason": "Not paid for"}, follow=True))
    assert "public/* can no longer be pulled." in told
    assert Event.objects.filter(action="entitlement.ended").count() == 1


@pytest.mark.parametrize("pattern", ["nothing/*", "public", "%2e%2e", "public/*%00", "%ff"])
@pytest.mark.parametrize("door", ["entitlements", "ended"])
def test_what_the_company_does_not_have_is_not_there(door: str, pattern: str, vera: Client) -> None:
    assert vera.get(f"/companies/acme/{door}/{pattern}/").status_code == 404


def test_a_repository_of_another_host_has_its_page(cast: Cast, vera: Client) -> None:
    pattern = "[::1]:5000/acme/app"
    vera.post(ADDRESS, {"pattern": pattern})
    assert pattern in cast.acme.pulls()
    assert "%5B::1%5D:5000/acme/app/" in text(vera.get("/companies/acme/"))
    assert pattern in text(vera.get(f"{ADDRESS}%5B::1%5D:5000/acme/app/"))
