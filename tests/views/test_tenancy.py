"""Does anything of one company show to another, on whichever page or in whichever file?"""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.client import Client
from tests.factories import Cast, request_token
from tokens.actions import entitlements, people, reviews
from tokens.actions import tokens as deeds
from tokens.catalog import Listing, Tag
from tokens.models import CONSOLE, Pull, Refusal, Token, Use, User
from tokens.models.accounts import Role
from tokens.models.pulls import noted_pulls
from tokens.models.refusals import Attempt, noted_refusals
from tokens.models.standing import Reason
from tokens.models.uses import Place, noted_uses
from tokens.registry.notifications import Pulled

Browser = Callable[..., Client]

# What Globex alone has, in whatever it has.
MARKS = ("globex", "Globex", "Eva Klein", "Farid Haddad", "198.51.100.9", "Aardvark")
PAGES = (
    "/tokens/",
    "/tokens/?status=revoked",
    "/tokens/?q=Aardvark",
    "/tokens/?q=globex",
    "/tokens/request/",
    "/tokens/{token}/",
    "/tokens/{token}/describe/",
    "/tokens/{token}/revoke/",
    "/images/",
    "/instructions/",
    "/audit/",
    "/audit/?since=2001-01-01",
    "/audit/events.csv",
    "/audit/events.jsonl",
    "/audit/tokens/",
    "/audit/tokens.csv",
    "/people/",
    "/people/?status=deactivated",
    "/people/{person}/",
    "/people/{person}/deactivate/",
    "/people/{former}/tokens/",
    "/people/invite/",
    "/account/policy/",
    "/account/mails/",
)
PAGES_OF_THE_VENDOR = (
    "/companies/acme/",
    "/companies/acme/suspend/",
    "/companies/acme/revoke/",
    "/companies/acme/people/{person}/revoke/",
    "/companies/acme/entitlements/",
    "/companies/acme/entitlements/public/*/",
    "/tokens/{token}/",
    "/people/{person}/deactivate/",
)


def furnish(first: User, second: User, *, words: str, address: str, repository: str) -> None:
    """Gives a company, by its administrator and a member, one of everything that can be shown."""
    token = request_token(second, f"{words} cluster").token
    deeds.revoke(request_token(second, f"{words} laptop").token, by=first, reason=f"{words} loss")
    entitlements.add(first.company, pattern=f"{repository}/*", by=CONSOLE)
    leaving = people.invite(
        f"left@{first.company.slug}.example", company=first.company, role=Role.MEMBER, by=first
    )
    former = people.join(leaving, name=f"{words} former", password="seventeen herons by the lock")
    request_token(former, f"{words} build server")
    people.deactivate(former, by=first)
    invited = f"invited@{first.company.slug}.example"
    people.invite(invited, company=first.company, role=Role.MEMBER, by=first)
    reviews.review(by=first)
    now = timezone.now()
    Use.record(Place(token.pk, address, words), at=now)
    Pull.record(Pulled(words, token.username, f"{repository}/app", words), at=now)
    Refusal.record(Attempt(token.pk, Reason.NOT_ENTITLED, address, f"{repository}/other"), at=now)
    for notes in (noted_uses, noted_pulls, noted_refusals):
        notes.write_everything()


@pytest.fixture
def two_companies(cast: Cast) -> Cast:
    """Acme, and then Globex, which has something newer of each kind; the registry has both's."""
    furnish(cast.ana, cast.bram, words="Badger", address="203.0.113.7", repository="ours")
    furnish(cast.eva, cast.farid, words="Aardvark", address="198.51.100.9", repository="globex")
    images = {"ours/app": [Tag("1", None)], "globex/app": [Tag("1", None)]}
    cache.set("catalog:listing", Listing(timezone.now(), images))
    return cast


def place(path: str, cast: Cast) -> str:
    former = User.objects.get(email="left@acme.example")
    return path.format(
        token=Token.objects.get(description="Badger cluster").username,
        person=cast.bram.public_id,
        former=former.public_id,
    )


def shown(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return str(answer.getvalue().decode())


@pytest.mark.parametrize("path", PAGES)
def test_nothing_of_another_company_is_on(path: str, two_companies: Cast, sign_in: Browser) -> None:
    cast = two_companies
    told = shown(sign_in(cast.ana), place(path, cast))
    for written in ('value="globex"', 'value="Aardvark"'):  # what was searched for
        told = told.replace(written, "")
    assert [mark for mark in MARKS if mark in told] == []


@pytest.mark.parametrize("path", PAGES_OF_THE_VENDOR)
def test_nothing_of_another_company_is_on_the_vendors(
    path: str, two_companies: Cast, sign_in: Browser
) -> None:
    cast = two_companies
    told = shown(sign_in(cast.vera), place(path, cast))
    assert "Badger" in told or "Acme" in told
    assert [mark for mark in MARKS if mark in told] == []


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("ana", "/tokens/"),
        ("ana", "/audit/tokens/"),
        ("ana", "/people/{person}/"),
        ("vera", "/companies/acme/"),
    ],
)
def test_no_list_begins_at_a_token_of_another_company(
    who: str, path: str, two_companies: Cast, sign_in: Browser
) -> None:
    cast = two_companies
    theirs = Token.objects.get(description="Aardvark cluster")
    # As if it had been requested before everything else.
    Token.objects.filter(pk=theirs.pk).update(requested_at=theirs.requested_at.replace(year=2001))
    address = place(path, cast)
    browser = sign_in(getattr(cast, who))
    ours = Token.objects.get(description="Badger cluster").get_absolute_url()
    assert f'href="{ours}"' in shown(browser, f"{address}?before={theirs.username}")


def test_what_is_counted_is_of_the_company_alone(two_companies: Cast, sign_in: Browser) -> None:
    page = shown(sign_in(two_companies.vera), "/companies/acme/")
    assert "<bdi>Acme</bdi></h1>" in "".join(page.split())
    assert '<svg role="img" aria-label="1 in 30 days, most on' in page
    assert '<td data-label="Times">1</td>' in page
    rows = shown(sign_in(two_companies.dirk), "/audit/tokens.csv").splitlines()
    counted = {row.split(",")[1]: row.split(",")[10:12] for row in rows}
    assert counted["Badger cluster"] == ["1", "1"]
    assert counted["Badger build server"] == ["0", "0"]
