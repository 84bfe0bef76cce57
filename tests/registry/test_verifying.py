"""Did this portal sign that grant, and whom does it name?"""

import base64
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tokens.registry import authority
from tokens.registry.signing import Signer
from tokens.registry.verifying import NotOurs, Verifier

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ACCESS = [{"type": "repository", "name": "public/a", "actions": ["pull"]}]


@pytest.fixture
def authorities(tmp_path):
    return [
        authority.create(tmp_path / f"{n}.crt", tmp_path / f"{n}.key", now=NOW, days=30)
        for n in (1, 2)
    ]


def signed(by, *, issuer="portal", audience="registry", seconds=60, now=NOW):
    signer = Signer(by, issuer=issuer, audience=audience)
    return signer.sign("acme-abcdefgh", ACCESS, seconds=seconds, now=now)


def subject(grant, ours, *, now=NOW):
    with time_machine.travel(now, tick=False):
        return Verifier(ours, issuer="portal", audience="registry").subject(grant, now=now)


def test_a_grant_of_ours_names_its_token(authorities):
    assert subject(signed(authorities[0]), authorities[0]) == "acme-abcdefgh"


def test_a_grant_of_another_replica_is_ours(authorities):
    ours = authorities[0]
    verifier = Verifier(ours, issuer="portal", audience="registry")
    with time_machine.travel(NOW, tick=False):
        found = {verifier.subject(signed(ours), now=NOW) for _ in range(3)}
    assert found == {"acme-abcdefgh"}


def test_it_holds_as_long_as_the_registry_accepts_it(authorities):
    grant = signed(authorities[0], seconds=60)
    assert subject(grant, authorities[0], now=NOW + MINUTE + timedelta(seconds=59))
    with pytest.raises(NotOurs):
        subject(grant, authorities[0], now=NOW + 2 * MINUTE + timedelta(seconds=1))


def test_another_authoritys_grant_is_not_ours(authorities):
    with pytest.raises(NotOurs, match="another authority"):
        subject(signed(authorities[1]), authorities[0])


@pytest.mark.parametrize("claim", [{"issuer": "other"}, {"audience": "other"}])
def test_a_grant_for_somewhere_else_is_not_ours(authorities, claim):
    with pytest.raises(NotOurs):
        subject(signed(authorities[0], **claim), authorities[0])


def test_a_changed_grant_is_not_ours(authorities):
    header, claims, signature = signed(authorities[0]).split(".")
    other = signed(authorities[0], issuer="other").split(".")[1]
    for grant in (f"{header}.{other}.{signature}", f"{header}.{claims}.{signature[::-1]}"):
        with pytest.raises(NotOurs):
            subject(grant, authorities[0])


def test_a_grant_without_a_signature_is_not_ours(authorities):
    header = jwt.get_unverified_header(signed(authorities[0]))
    claims = {"iss": "portal", "aud": "registry", "sub": "acme-abcdefgh"}
    grant = jwt.encode(claims, None, algorithm="none", headers={"x5c": header["x5c"]})
    with pytest.raises(NotOurs):
        subject(grant, authorities[0])


@pytest.mark.parametrize("grant", ["", "a", "a.b.c", "a.b.c.d", "\x00", "é.é.é", "." * 10_000])
def test_junk_is_not_ours(authorities, grant):
    with pytest.raises(NotOurs):
        subject(grant, authorities[0])


def test_a_grant_that_outlasts_its_certificate_is_not_ours(authorities):
    grant = signed(authorities[0], seconds=10**8)
    with pytest.raises(NotOurs, match="its certificate is out of date"):
        subject(grant, authorities[0], now=NOW + timedelta(days=100))


def test_a_certificate_of_ours_for_another_kind_of_key_signs_no_grant(authorities):
    ours = authorities[0]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf")])
    key = ed25519.Ed25519PrivateKey.generate()
    draft = x509.CertificateBuilder(ours.certificate.subject, name, key.public_key(), 7)
    leaf = draft.not_valid_before(NOW).not_valid_after(NOW + MINUTE).sign(ours.key, SHA256())
    chain = [base64.b64encode(leaf.public_bytes(Encoding.DER)).decode()]
    grant = jwt.encode({"sub": "x"}, key, algorithm="EdDSA", headers={"x5c": chain})
    with pytest.raises(NotOurs, match="no elliptic-curve key"):
        subject(grant, ours)


@pytest.mark.parametrize("chain", [None, [], [7], ["%%%"], ["AAAA"], "text", {}])
def test_a_chain_that_makes_no_sense_is_not_ours(authorities, chain):
    grant = jwt.encode({"sub": "x"}, "k" * 32, algorithm="HS256", headers={"x5c": chain})
    with pytest.raises(NotOurs):
        subject(grant, authorities[0])
