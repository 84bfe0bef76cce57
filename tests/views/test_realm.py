"""Who gets a grant, and what is everybody else told?"""

import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

import pytest
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.utils import timezone

from tests.client import Client
from tests.roof.faults import failing, without_database
from tests.views.machine import FORM, REALM, SERVICE, Answer, Machine, basic, get, post
from tokens import credentials
from tokens.actions import tokens as deeds
from tokens.models import Company, Secret, Standing, Token
from tokens.registry import authority

GRANTED = "200"
LOG_IN = "401 log in first"
WRONG = "401 wrong username or secret"
NO_PASSWORD_GRANT = "400 the only grant_type here is password"
PORTAL = "http://portal.example:8000"
AT = datetime(2026, 1, 2, 22, 59, 30, tzinfo=UTC)
LONG = "x" * 10_000
ANOTHER_SECRET = credentials.mint_secret("twc_")
BROKEN_DATABASES = [OperationalError, InterfaceError]


def filled(template, machine):
    return template.format(username=machine.username, secret=machine.secret)


class TestCredentialsOfGet:
    """``Authorization`` as it was sent → what the client hears."""

    @pytest.mark.parametrize(
        ("credential", "answer"),
        [
            pytest.param("{username}:{secret}", GRANTED, id="right secret"),
            pytest.param("{username}:" + ANOTHER_SECRET, WRONG, id="wrong secret"),
            pytest.param("acme-aaaaaaaa:{secret}", WRONG, id="unknown user"),
            pytest.param("acme-aaaaaaaa:" + ANOTHER_SECRET, WRONG, id="unknown user and secret"),
            pytest.param("{username}:", WRONG, id="no secret"),
            pytest.param(":{secret}", WRONG, id="no username"),
            pytest.param("{username}", WRONG, id="no colon"),
            pytest.param("", LOG_IN, id="empty"),
            pytest.param(":", LOG_IN, id="empty on both sides"),
            pytest.param("{username}:{secret}:x", WRONG, id="a colon in the secret"),
            pytest.param("{username}:x:{secret}", WRONG, id="a colon before the secret"),
            pytest.param("{username}:{secret} ", WRONG, id="a space after the secret"),
            pytest.param("{username}:{secret}\n", WRONG, id="a newline after the secret"),
            pytest.param("{username}\0:{secret}", WRONG, id="NUL in the username"),
            pytest.param("{username}:{secret}\0", WRONG, id="NUL in the secret"),
            pytest.param(LONG + ":{secret}", WRONG, id="username of 10 kB"),
            pytest.param("{username}:" + LONG, WRONG, id="secret of 10 kB"),
            pytest.param("{username}é:{secret}", WRONG, id="username with another letter"),
            pytest.param("' OR 1=1 --:{secret}", WRONG, id="username for a database"),
        ],
    )
    def test_in_basic(self, machine, credential, answer):
        assert get(authorization=basic(filled(credential, machine))).says == answer

    @pytest.mark.parametrize("spoil", [str.upper, lambda text: text[:-1], lambda text: text[1:]])
    def test_spoiled_secrets(self, machine, spoil):
        assert Machine(machine.token, spoil(machine.secret)).ask().says == WRONG

    def test_with_a_colon_in_the_secret_itself(self, cast, settings):
        settings.SECRET_PREFIX = "twc:v1:"
        machine = Machine(*deeds.request(by=cast.bram, description="Colons", nonce="n"))
        assert machine.ask().says == GRANTED

    @pytest.mark.parametrize(
        ("header", "answer"),
        [
            pytest.param(None, LOG_IN, id="no header"),
            pytest.param("", LOG_IN, id="empty header"),
            pytest.param("Basic", LOG_IN, id="scheme alone"),
            pytest.param("Basic ", LOG_IN, id="empty Basic"),
            pytest.param("Basic !!!", LOG_IN, id="broken base64"),
            pytest.param("Basic YWJj=ZGVm", LOG_IN, id="padding in the middle"),
            pytest.param("Basic é", LOG_IN, id="base64 of another script"),
            pytest.param(basic(b"\xff\xfe:\xff"), LOG_IN, id="not UTF-8"),
            pytest.param("Basic " + "A" * 10_000, WRONG, id="10 kB"),
            pytest.param("Bearer eyJhbGciOiJub25lIn0.e30.", LOG_IN, id="Bearer"),
            pytest.param("Digest username=x", LOG_IN, id="Digest"),
            pytest.param("{basic}", GRANTED, id="Basic"),
            pytest.param("{basic_lower}", GRANTED, id="scheme in lower case"),
            pytest.param("{basic_upper}", GRANTED, id="scheme in upper case"),
            pytest.param("{basic}, {basic}", LOG_IN, id="two headers, joined by the server"),
        ],
    )
    def test_in_the_header(self, machine, header, answer):
        encoded = machine.basic.removeprefix("Basic ")
        forms = {"basic": f"Basic {encoded}", "basic_lower": f"basic {encoded}"}
        forms["basic_upper"] = f"BASIC  {encoded} "
        header = header and header.format(**forms)
        assert get(authorization=header).says == answer

    @pytest.mark.parametrize("scope", [[], ["repository:public/app:pull"]], ids=["none", "one"])
    def test_a_login_without_them_never_succeeds(self, db, scope):
        assert get({"service": SERVICE, "scope": scope}).says == LOG_IN

    def test_a_login_with_them_and_without_a_scope_succeeds(self, machine):
        query = {"account": machine.username, "client_id": "docker", "offline_token": "true"}
        answer = get({"service": SERVICE, **query}, authorization=machine.basic)
        assert answer.says == GRANTED
        assert answer.access == []

    def test_an_account_that_differs_from_the_user_is_ignored(self, machine):
        query = {"account": "somebody-else", "scope": "repository:public/app:pull"}
        answer = get(query, authorization=machine.basic)
        assert answer.grant.claims["sub"] == machine.username

    @pytest.mark.parametrize("fields", [("username", "password"), ("account", "password")])
    def test_in_the_address_are_not_read(self, machine, fields):
        query = dict(zip(fields, (machine.username, machine.secret), strict=True))
        assert get({"grant_type": "password", **query}).says == LOG_IN

    def test_a_person_s_session_is_none(self, sign_in, cast):
        browser = sign_in(cast.bram)
        assert Answer(browser.get(REALM)).says == LOG_IN


class TestWrongAndUnknown:
    """Nobody learns from the realm which usernames there are."""

    @pytest.fixture
    def pair(self, machine):
        wrong = Machine(machine.token, ANOTHER_SECRET)
        return wrong, Machine(Token(username="acme-aaaaaaaa"), ANOTHER_SECRET)

    def test_are_answered_byte_for_byte_the_same(self, pair):
        wrong, unknown = (machine.ask("repository:public/app:pull") for machine in pair)
        assert wrong.response.content == unknown.response.content
        assert wrong.headers.items() == unknown.headers.items()

    def test_are_the_same_work(self, pair, monkeypatch, assert_queries):
        compare, compared = hmac.compare_digest, []

        def counted(one, other):
            compared[-1] += 1
            return compare(one, other)

        monkeypatch.setattr(hmac, "compare_digest", counted)
        for machine in pair:
            compared.append(0)
            with assert_queries(1):
                assert machine.ask().says == WRONG
        assert compared == [1, 1]

    def test_a_secret_that_can_be_none_of_ours_costs_no_query(self, machine, assert_queries):
        typo = machine.secret[:-1] + ("0" if machine.secret[-1] != "0" else "1")
        with assert_queries(0):
            assert Machine(machine.token, typo).ask().says == WRONG

    def test_point_to_the_portal(self, pair):
        assert pair[0].ask().message == f"wrong username or secret; your tokens are at {PORTAL}"


class TestDeadTokens:
    """Whoever proves to know the secret is told which, when and where to go; nobody else is."""

    CASES = pytest.mark.parametrize(
        ("fields", "message"),
        [
            pytest.param(
                {"revoked_at": AT},
                f"this token was revoked on 2026-01-02 at 22:59 UTC; request another at {PORTAL}",
                id="revoked",
            ),
            pytest.param(
                {"expires_at": AT},
                f"this token expired on 2026-01-02 at 22:59 UTC; request another at {PORTAL}",
                id="expired",
            ),
            pytest.param(
                {"suspended_at": AT},
                f"this token was suspended on 2026-01-02 at 22:59 UTC; see {PORTAL}",
                id="suspended",
            ),
            pytest.param(
                {"company": False},
                f"this company's access is suspended; see {PORTAL}",
                id="company inactive",
            ),
        ],
    )

    @staticmethod
    def kill(machine, fields):
        if "company" in fields:
            Company.objects.filter(tokens=machine.token).update(is_active=False)
        else:
            machine.change(**fields)

    @CASES
    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/St_Johns"])
    def test_with_the_right_secret(self, machine, fields, message, zone, settings):
        settings.TIME_ZONE = zone
        self.kill(machine, fields)
        answer = machine.ask("repository:public/app:pull")
        assert (answer.status, answer.message) == (401, message)

    @CASES
    def test_with_a_wrong_secret(self, machine, fields, message):
        self.kill(machine, fields)
        assert Machine(machine.token, ANOTHER_SECRET).ask().says == WRONG

    @CASES
    def test_to_a_post(self, machine, fields, message):
        self.kill(machine, fields)
        body = {"grant_type": "password", "username": machine.username, "password": machine.secret}
        answer = post(urlencode(body))
        assert (answer.status, answer.message) == (401, message)

    def test_a_revoked_token_is_refused_with_the_minute_it_was_revoked(self, machine, cast):
        assert machine.ask().says == GRANTED
        revoked = deeds.revoke(machine.token, by=cast.chloe)
        minute = revoked.revoked_at.astimezone(UTC).strftime("%Y-%m-%d at %H:%M UTC")
        assert machine.ask().says == f"401 this token was revoked on {minute}"

    def test_a_token_dies_at_the_moment_it_expires(self, machine, time_machine):
        now = timezone.now().replace(microsecond=0)
        machine.change(expires_at=now)
        time_machine.move_to(now - timedelta(seconds=1), tick=False)
        assert machine.ask().says == GRANTED
        time_machine.move_to(now, tick=False)
        assert machine.ask().status == 401

    def test_the_whole_company_is_refused_and_no_other(self, machine, cast):
        other = Machine(*deeds.request(by=cast.farid, description="Theirs", nonce="n"))
        self.kill(machine, {"company": False})
        assert machine.ask().status == 401
        assert other.ask().says == GRANTED


class TestTwoSecrets:
    """One replaces another: both work until the first retires."""

    @pytest.fixture
    def new(self, machine):
        return Machine(machine.token, Secret.objects.mint(machine.token))

    def test_both_work_while_they_overlap(self, machine, new):
        Secret.objects.filter(hint=machine.secret[-4:]).update(
            retires_at=timezone.now() + timedelta(minutes=1)
        )
        assert [machine.ask().says, new.ask().says] == [GRANTED, GRANTED]

    def test_a_retired_one_is_wrong(self, machine, new):
        Secret.objects.filter(hint=machine.secret[-4:]).update(retires_at=timezone.now())
        assert [machine.ask().says, new.ask().says] == [WRONG, GRANTED]

    def test_a_token_without_a_live_one_is_refused(self, machine):
        Secret.objects.update(retires_at=timezone.now())
        assert machine.ask().says == WRONG

    def test_the_secret_of_another_token_is_wrong(self, machine, cast):
        other = Machine(*deeds.request(by=cast.bram, description="Another", nonce="n"))
        assert Machine(machine.token, other.secret).ask().says == WRONG


class TestPost:
    """A form → what the client hears."""

    @pytest.mark.parametrize(
        ("form", "answer"),
        [
            pytest.param({}, GRANTED, id="password grant"),
            pytest.param({"client_id": None}, GRANTED, id="no client_id"),
            pytest.param({"access_type": "offline"}, GRANTED, id="offline"),
            pytest.param({"password": ANOTHER_SECRET}, WRONG, id="wrong secret"),
            pytest.param({"username": "acme-aaaaaaaa"}, WRONG, id="unknown user"),
            pytest.param({"password": None}, WRONG, id="no secret"),
            pytest.param({"username": "", "password": ""}, LOG_IN, id="empty credentials"),
            pytest.param({"grant_type": None}, NO_PASSWORD_GRANT, id="missing grant type"),
            pytest.param({"grant_type": "refresh_token"}, NO_PASSWORD_GRANT, id="refresh_token"),
            pytest.param({"grant_type": "PASSWORD"}, NO_PASSWORD_GRANT, id="unknown grant type"),
            pytest.param({"account": "somebody-else"}, GRANTED, id="account"),
            pytest.param({"username": "\0"}, WRONG, id="NUL"),
        ],
    )
    def test_credentials(self, machine, form, answer):
        assert post(self.form(machine, **form)).says == answer

    @staticmethod
    def form(machine, **changed):
        fields = {
            "grant_type": "password",
            "username": machine.username,
            "password": machine.secret,
            "service": SERVICE,
            "client_id": "containerd-client",
            "scope": "repository:public/app:pull",
        } | changed
        return urlencode({name: v for name, v in fields.items() if v is not None}, doseq=True)

    @pytest.mark.parametrize(
        ("scope", "granted"),
        [
            pytest.param(None, "", id="none"),
            pytest.param("repository:public/a:pull", "repository:public/a:pull", id="one"),
            pytest.param(
                "repository:public/a:pull repository:public/b:pull",
                "repository:public/a:pull repository:public/b:pull",
                id="space-separated",
            ),
            pytest.param(
                ["repository:public/a:pull", "repository:public/b:pull,push"],
                "repository:public/a:pull repository:public/b:pull",
                id="repeated",
            ),
            pytest.param(
                ["repository:public/a:pull repository:public/b:pull", "repository:public/c:*"],
                "repository:public/a:pull repository:public/b:pull repository:public/c:pull",
                id="both",
            ),
            pytest.param("repository:internal/a:pull", "", id="nothing that is allowed"),
        ],
    )
    def test_the_answer_says_the_scope_that_was_granted(self, machine, scope, granted):
        answer = post(self.form(machine, scope=scope))
        assert answer.body["scope"] == granted
        assert " ".join(answer.access) == granted

    def test_the_answer_to_a_get_says_none(self, machine):
        assert "scope" not in machine.ask("repository:public/app:pull").body

    def test_offline_access_brings_no_refresh_token(self, machine):
        assert "refresh_token" not in post(self.form(machine, access_type="offline")).body

    def test_basic_instead_of_form_credentials(self, machine):
        body = "service=container-registry&scope=repository:public/app:pull"
        answer = post(body, authorization=machine.basic)
        assert answer.access == ["repository:public/app:pull"]

    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "text/plain", "multipart/form-data; boundary=x", "", ";"],
    )
    def test_another_body_than_a_form_has_no_grant_type(self, machine, content_type):
        form = {"grant_type": "password", "username": machine.username, "password": machine.secret}
        for body in (json.dumps(form), urlencode(form)):
            assert post(body, content_type=content_type).says == NO_PASSWORD_GRANT

    @pytest.mark.parametrize("suffix", ["; charset=UTF-8", ";charset=utf-8", " ; x=y"])
    def test_a_form_may_say_its_charset(self, machine, suffix):
        assert post(self.form(machine), content_type=FORM.upper() + suffix).says == GRANTED

    def test_credentials_in_the_address_are_not_read(self, machine):
        assert post("", QUERY_STRING=self.form(machine)).says == NO_PASSWORD_GRANT

    def test_neither_a_csrf_token_is_asked_for_nor_a_cookie_set(self, machine):
        browser = Client(enforce_csrf_checks=True)
        answer = Answer(browser.generic("POST", REALM, self.form(machine), FORM))
        assert answer.says == GRANTED
        assert not browser.cookies


class TestOtherAnswers:
    @pytest.mark.parametrize(
        ("service", "answer"),
        [
            pytest.param(SERVICE, GRANTED, id="ours"),
            pytest.param(None, GRANTED, id="missing"),
            pytest.param("", GRANTED, id="empty"),
            pytest.param("another", "400 this realm does not serve that service", id="unknown"),
            pytest.param(
                SERVICE.upper(), "400 this realm does not serve that service", id="upper case"
            ),
            pytest.param(
                f"{SERVICE}\0", "400 this realm does not serve that service", id="with a NUL"
            ),
        ],
    )
    def test_services(self, machine, service, answer):
        query = {} if service is None else {"service": service}
        assert get(query, authorization=machine.basic).says == answer
        assert post(TestPost.form(machine, service=service)).says == answer

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
    def test_other_methods_are_told_which_there_are(self, machine, method):
        response = Client().generic(method, REALM, headers={"Authorization": machine.basic})
        answer = Answer(response)
        assert answer.says == "405 use GET or POST"
        assert answer.headers["Allow"] == "GET, POST"

    def test_head_is_another_method_too(self, machine):
        response = Client().head(REALM, headers={"Authorization": machine.basic})
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")

    @pytest.mark.parametrize(
        ("size", "answer"),
        [(65_536, GRANTED), (65_537, "400 the request is too large"), (3_000_000, None)],
    )
    def test_bodies_over_64_kb_are_refused(self, machine, size, answer):
        body = TestPost.form(machine) + "&x="
        answer = answer or "400 the request is too large"
        assert post(body + "x" * (size - len(body))).says == answer

    @pytest.mark.parametrize("claimed", ["abc", "", "-1", "9" * 5000, "1e3"])
    def test_a_length_that_is_none_means_no_body(self, machine, claimed):
        answer = post(TestPost.form(machine), CONTENT_LENGTH=claimed)
        assert answer.status == 400

    def test_more_fields_than_anybody_needs_are_refused(self, machine):
        many = "&".join("scope=" for _ in range(1001))
        answer = get(QUERY_STRING=many, authorization=machine.basic)
        assert answer.says == "400 the request has too many fields"
        assert post(many).says == "400 the request has too many fields"

    @pytest.mark.parametrize("kind", BROKEN_DATABASES)
    def test_a_database_that_is_away_is_503(self, machine, kind):
        with without_database(kind("connection refused")):
            for answer in (machine.ask(), post(TestPost.form(machine))):
                assert answer.says == "503 the portal cannot answer right now"
                assert answer.headers["Retry-After"] == "5"
        assert machine.ask().says == GRANTED

    def test_what_nobody_thought_of_is_500_in_the_words_of_the_protocol(
        self, machine, monkeypatch, caplog
    ):
        monkeypatch.setattr(Standing, "find", failing(RuntimeError("the inside of it")))
        answer = machine.ask()
        assert answer.says == "500 something broke on our side"
        assert "the inside of it" in caplog.text
        assert "the inside of it" not in answer.response.content.decode()

    @pytest.mark.parametrize("address", [REALM, "/readyz"])
    def test_a_connection_that_broke_is_not_kept(self, address, machine, monkeypatch):
        closed = []
        wrapper = connections[DEFAULT_DB_ALIAS]
        monkeypatch.setattr(wrapper, "close_if_unusable_or_obsolete", lambda: closed.append(1))
        ask = partial(Client().get, address, headers={"Authorization": machine.basic})
        assert (ask().status_code, closed) == (200, [])
        monkeypatch.setattr(wrapper, "errors_occurred", True)
        with without_database():
            assert (ask().status_code, closed) == (503, [1])

    @pytest.mark.parametrize("state", ["missing", "garbled", "expired", "not yet valid"])
    def test_nothing_is_signed_by_an_authority_that_is(self, state, machine, tmp_path, settings):
        cert_file, key_file = tmp_path / "ca.crt", tmp_path / "ca.key"
        settings.REGISTRY_CA_CERT_FILE, settings.REGISTRY_CA_KEY_FILE = cert_file, key_file
        days = {"expired": -10, "not yet valid": 10}.get(state)
        if state == "garbled":
            cert_file.write_text("garbled")
        elif days:
            start = timezone.now() + timedelta(days=days)
            authority.create(cert_file, key_file, now=start, days=1)
        answer = machine.ask("repository:public/app:pull")
        assert answer.says == "503 the portal cannot answer right now"
        assert answer.headers["Retry-After"] == "5"
        assert str(tmp_path) not in answer.message
        assert Machine(machine.token, ANOTHER_SECRET).ask().says == WRONG


class TestTheShortWay:
    """Nothing that people meet stands before the realm."""

    @pytest.mark.parametrize(
        "host",
        [
            "registry.example:5000",
            "evil.example",
            "",
            "a b",
            "[::1",
            "x" * 300,
            "portal.example@evil",
        ],
    )
    def test_any_host_header_will_do(self, machine, host):
        answer = machine.ask("repository:public/app:pull", HTTP_HOST=host)
        assert answer.says == GRANTED

    def test_nobody_is_sent_to_https(self, machine, settings):
        settings.SECURE_SSL_REDIRECT = True
        assert Client().get("/").status_code == 301
        assert machine.ask(HTTP_X_FORWARDED_PROTO="http").says == GRANTED

    @pytest.mark.parametrize("cookie", ["session=forged; csrf=forged", "=;=;\x01", "x" * 5000])
    def test_cookies_are_not_read(self, machine, cookie, assert_queries):
        with assert_queries(1):
            assert machine.ask(HTTP_COOKIE=cookie).says == GRANTED

    def test_one_query_is_enough(self, machine, assert_queries):
        with assert_queries(1) as asked:
            assert machine.ask("repository:public/app:pull,push").says == GRANTED
        assert "session" not in asked[0]
