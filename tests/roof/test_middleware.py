"""Do headers, addresses and machines' doors hold for every request?"""

import gzip
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpResponseBase
from django.test import override_settings

from portal.environment import networks
from tests.client import Client
from tests.factories import Cast, request_token
from tests.roof.faults import failing, without_database
from tokens.models import Event
from tokens.models.tokens import TokenQuerySet

Browser = Callable[..., Client]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'"
)
PROXIES = override_settings(TRUSTED_PROXIES=networks(["10.0.0.0/8", "fd00::/8"]))


@pytest.fixture
def bram(cast: Cast, sign_in: Browser) -> Client:
    return sign_in(cast.bram, raise_request_exception=False)


def assert_guarded(answer: HttpResponseBase) -> None:
    headers = answer.headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Referrer-Policy"] in {"same-origin", "no-referrer"}


def test_a_page_comes_compressed_and_a_download_as_it_is(bram: Client) -> None:
    accepts = {"Accept-Encoding": "gzip, deflate"}
    page = bram.get("/tokens/", headers=accepts)
    assert page.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page.headers["Vary"]
    assert "Tokens of Acme" in gzip.decompress(page.content).decode()
    download = bram.get("/audit/events.jsonl", headers=accepts)
    assert "Content-Encoding" not in download.headers
    assert b"<!doctype html>" in bram.get("/tokens/").content


def test_answers_of_every_status_carry_the_headers(cast: Cast, bram: Client) -> None:
    dirk = Client()
    dirk.force_login(cast.dirk)
    suspicious = Client(enforce_csrf_checks=True)
    style = bram.get(staticfiles_storage.url("portal.css"))
    unchanged = {"If-Modified-Since": style.headers["Last-Modified"]}
    answers = {
        200: bram.get("/tokens/"),
        302: bram.get("/"),
        301: bram.get("/tokens"),
        304: bram.get(staticfiles_storage.url("portal.css"), headers=unchanged),
        400: bram.post("/tokens/request/", {"description": "x" * 3_000_000}),
        401: Client().get("/auth/token"),
        403: dirk.get("/tokens/request/"),
        404: bram.get("/nothing"),
        405: bram.put("/tokens/"),
        422: bram.post("/tokens/request/", {}),
    }
    others = [
        style,
        bram.get("/static/nothing.css"),
        bram.get("/livez"),
        bram.get("/readyz"),
        bram.get("/accounts/login/"),
        Client().get("/tokens/"),
        Client().get("/tokens/", headers={"HX-Request": "true"}),
        Client().get("/", headers={"Host": "evil.example"}),
        suspicious.post("/accounts/login/", {}),
    ]
    for status, answer in answers.items():
        assert answer.status_code == status
        assert_guarded(answer)
    for answer in others:
        assert_guarded(answer)
    style.close()


def test_answers_to_what_broke_carry_them_too(
    bram: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TokenQuerySet, "chosen", failing(RuntimeError("broken")))
    broken = bram.get("/tokens/")
    with without_database():
        away, not_ready = bram.get("/tokens/"), bram.get("/readyz")
    assert [one.status_code for one in (broken, away, not_ready)] == [500, 503, 503]
    for answer in (broken, away, not_ready):
        assert_guarded(answer)


def test_no_page_has_a_style_or_a_script_that_the_policy_would_stop(
    cast: Cast, bram: Client
) -> None:
    token = request_token(cast.bram).token
    pages = [
        *("/tokens/", "/tokens/request/", "/instructions/", "/accounts/password/change/"),
        *(f"/tokens/{token.username}/{door}" for door in ("", "describe/", "revoke/")),
    ]
    for page in pages:
        content = bram.get(page).content.decode()
        assert "style=" not in content
        assert " onclick" not in content
        assert "<style" not in content
        assert content.count("<script") == content.count("<script src=")
        assert "http://" not in content.replace("http://www.w3.org", "")


def test_static_files_are_named_by_their_content_and_kept_for_long(db: None) -> None:
    style = staticfiles_storage.url("portal.css")
    assert style != "/static/portal.css"
    shipped = (Path(settings.BASE_DIR) / "static/portal.css").read_bytes()
    with closing(Client().get(style)) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert b"".join(answer) == shipped


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.9, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.9, 198.51.100.1, 10.2.3.4", "198.51.100.1"),
        ("10.0.0.1", "<script>, 10.9.9.9", "10.0.0.1"),
        ("10.0.0.1", "junk", "10.0.0.1"),
        ("10.0.0.1", "," * 5000, "10.0.0.1"),
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
    ],
)
def test_an_event_names_the_address_that_can_be_believed(
    peer: str, forwarded: str, address: str, cast: Cast, sign_in: Browser
) -> None:
    browser = sign_in(cast.bram, REMOTE_ADDR=peer)
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    form = {"description": "Build server", "nonce": "n" * 16}
    with PROXIES:
        browser.post("/tokens/request/", form, headers=headers)
    assert Event.objects.latest("pk").address == address


def test_every_request_has_an_id_of_its_own(cast: Cast, bram: Client) -> None:
    for letter in "ab":
        form = {"description": "Build server", "nonce": letter * 16}
        bram.post("/tokens/request/", form, headers={"X-Request-ID": "mine"})
    ids = {event.request_id for event in Event.objects.filter(action="token.requested")}
    assert len(ids) == 2
    assert all(len(one) == 32 for one in ids)


def test_what_happens_outside_a_request_names_no_address(cast: Cast, bram: Client) -> None:
    bram.get("/tokens/")
    token = request_token(cast.bram).token
    event = Event.objects.about(token).get()
    assert (event.address, event.request_id) == ("", "")


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Forwarded-Server", "Forwarded"])
def test_a_host_is_believed_of_nobody(header: str, cast: Cast) -> None:
    browser = Client(REMOTE_ADDR="10.0.0.1")
    with PROXIES:
        answer = browser.get("/tokens/", headers={header: "evil.example"}, follow=True)
    assert answer.status_code == 200
    assert "evil.example" not in answer.content.decode()


def test_machines_are_answered_without_a_session_or_a_cookie(cast: Cast, bram: Client) -> None:
    for address in ("/auth/token", "/livez", "/readyz"):
        answer = bram.get(address)
        assert not answer.cookies
        assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize("address", ["/livez/", "/auth/token/", "/LIVEZ", "/auth/token%00"])
def test_what_only_looks_like_a_door_for_machines_is_none(address: str, db: None) -> None:
    assert Client().get(address).status_code == 404
