"""Is what nobody sends who means well answered calmly, at every door there is?

The first tests walk all doors of the table in ``test_matrix``; a new door is among them by itself.
"""

import re
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from urllib.parse import quote, quote_from_bytes
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client import Client
from tests.factories import Cast, request_token
from tests.stack import PostedForm
from tests.views import hostile
from tests.views.test_matrix import DOORS, EXPECTED, PUBLIC, Answer, House
from tokens.models import Company, Entitlement, Token, User

Browser = Callable[..., Client]

FORMS = sorted(d for d, method in EXPECTED if method == "POST" and DOORS[d] == "portal.urls")
# It changes nothing, and gives back what was sent: tokens.views.files says why.
TAKEN_FROM_ANYWHERE = {"secret_file"}
WITHIN = 2  # seconds of a processor, for what is answered in a hundredth of one otherwise
EXAMPLES = settings.default.max_examples // 10  # at each door
HUGE = 10_000_000  # bytes
# What nobody asks for in these forms.
GREED = "role=admin&is_vendor=on&is_active=on&can_push=on&company=globex&company_id=1&pattern=x/*"


@pytest.fixture
def house(cast: Cast) -> House:
    return House(cast)


def is_calm(answer: Answer) -> bool:
    return answer.outcome == "in" or int(answer.outcome) < 500


def visitors(door: str) -> st.SearchStrategy[str | None]:
    """Those who get furthest, and a colleague."""
    inside: list[str | None] = ["vera", "ana", "bram"]
    return st.sampled_from([None, "ana"] if door in PUBLIC else inside)


@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=EXAMPLES)
@given(st.data())
def test_no_query_is_an_error_of_the_server(door: str, house: House, data: st.DataObject) -> None:
    person, fields = data.draw(visitors(door)), data.draw(hostile.fields)
    cache.clear()
    assert is_calm(house.knock(door, "GET", person, QUERY_STRING=hostile.written(fields)))


@pytest.mark.parametrize("door", sorted({door for door, method in EXPECTED if method == "POST"}))
@settings(max_examples=EXAMPLES)
@given(st.data())
def test_no_form_is_an_error_of_the_server(door: str, house: House, data: st.DataObject) -> None:
    person, others = data.draw(visitors(door)), data.draw(hostile.fields)
    keeps = data.draw(st.sets(st.integers(0, 3)))

    spoil = partial(hostile.spoilt, others=others, keeps=keeps)
    cache.clear()
    assert is_calm(house.knock(door, "POST", person, spoil=spoil))


@pytest.mark.parametrize("door", FORMS)
@pytest.mark.parametrize("value", [b"a\0b", b"\xff", b"9" * 30, b"\xed\xa0\x80"], ids=repr)
def test_what_few_databases_hold_is_no_error_in_any_field(
    door: str, value: bytes, house: House
) -> None:
    everywhere = dict.fromkeys(hostile.NAMES, value)
    for keeps in (set(), {0, 1, 2, 3}):
        cache.clear()
        spoil = partial(hostile.spoilt, others=everywhere, keeps=keeps)
        query = hostile.written(everywhere)
        assert is_calm(house.knock(door, "POST", "vera", spoil=spoil, QUERY_STRING=query))


@settings(max_examples=2 * settings.default.max_examples)
@given(
    st.sampled_from(sorted(DOORS)), st.sampled_from([None, "vera"]), hostile.headers, st.booleans()
)
def test_no_header_is_an_error_of_the_server(
    house: House, door: str, person: str | None, headers: dict[str, str], is_posted: bool
) -> None:
    cache.clear()
    assert is_calm(house.knock(door, "POST" if is_posted else "GET", person, **headers))


def rights(cast: Cast) -> object:
    """Who is what, and what belongs to whom."""
    people = User.objects.filter(pk__in=[cast.bram.pk, cast.ana.pk, cast.eva.pk, cast.vera.pk])
    return (
        list(people.order_by("pk").values("role", "company", "email", "is_active")),
        list(Company.objects.order_by("pk").values("slug", "name", "is_vendor")),
        list(Entitlement.objects.order_by("pk").values()),
        list(Token.objects.of(cast.globex).values()),
    )


@settings(max_examples=2 * settings.default.max_examples)
@given(st.sampled_from(FORMS), hostile.fields)
def test_whatever_a_member_sends_nobody_may_more_than_before(
    house: House, cast: Cast, door: str, more: hostile.Fields
) -> None:
    request_token(cast.farid)
    _ = cast.vera, cast.ana, cast.eva
    before = rights(cast)

    def spoil(form: str) -> str:
        return f"{form}&{hostile.written(more)}&{GREED}"

    cache.clear()
    house.knock(door, "POST", "bram", spoil=spoil)
    assert rights(cast) == before


@pytest.mark.parametrize("door", [door for door in FORMS if door not in TAKEN_FROM_ANYWHERE])
def test_no_form_of_another_site_is_taken(door: str, cast: Cast) -> None:
    house = House(cast, enforce_csrf_checks=True)
    for person in ("vera", None):
        assert house.knock(door, "POST", person) == ("403", 0)


class TestAFormWithTheTokenAgainstForgery:
    PATH = "/tokens/request/"

    @pytest.fixture
    def bram(self, cast: Cast, sign_in: Browser) -> Client:
        return sign_in(cast.bram, enforce_csrf_checks=True, headers={"Host": "portal.example:8000"})

    @pytest.fixture
    def form(self, bram: Client) -> dict[str, str]:
        page = bram.get(self.PATH).content.decode()
        return PostedForm.of(page).fields | {"description": "Build server"}

    def test_is_taken(self, bram: Client, form: dict[str, str]) -> None:
        assert bram.post(self.PATH, form).status_code == 200

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "null", "http://registry.example", "http://["]
    )
    def test_from_another_site_is_refused(
        self, origin: str, bram: Client, form: dict[str, str]
    ) -> None:
        assert bram.post(self.PATH, form, headers={"Origin": origin}).status_code == 403
        assert not Token.objects.exists()

    def test_of_another_browser_is_refused(
        self, cast: Cast, sign_in: Browser, bram: Client, form: dict[str, str]
    ) -> None:
        eva = sign_in(cast.eva, enforce_csrf_checks=True)
        page = eva.get(self.PATH).content.decode()
        theirs = PostedForm.of(page).fields["csrfmiddlewaretoken"]
        assert bram.post(self.PATH, form | {"csrfmiddlewaretoken": theirs}).status_code == 403
        assert not Token.objects.exists()


class Visit(NamedTuple):
    """A token of Acme, and somebody who may see it."""

    token: Token
    bram: Client


class TestAnAddress:
    @pytest.fixture
    def acme(self, cast: Cast, sign_in: Browser) -> Visit:
        return Visit(request_token(cast.bram).token, sign_in(cast.bram))

    @pytest.mark.parametrize("door", DOORS)
    @settings(max_examples=EXAMPLES)
    @given(value=hostile.texts)
    def test_of_whatever_is_an_error_of_nobody_but_the_asker(
        self, door: str, value: bytes, house: House, cast: Cast, sign_in: Browser
    ) -> None:
        """Each part of it in turn is something else."""
        cache.clear()
        parts = house.address(door).strip("/").split("/")
        vera = sign_in(cast.vera)
        for number in range(len(parts)):
            other = [*parts[:number], quote_from_bytes(value, safe=""), *parts[number + 1 :]]
            answer = vera.generic("GET", "/" + "/".join(other) + "/")
            assert answer.status_code < 500, other

    def test_of_another_companys_token_is_that_of_none(self, cast: Cast, acme: Visit) -> None:
        bram = acme.bram
        foreign = request_token(cast.farid).token.username
        nobodys = "globex-" + "a" * 8
        pages = [bram.get(f"/tokens/{name}/") for name in (foreign, nobodys)]
        assert [page.status_code for page in pages] == [404, 404]
        first, second = (without_token(page) for page in pages)
        assert first == second

    @pytest.mark.parametrize(
        "spelling",
        [
            "{upper}",
            "{name}%00",
            "%00{name}",
            "{name}%20",
            "{name}%0a",
            "{name}.json",
            "{name};a=b",
            "{name}%2f",
            "{name}/..%2f{name}",
            "..%2ftokens%2f{name}",
            "%EF%BD%81{rest}",
            "{person}",
            "{key}",
            "acme",
        ],
    )
    def test_of_a_token_has_one_spelling(self, spelling: str, acme: Visit) -> None:
        token, bram = acme
        name = token.username
        path = spelling.format(
            name=name,
            upper=name.upper(),
            rest=name[1:],
            person=token.requested_by.public_id,
            key=token.pk,
        )
        assert bram.get(f"/tokens/{name}/").status_code == 200
        assert bram.generic("GET", f"/tokens/{path}/").status_code == 404

    def test_in_percents_is_the_same_address(self, acme: Visit) -> None:
        token, bram = acme
        spelt = "".join(f"%{ord(letter):02x}" for letter in token.username)
        assert bram.generic("GET", f"/tokens/{spelt}/").status_code == 200

    def test_of_another_kind_of_thing_is_nothing(self, cast: Cast, sign_in: Browser) -> None:
        ana, token = sign_in(cast.ana), request_token(cast.bram).token
        for path in (f"people/{uuid4()}", f"people/{cast.eva.public_id}", f"tokens/{uuid4()}"):
            assert ana.get(f"/{path}/").status_code == 404
        assert ana.get(f"/people/{token.username}/").status_code == 404


def without_token(page: HttpResponse) -> str:
    """The page without what is another at each request."""
    return re.sub('name="csrfmiddlewaretoken" value="[^"]+"', "", page.content.decode())


class TestWhatIsHuge:
    """Ten million bytes of one field, at forms of the screens, the sign-in and a search."""

    DOORS = ("request_token", "describe_token", "invite", "companies", "account_login", "join")

    @pytest.mark.parametrize("door", DOORS)
    @pytest.mark.parametrize("letter", ["x", "%CC%81", "%E2%80%AE", "%00"])
    def test_is_refused_at_once(self, door: str, letter: str, house: House) -> None:
        times = HUGE // len(letter)
        begun = time.process_time()
        answer = house.knock(door, "POST", "vera", spoil=lambda form: f"{form}&a={letter * times}")
        assert answer == ("400", 0)
        assert time.process_time() - begun < WITHIN

    @pytest.mark.parametrize("door", DOORS)
    def test_below_the_limit_of_a_form_is_answered_soon(self, door: str, house: House) -> None:
        field = {"request_token": "description", "companies": "q", "account_login": "password"}
        long = f"{field.get(door, 'reason')}=" + quote("e\u0301") * 250_000
        begun = time.process_time()
        assert is_calm(house.knock(door, "POST", "vera", spoil=lambda form: f"{form}&{long}"))
        assert time.process_time() - begun < WITHIN

    def test_as_a_file_is_not_even_read(self, cast: Cast) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
        answer = Client().generic(
            "POST",
            "/accounts/login/",
            head + b"0" * 1_000_000 + b"\r\n--x--\r\n",
            content_type="multipart/form-data; boundary=x",
        )
        assert answer.status_code == 400
        assert "This request makes no sense here" in answer.content.decode()
