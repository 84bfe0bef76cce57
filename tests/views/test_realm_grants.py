"""Is a grant one that every registry and client takes, and is its use remembered?"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
import time_machine
from cryptography import x509
from django.conf import settings as product
from django.db import DatabaseError, connection
from django.utils import timezone

from tests import verifier
from tests.views.machine import SERVICE, get, post
from tokens.models import Use, noted_uses
from tokens.models.uses import NOWHERE
from tokens.registry import authority

PULL = "repository:public/app:pull"
PUSH = "repository:public/app:pull,push"
DAY = timedelta(days=1)


def trusted():
    """The certificate that the registry was given."""
    return x509.load_pem_x509_certificate(Path(product.REGISTRY_CA_CERT_FILE).read_bytes())


def granted(answer):
    return verifier.verified(answer.body["token"], authority=trusted())


class TestTheGrant:
    def test_is_signed_with_a_leaf_of_the_authority_that_the_registry_trusts(self, machine):
        grant = granted(machine.ask(PULL))
        assert (grant.header["typ"], grant.header["alg"]) == ("JWT", "ES256")
        now = timezone.now()
        assert grant.leaf.not_valid_before_utc <= now - timedelta(minutes=4)
        assert grant.leaf.not_valid_after_utc >= now + timedelta(hours=12)

    def test_says_nothing_but_what_the_portal_knows(self, machine):
        query = {
            "service": SERVICE,
            "scope": PULL,
            "account": "somebody-else",
            "client_id": "<script>",
            "aud": "another",
            "sub": "another",
            "iss": "another",
        }
        claims = granted(get(query, authorization=machine.basic)).claims
        times = {name: claims.pop(name) for name in ("iat", "nbf", "exp")}
        assert all(type(moment) is int for moment in times.values())
        assert len(claims.pop("jti")) >= 16
        assert claims == {
            "iss": "container-token-portal",
            "aud": SERVICE,
            "sub": machine.username,
            "access": [{"type": "repository", "name": "public/app", "actions": ["pull"]}],
        }

    def test_names_the_service_and_issuer_that_are_set(self, machine, settings):
        settings.REGISTRY_SERVICE, settings.REGISTRY_ISSUER = "their-registry", "their-portal"
        claims = granted(machine.ask(PULL, service="their-registry")).claims
        assert (claims["aud"], claims["iss"]) == ("their-registry", "their-portal")

    @pytest.mark.parametrize(
        ("scope", "seconds"),
        [pytest.param(PULL, 60, id="pull"), pytest.param(PUSH, 300, id="push")],
    )
    def test_holds_as_long_as_the_answer_says(self, pipeline, scope, seconds):
        answer = pipeline.ask(scope)
        claims = granted(answer).claims
        assert answer.body["expires_in"] == seconds
        assert claims["exp"] - claims["iat"] == seconds
        assert 30 <= claims["iat"] - claims["nbf"] <= 60

    def test_that_was_asked_to_push_and_may_only_pull_is_short(self, machine):
        assert machine.ask(PUSH).body["expires_in"] == 60

    def test_of_a_login_is_short(self, pipeline):
        assert pipeline.ask().body["expires_in"] == 60

    @pytest.mark.parametrize(("seconds", "pull", "push"), [(60, 60, 300), (900, 900, 900)])
    def test_holds_as_long_as_is_set(self, pipeline, seconds, pull, push, settings):
        settings.REGISTRY_TOKEN_SECONDS = seconds
        settings.REGISTRY_PUSH_TOKEN_SECONDS = max(seconds, 300)
        assert pipeline.ask(PULL).body["expires_in"] == pull
        assert pipeline.ask(PUSH).body["expires_in"] == push

    def test_has_an_id_that_never_repeats(self, machine):
        ids = {granted(machine.ask(PULL)).claims["jti"] for _ in range(20)}
        assert len(ids) == 20

    def test_fits_a_header_line(self, machine):
        scopes = [f"repository:public/app-{number}:pull" for number in range(50)]
        assert len(machine.ask(PULL).body["token"]) < 1_500
        assert len(machine.ask(*scopes).body["token"]) < 8_000

    def test_is_the_same_to_a_post(self, machine):
        body = f"grant_type=password&username={machine.username}&password={machine.secret}"
        answer = post(f"{body}&scope={PULL}")
        assert granted(answer).claims["access"] == granted(machine.ask(PULL)).claims["access"]
        assert answer.body["expires_in"] == 60

    def test_of_a_renewed_leaf_is_taken_by_a_registry_that_was_not_restarted(self, machine):
        first = granted(machine.ask(PULL))
        with time_machine.travel(timezone.now() + timedelta(hours=12), tick=False):
            second = granted(machine.ask(PULL))
        assert first.header["kid"] != second.header["kid"]

    def test_is_none_once_the_authority_has_ended(self, machine, tmp_path, settings):
        cert_file, key_file = tmp_path / "ca.crt", tmp_path / "ca.key"
        settings.REGISTRY_CA_CERT_FILE, settings.REGISTRY_CA_KEY_FILE = cert_file, key_file
        authority.create(cert_file, key_file, now=timezone.now(), days=1)
        assert machine.ask(PULL).says == "200"
        with time_machine.travel(timezone.now() + DAY + timedelta(seconds=5), tick=False):
            assert machine.ask(PULL).status == 503


class TestTimes:
    @pytest.mark.parametrize(
        "zone", ["UTC", "Pacific/Kiritimati", "America/St_Johns", "Asia/Tokyo"]
    )
    def test_are_right_wherever_the_portal_stands(self, machine, zone, settings):
        settings.TIME_ZONE = zone  # Django sets TZ by it.
        now = datetime.now(UTC).replace(microsecond=654_321)
        # A number, because a date would bring its time zone along.
        with time_machine.travel(now.timestamp(), tick=False):
            answer = machine.ask(PULL)
        claims = granted(answer).claims
        moment = int(now.timestamp())
        assert (claims["nbf"], claims["iat"], claims["exp"]) == (moment - 30, moment, moment + 60)
        assert answer.body["issued_at"] == now.strftime("%Y-%m-%dT%H:%M:%SZ")


class TestUses:
    @pytest.fixture
    def notebook(self):
        """Of a process that has noted nothing yet: see conftest."""
        return noted_uses

    @staticmethod
    def uses():
        return list(Use.objects.order_by("client").values_list("address", "client", "count"))

    def test_are_noted_with_address_and_client(self, machine, notebook):
        for agent in ("docker/28.0.1 go/go1.23", "docker/27.0.0", "skopeo/1.9.3", ""):
            machine.ask(REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT=agent)
        notebook.write_everything()
        address = "203.0.113.9"
        assert self.uses() == [
            (address, "docker", 2),
            (address, "skopeo", 1),
            (address, "unknown", 1),
        ]

    def test_are_not_written_before_the_answer(self, machine, assert_queries):
        with assert_queries(1) as asked:
            assert machine.ask(PULL).says == "200"
        assert asked[0].split()[0] == "SELECT"

    def test_of_a_database_that_cannot_be_written_to_are_in_nobody_s_way(self, machine, notebook):
        def refuse(execute, sql, *rest):
            if not sql.lstrip().startswith("SELECT"):
                raise DatabaseError("read-only")
            return execute(sql, *rest)

        with connection.execute_wrapper(refuse):
            assert machine.ask(PULL).says == "200"
            with pytest.raises(DatabaseError):
                notebook.write_everything()
            assert machine.ask(PULL).says == "200"
        notebook.write_everything()
        assert self.uses() == [("127.0.0.1", "unknown", 2)]

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param({"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)}, id="a revoked token"),
            pytest.param({"username": "acme-bbbbbbbb"}, id="an unknown username"),
        ],
    )
    def test_are_not_those_of(self, machine, notebook, spoil):
        machine.change(**spoil)
        assert machine.ask(PULL).status == 401
        notebook.write_everything()
        assert self.uses() == []

    @pytest.mark.parametrize(
        ("peer", "forwarded", "address"),
        [
            pytest.param("198.51.100.7", "192.0.2.66", "198.51.100.7", id="forged"),
            pytest.param("10.0.0.1", "192.0.2.66, 203.0.113.9", "203.0.113.9", id="by a proxy"),
            pytest.param("10.0.0.1", "junk", "10.0.0.1", id="junk"),
        ],
    )
    def test_come_from_the_address_that_is_believed(
        self, machine, notebook, settings, peer, forwarded, address
    ):
        settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
        machine.ask(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
        notebook.write_everything()
        assert self.uses() == [(address, "unknown", 1)]

    def test_without_an_address_are_noted_too(self, machine, notebook):
        assert machine.ask(REMOTE_ADDR="").says == "200"
        notebook.write_everything()
        assert self.uses() == [(NOWHERE, "unknown", 1)]
