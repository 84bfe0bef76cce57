"""Does a process sign with a leaf of its own that the registry takes, whatever the clock does?"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from tests import verifier
from tokens.registry import authority
from tokens.registry.authority import AuthorityError
from tokens.registry.signing import LEAF_LIFETIME, Scope, Signer

NOW = datetime(2026, 3, 1, 12, 0, 0, 750_000, tzinfo=UTC)
HALF_LIFE = LEAF_LIFETIME / 2
PULL = Scope(type="repository", name="public/app", actions=["pull"])


@pytest.fixture
def ca(tmp_path):
    return authority.create(
        tmp_path / "ca.crt", tmp_path / "ca.key", now=NOW - 2 * LEAF_LIFETIME, days=30
    )


@pytest.fixture
def signer(ca):
    return Signer(ca, issuer="the portal", audience="the registry")


@pytest.fixture
def busy():
    """Threads that take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def sign(signer, *, now=NOW, access=(PULL,)):
    return signer.sign("acme-abcdefgh", list(access), seconds=60, now=now)


class TestGrants:
    def test_say_who_may_do_what_and_until_when(self, signer, ca):
        grant = verifier.verified(sign(signer), authority=ca.certificate)
        issued_at = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())
        jti = grant.claims.pop("jti")
        assert len(jti) >= 16
        assert grant.claims == {
            "iss": "the portal",
            "sub": "acme-abcdefgh",
            "aud": "the registry",
            "iat": issued_at,
            "nbf": issued_at - 30,
            "exp": issued_at + 60,
            "access": [{"type": "repository", "name": "public/app", "actions": ["pull"]}],
        }

    def test_begin_with_the_header_that_every_registry_reads(self, signer, ca):
        header = verifier.verified(sign(signer), authority=ca.certificate).header
        assert header.keys() == {"typ", "alg", "kid", "x5c"}
        assert (header["typ"], header["alg"], len(header["x5c"])) == ("JWT", "ES256", 1)

    def test_never_repeat_their_id(self, signer):
        ids = {verifier.read(sign(signer)).claims["jti"] for _ in range(200)}
        assert len(ids) == 200

    def test_have_signatures_of_64_bytes_however_small_their_numbers(self, signer, ca):
        # Of 256 signatures about two have a number with a leading zero byte.
        for _ in range(256):
            verifier.verified(sign(signer), authority=ca.certificate)

    def test_of_nothing_have_an_empty_list(self, signer):
        assert verifier.read(sign(signer, access=[])).claims["access"] == []

    def test_fit_a_header_line_with_one_scope(self, signer):
        assert len(sign(signer)) < 1400


class TestLeafs:
    def test_are_kept_for_half_their_life_and_then_renewed(self, signer, ca):
        first = signer.leaf(NOW)
        assert signer.leaf(first.half_life - timedelta(seconds=1)) is first
        second = signer.leaf(first.half_life)
        assert second.key_id != first.key_id
        grant = verifier.verified(sign(signer, now=first.half_life), authority=ca.certificate)
        assert grant.header["kid"] == second.key_id

    def test_have_not_ended_when_the_grants_that_they_signed_do(self, signer):
        first = signer.leaf(NOW)
        latest = first.half_life - timedelta(seconds=1)
        assert latest + timedelta(seconds=900) < first.not_after

    @pytest.mark.parametrize(
        "back",
        [
            pytest.param(timedelta(seconds=90), id="90 seconds"),
            pytest.param(timedelta(hours=1), id="an hour"),
            pytest.param(LEAF_LIFETIME, id="a day"),
        ],
    )
    def test_have_begun_even_where_the_clock_steps_back(self, signer, back):
        signer.leaf(NOW)
        assert signer.leaf(NOW - back).not_before <= NOW - back

    def test_are_the_process_s_own(self, signer, monkeypatch):
        first = signer.leaf(NOW)
        monkeypatch.setattr(os, "getpid", lambda: -1)
        child = signer.leaf(NOW)
        assert child.key_id != first.key_id
        assert signer.leaf(NOW) is child

    @pytest.mark.parametrize("attempt", range(10))
    def test_are_made_once_however_many_threads_ask(self, signer, attempt, busy):
        ready = Barrier(8)

        def ask():
            ready.wait(timeout=10)
            return signer.leaf(NOW).key_id

        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(ask) for _ in range(8)]
            assert len({answer.result(timeout=10) for answer in asked}) == 1

    def test_end_with_the_authority_and_nothing_is_signed_after_it(self, signer, ca):
        minute_before = ca.expires_at - timedelta(minutes=1)
        assert signer.leaf(minute_before).not_after == ca.expires_at
        assert sign(signer, now=minute_before)
        with pytest.raises(AuthorityError):
            sign(signer, now=ca.expires_at + timedelta(seconds=1))

    def test_of_an_authority_that_has_not_begun_sign_nothing(self, signer, ca):
        with pytest.raises(AuthorityError):
            sign(signer, now=ca.certificate.not_valid_before_utc - timedelta(seconds=1))
