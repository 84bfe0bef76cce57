"""Do the pages of one token show, request, describe and revoke as people expect?"""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils.html import escape

from tests.client import Client
from tests.factories import Cast, request_token
from tests.facts import everything, places_of
from tests.markup import id_of, root_of, text_of, without_forgery_tokens
from tests.stack import PostedForm
from tokens.actions import tokens as deeds
from tokens.models import CONSOLE, Event, Token, User

Browser = Callable[..., Client]
HTMX = {"HX-Request": "true"}
FORM = "application/x-www-form-urlencoded"

# Shown as they are: markup, template syntax, formulas, other scripts.
ODD_BUT_FINE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</bdi></td></tr></table>",
    "{{ request.user.email }}{% csrf_token %}",
    "=HYPERLINK(1)",
    "%s %(person)s {actor} {0}",
    "javascript:alert(1)",
    "שרת הייצור, السيرفر",
    "'; DROP TABLE tokens_token; --",
    "\ufffd\ufffd\ufffd",
]


@pytest.fixture
def bram(cast: Cast, sign_in: Browser) -> Client:
    return sign_in(cast.bram)


def post_as_served(browser: Client, address: str, **changed: Any) -> HttpResponse:
    """Posts the form of a page as it was served, with these fields changed; no button is named."""
    form = PostedForm.of(browser.get(address).content.decode())
    answer: HttpResponse = browser.post(form.action or address, form.fields | changed)
    return answer


def log_in(username: str, secret: str) -> int:
    """The status with which the realm answers a machine."""
    pair = base64.b64encode(f"{username}:{secret}".encode()).decode()
    return Client().get("/auth/token", headers={"Authorization": f"Basic {pair}"}).status_code


def test_the_form_is_posted_as_served_with_a_description_and_nothing_else(
    cast: Cast, sign_in: Browser
) -> None:
    browser = sign_in(cast.bram, enforce_csrf_checks=True)
    answer = post_as_served(browser, "/tokens/request/", description="Build server")
    token = Token.objects.get()
    assert answer.status_code == 200
    assert (token.description, token.requested_by) == ("Build server", cast.bram)
    assert text_of("token-username", answer) == token.username


def test_the_secret_that_is_shown_logs_in(bram: Client) -> None:
    answer = post_as_served(bram, "/tokens/request/", description="Build server")
    credential = text_of("token-username", answer), text_of("token-secret", answer)
    assert log_in(*credential) == 200


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["a page", "a fragment"])
def test_the_answer_with_the_secret_is_stored_and_told_nowhere(
    headers: dict[str, str], bram: Client
) -> None:
    form = PostedForm.of(bram.get("/tokens/request/").content.decode())
    fields = form.fields | {"description": "Build server"}
    answer = bram.post("/tokens/request/", fields, headers=headers)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert places_of(text_of("token-secret", answer)) == []


def test_the_secret_is_in_no_other_answer(bram: Client) -> None:
    fields = PostedForm.of(bram.get("/tokens/request/").content.decode()).fields
    fields["description"] = "Build server"
    answer = bram.post("/tokens/request/", fields)
    username, secret = text_of("token-username", answer), text_of("token-secret", answer)
    later = [
        bram.post("/tokens/request/", fields),
        *(
            bram.get(address, headers=headers)
            for headers in ({}, HTMX)
            for address in (
                "/tokens/",
                "/tokens/request/",
                f"/tokens/{username}/",
                f"/tokens/{username}/describe/",
                f"/tokens/{username}/revoke/",
                "/instructions/",
            )
        ),
        bram.post(f"/tokens/{username}/describe/", {"description": "Test machine"}),
        bram.post(f"/tokens/{username}/revoke/", follow=True),
    ]
    for one in later:
        assert secret not in one.content.decode()
        assert secret not in str(one.headers)


def test_the_form_that_is_posted_twice_makes_one_token(bram: Client) -> None:
    fields = PostedForm.of(bram.get("/tokens/request/").content.decode()).fields
    first = bram.post("/tokens/request/", fields | {"description": "Build server"})
    before = everything()
    second = bram.post("/tokens/request/", fields | {"description": "Another thing"})
    token = Token.objects.get()
    assert everything()["tokens.Event"] == before["tokens.Event"]
    assert text_of("token-secret", first) not in second.content.decode()
    page = second.content.decode()
    assert "already requested at" in page
    assert token.username in page
    assert f'href="/tokens/{token.username}/revoke/"' in page
    assert 'href="/tokens/request/"' in page


def test_fields_that_the_form_does_not_have_change_nothing(cast: Cast, bram: Client) -> None:
    extra = {
        "company": str(cast.globex.pk),
        "username": "globex-aaaaaaaa",
        "requested_by": str(cast.farid.pk),
        "requested_at": "2001-01-01",
        "revoked_at": "2026-01-01",
        "revoked_by": str(cast.farid.pk),
        "can_push": "on",
        "expires_at": "2001-01-01",
        "secret": "mine",
        "role": "admin",
        "is_vendor": "on",
    }
    people = list(User.objects.order_by("pk").values("role", "company"))
    post_as_served(bram, "/tokens/request/", description="Build server", **extra)
    token = Token.objects.get()
    assert token.company == cast.acme
    assert token.requested_by == cast.bram
    assert token.username.startswith("acme-")
    assert (token.can_push, token.revoked_at, token.expires_at) == (False, None, None)
    facts = Token.objects.values().get()
    post_as_served(bram, f"/tokens/{token.username}/describe/", description="Laptop", **extra)
    assert Token.objects.values().get() == facts | {"description": "Laptop"}
    assert list(User.objects.order_by("pk").values("role", "company")) == people


@pytest.mark.parametrize("description", ODD_BUT_FINE)
def test_an_odd_description_is_only_text_wherever_it_is_shown(
    description: str, bram: Client
) -> None:
    shown = f"<bdi>{escape(description)}</bdi>"
    answer = post_as_served(bram, "/tokens/request/", description=description)
    token = Token.objects.get()
    assert token.description == description
    assert shown in answer.content.decode()
    for address in ("/tokens/", f"/tokens/{token.username}/", f"/tokens/{token.username}/revoke/"):
        page = bram.get(address).content.decode()
        assert shown in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert f'value="{escape(description)}"' in (
        bram.get(f"/tokens/{token.username}/describe/").content.decode()
    )


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("", "This field is required."),
        ("ab", "Write at least 3 characters."),
        ("  ab  ", "Write at least 3 characters."),
        ("x" * 201, "Write at most 200 characters; this is 201."),
        ("x" * 1_000_000, "Write at most 200 characters; this is 1000000."),
        ("Build\u202eserver", "Remove the character RIGHT-TO-LEFT OVERRIDE (U+202E)"),
        ("Build\u200dserver", "Remove the character ZERO WIDTH JOINER (U+200D)"),
        ("Build\x07server", "Remove the character without a name (U+0007)"),
        ("Build\nserver", "Remove the character without a name (U+000A)"),
        ("Build\x00server", "Null characters are not allowed."),
    ],
    ids=range(10),
)
def test_a_description_that_is_refused_says_why_and_keeps_what_was_written(
    description: str, reason: str, cast: Cast, bram: Client
) -> None:
    token = request_token(cast.bram).token
    before = everything()
    for address in ("/tokens/request/", f"/tokens/{token.username}/describe/"):
        answer = post_as_served(bram, address, description=description)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert reason in page
        assert "<title>Error:" in page
        assert f'value="{escape(description)}"' in page
        assert 'aria-invalid="true"' in page
    for model in ("tokens.Token", "tokens.Event"):
        assert everything()[model] == before[model]


@pytest.mark.parametrize("description", ["abc", "x" * 200])
def test_3_and_200_characters_are_enough(description: str, bram: Client) -> None:
    assert post_as_served(bram, "/tokens/request/", description=description).status_code == 200
    assert Token.objects.get().description == description


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"description=" + b"x" * 10_000_000, 400),
        (b"a=1&" * 1001, 400),
        (b"description=Build%FFserver&nonce=" + b"n" * 16, 200),
        (b"description=%ED%A0%80lone&nonce=" + b"n" * 16, 200),
        (b"description=Build&nonce=short", 422),
        (b"\xff\xfe\x00&&&===%%%", 422),
        (b"", 422),
    ],
    ids=[
        "10 MB",
        "too many fields",
        "bad UTF-8",
        "a lone surrogate",
        "no nonce",
        "junk",
        "nothing",
    ],
)
def test_a_body_that_no_form_sends_is_answered_calmly(
    body: bytes, status: int, bram: Client
) -> None:
    answer = bram.post("/tokens/request/", body, content_type=FORM)
    assert answer.status_code == status
    assert "<h1" in answer.content.decode()
    assert Token.objects.count() == (1 if status == 200 else 0)


def test_a_form_from_elsewhere_is_refused(cast: Cast, sign_in: Browser) -> None:
    browser = sign_in(cast.bram, enforce_csrf_checks=True)
    fields = PostedForm.of(browser.get("/tokens/request/").content.decode()).fields
    fields["description"] = "Build server"
    without = fields | {"csrfmiddlewaretoken": ""}
    from_elsewhere = {"Origin": "https://evil.example"}
    another = sign_in(cast.bram, enforce_csrf_checks=True)
    form_of_another = PostedForm.of(another.get("/tokens/request/").content.decode()).fields
    stolen = fields | {"csrfmiddlewaretoken": form_of_another["csrfmiddlewaretoken"]}
    for answer in (
        browser.post("/tokens/request/", without),
        browser.post("/tokens/request/", fields, headers=from_elsewhere),
        browser.post("/tokens/request/", stolen),
    ):
        assert answer.status_code == 403
        assert "This form was too old" in answer.content.decode()
    assert Token.objects.count() == 0


def test_a_description_is_changed_by_the_form_as_served(cast: Cast, bram: Client) -> None:
    token = request_token(cast.ana, "Build server").token
    answer = post_as_served(bram, f"/tokens/{token.username}/describe/", description="Laptop")
    assert answer.headers["Location"] == token.get_absolute_url()
    assert Token.objects.get().description == "Laptop"
    assert "The description is now “Laptop”." in bram.get("/tokens/").content.decode()


def test_a_token_is_revoked_by_the_form_as_served(cast: Cast, bram: Client) -> None:
    token, secret = request_token(cast.ana, "Build server")
    assert log_in(token.username, secret) == 200
    answer = post_as_served(bram, f"/tokens/{token.username}/revoke/")
    assert answer.headers["Location"] == "/tokens/"
    assert Token.objects.get().revoked_by == cast.bram
    assert log_in(token.username, secret) == 401
    assert "“Build server” is revoked" in bram.get("/tokens/").content.decode()


def test_looking_changes_nothing(cast: Cast, bram: Client) -> None:
    token = request_token(cast.ana).token
    bram.get("/tokens/")
    before = everything()
    for door in ("", "describe/", "revoke/"):
        for headers in ({}, HTMX):
            query = {"description": "Laptop", "confirm": "yes"}
            for send in (bram.get, bram.head):
                answer = send(f"/tokens/{token.username}/{door}", query, headers=headers)
                assert answer.status_code == 200
    assert everything() == before


@pytest.mark.parametrize("door", ["describe", "revoke"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["a page", "a fragment"])
def test_whoever_comes_too_late_reads_who_revoked_it_and_when(
    door: str, headers: dict[str, str], cast: Cast, bram: Client
) -> None:
    token = request_token(cast.ana, "Build server").token
    deeds.revoke(token, by=cast.chloe)
    events = Event.objects.count()
    for post in (False, True):
        send = bram.post if post else bram.get
        address = f"/tokens/{token.username}/{door}/"
        answer = send(address, {"description": "Laptop"}, headers=headers, follow=True)
        assert "Chloé Martin revoked “Build server” on " in answer.content.decode()
    assert Event.objects.count() == events


def test_what_the_console_revoked_was_revoked_by_the_vendor(cast: Cast, bram: Client) -> None:
    token = deeds.revoke(request_token(cast.ana).token, by=CONSOLE)
    answer = bram.post(f"/tokens/{token.username}/revoke/", follow=True)
    assert "The vendor revoked" in answer.content.decode()


@pytest.mark.parametrize("door", ["", "describe/", "revoke/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_token_of_another_company_is_not_told_from_one_that_does_not_exist(
    door: str, method: str, cast: Cast, sign_in: Browser
) -> None:
    theirs = request_token(cast.farid).token
    before = everything()["tokens.Token"]
    for person in (cast.bram, cast.dirk, cast.ana, cast.max):
        browser = sign_in(person)
        send = getattr(browser, method)
        answers = [
            send(f"/tokens/{username}/{door}", {"description": "Mine now"})
            for username in (theirs.username, "globex-aaaaaaaa", "acme-aaaaaaaa")
        ]
        if method == "post" and not door:
            assert {answer.status_code for answer in answers} == {405}
            continue
        assert {answer.status_code for answer in answers} == {404}
        assert len({without_forgery_tokens(answer) for answer in answers}) == 1
    assert everything()["tokens.Token"] == before


@pytest.mark.parametrize(
    "change",
    [str.upper, lambda name: name + "%00", lambda name: name[:-1], lambda name: name + "%20"],
)
def test_a_username_is_itself_and_nothing_like_it(
    change: Callable[[str], str], cast: Cast, bram: Client
) -> None:
    token = request_token(cast.bram).token
    for name in (change(token.username), str(token.pk), "%2e%2e", "a" * 10_000):
        assert bram.get(f"/tokens/{name}/").status_code == 404


@pytest.mark.parametrize("door", ["describe/", "revoke/"])
def test_an_auditor_reads_and_is_refused_what_changes(
    door: str, cast: Cast, sign_in: Browser
) -> None:
    token = request_token(cast.bram).token
    before = everything()["tokens.Token"]
    for person in (cast.dirk, cast.tom):
        browser = sign_in(person)
        assert browser.get(token.get_absolute_url()).status_code == 200
        for send in (browser.get, browser.post):
            answer = send(f"/tokens/{token.username}/{door}", {"description": "Laptop"})
            assert answer.status_code == 403
            assert "You may not do this" in answer.content.decode()
    assert everything()["tokens.Token"] == before


def test_an_auditor_sees_no_button_that_changes(cast: Cast, sign_in: Browser) -> None:
    token = request_token(cast.bram).token
    for address in ("/tokens/", token.get_absolute_url()):
        page = sign_in(cast.dirk).get(address).content.decode()
        assert token.username in page
        for door in ("/describe/", "/revoke/", "/tokens/request/"):
            assert door not in page
        assert "/revoke/" in sign_in(cast.bram).get(address).content.decode()


def test_an_operator_sees_whose_token_it_is(cast: Cast, sign_in: Browser) -> None:
    token = request_token(cast.bram).token
    company = '<dd><a href="/companies/acme/">Acme</a></dd>'
    assert company in sign_in(cast.vera).get(token.get_absolute_url()).content.decode()
    assert company not in sign_in(cast.ana).get(token.get_absolute_url()).content.decode()


def test_a_token_shows_what_happened_to_it(cast: Cast, bram: Client) -> None:
    token = request_token(cast.ana, "Build server").token
    deeds.describe(token, by=cast.chloe, description="Laptop")
    page = bram.get(token.get_absolute_url()).content.decode()
    name = "<bdi><strong>{}</strong></bdi>".format
    assert f"{name('Ana Vos')} requested {name('Build server')}" in page
    assert f"{name('Chloé Martin')} changed the description to {name('Laptop')}" in page
    assert text_of("token-username", bram.get(token.get_absolute_url())) == token.username


def test_the_question_says_what_will_happen(cast: Cast, bram: Client) -> None:
    token = request_token(cast.ana).token
    page = bram.get(f"/tokens/{token.username}/revoke/").content.decode()
    assert "Never used since it was requested" in page
    assert "Within 2 minutes the registry refuses everything" in page


def test_a_description_in_use_is_a_warning_and_no_refusal(cast: Cast, bram: Client) -> None:
    twin = request_token(cast.ana, "Build server").token
    answer = post_as_served(bram, "/tokens/request/", description="Build server")
    assert answer.status_code == 200
    assert Token.objects.count() == 2
    assert f'href="{twin.get_absolute_url()}"' in answer.content.decode()


def test_a_description_of_another_company_is_nothing_to_warn_of(cast: Cast, bram: Client) -> None:
    theirs = request_token(cast.farid, "Build server").token
    answer = post_as_served(bram, "/tokens/request/", description="Build server")
    assert theirs.username not in answer.text
    assert "has the same description" not in answer.text


@pytest.mark.parametrize(
    ("address", "post", "root"),
    [
        ("/tokens/", False, "token-list"),
        ("/tokens/request/", False, "request-token"),
        ("/tokens/request/", True, "request-token"),
        ("/tokens/{}/", False, "token-{}"),
        ("/tokens/{}/describe/", False, "token-{}"),
        ("/tokens/{}/describe/", True, "token-{}"),
        ("/tokens/{}/revoke/", False, "revoke-{}"),
        ("/tokens/{}/revoke/", True, "token-list"),
    ],
)
def test_htmx_gets_a_fragment_with_one_root_that_has_an_id(
    address: str, post: bool, root: str, cast: Cast, bram: Client
) -> None:
    username = request_token(cast.ana).token.username
    headers = HTMX | {"HX-Target": f"token-{username}"}
    form = {"description": "Laptop", "nonce": "n" * 16}
    send = bram.post if post else bram.get
    answer = send(address.format(username), form if post else {}, headers=headers)
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert id_of(root_of(answer)) == root.format(username)


@pytest.mark.parametrize("address", ["/tokens/", "/tokens/request/"])
def test_a_page_includes_the_fragment_that_htmx_gets(
    address: str, cast: Cast, bram: Client
) -> None:
    request_token(cast.ana)
    root = id_of(root_of(bram.get(address, headers=HTMX)))
    assert f'id="{root}"' in bram.get(address).content.decode()


def test_a_fragment_that_is_refused_is_the_form_again(cast: Cast, bram: Client) -> None:
    username = request_token(cast.ana).token.username
    for address in ("/tokens/request/", f"/tokens/{username}/describe/"):
        answer = bram.post(address, {"description": "a", "nonce": "n" * 16}, headers=HTMX)
        assert answer.status_code == 422
        assert "Write at least 3 characters." in answer.content.decode()
        assert id_of(root_of(answer)) in {"request-token", f"token-{username}"}


class TestATokenThatMayPush:
    """Only where the company has an entitlement to push: the vendor's own pipeline."""

    def test_is_offered_with_where_it_may_push_to(self, cast: Cast, sign_in: Browser) -> None:
        page = sign_in(cast.vera).get("/tokens/request/").content.decode()
        assert 'name="can_push"' in page
        assert "<code>internal/*</code>" in page

    def test_is_offered_to_nobody_else(self, bram: Client) -> None:
        assert "can_push" not in bram.get("/tokens/request/").content.decode()

    @pytest.mark.parametrize(
        ("who", "fields", "can_push"),
        [
            ("vera", {"can_push": "on"}, True),
            ("max", {"can_push": "on"}, True),
            ("vera", {}, False),
            ("bram", {"can_push": "on"}, False),
            ("ana", {"can_push": "true"}, False),
        ],
    )
    def test_is_what_was_asked_for_by_those_who_may(
        self, who: str, fields: dict[str, str], can_push: bool, cast: Cast, sign_in: Browser
    ) -> None:
        browser = sign_in(getattr(cast, who))
        post_as_served(browser, "/tokens/request/", description="Pipeline", **fields)
        token = Token.objects.get(description="Pipeline")
        assert token.can_push is can_push
        page = browser.get(token.get_absolute_url()).content.decode()
        assert ("May push" in page) is can_push

    def test_is_said_in_its_event(self, cast: Cast, sign_in: Browser) -> None:
        browser = sign_in(cast.vera)
        post_as_served(browser, "/tokens/request/", description="Pipeline", can_push="on")
        event = Event.objects.get(action="token.requested")
        assert event.details["can_push"] is True
