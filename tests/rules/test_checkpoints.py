"""Do checkpoints prove how the chains ended, and nobody else's lines?"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.factories import Cast, make_company, request_token
from tokens import checkpoints
from tokens.models import Event

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
EC_KEY = generate_private_key(SECP256R1())
EC_PEM = EC_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
EC_PUBLIC_PEM = EC_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def line(cast: Cast) -> str:
    """A checkpoint of two companies with events."""
    for person in (cast.bram, cast.farid):
        request_token(person)
    return checkpoints.take(key=KEY, at=NOON)


def proved(*lines: str) -> dict[tuple[str, int], str]:
    return checkpoints.heads(lines, key=KEY.public_key())


def test_a_checkpoint_tells_the_last_event_of_every_company(line: str) -> None:
    last = {event.company: event for event in Event.objects.order_by("sequence")}
    assert set(last) == {"acme", "globex"}
    assert proved(line) == {
        (company, event.sequence): event.hash for company, event in last.items()
    }
    assert json.loads(line)["at"] == "2026-03-01T12:00:00+00:00"


def test_it_takes_one_query_however_many_companies_there_are(line: str, assert_queries) -> None:
    for number in range(5):
        make_company(f"company-{number}")
    with assert_queries(1):
        assert len(json.loads(checkpoints.take(key=KEY, at=NOON))["heads"]) == 7


def test_before_any_company_it_proves_nothing(db: None) -> None:
    assert proved(checkpoints.take(key=KEY, at=NOON)) == {}


def test_later_ones_add_to_it(line: str, cast: Cast) -> None:
    request_token(cast.bram)
    assert len(proved(line, line, checkpoints.take(key=KEY, at=NOON))) == 3


FORGED = {
    "another head": lambda seen: seen["heads"]["acme"].update(sequence=1),
    "a company less": lambda seen: seen["heads"].pop("acme"),
    "another time": lambda seen: seen.update(at="2026-03-01T12:05:00+00:00"),
    "something more": lambda seen: seen.update(more=1),
    "a part of the signature": lambda seen: seen.update(signature=seen["signature"][:64]),
    "no time": lambda seen: seen.pop("at"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_line_that_was_changed_is_found(line: str, what: str) -> None:
    seen = json.loads(line)
    FORGED[what](seen)
    with pytest.raises(checkpoints.NotSigned, match="checkpoint 2 is not signed by this key"):
        proved(line, json.dumps(seen))


def test_a_line_of_another_key_is_found(line: str) -> None:
    with pytest.raises(checkpoints.NotSigned, match="checkpoint 1 is not signed by this key"):
        checkpoints.heads([line], key=OTHER_KEY.public_key())


@pytest.mark.parametrize(
    "garbage",
    [
        *("", "7", "[]", "{}", "null", "[" * 100_000),
        *('{"signature": 7}', '{"signature": "no hex"}', '{"signature": "", "a": 1.5}'),
    ],
)
def test_a_line_that_is_no_checkpoint_is_said_so(garbage: str) -> None:
    with pytest.raises(checkpoints.NotSigned, match="checkpoint 1 is none"):
        proved(garbage)


def test_two_that_contradict_each_other_are_found(line: str) -> None:
    """Both are signed, so the chain itself was written anew in between."""
    seen = json.loads(line)
    del seen["signature"]
    seen["heads"]["acme"]["hash"] = "f" * 64
    signature = KEY.sign(checkpoints.trail.canonical(seen)).hex()
    with pytest.raises(checkpoints.NotSigned, match="2 contradicts an earlier one about acme"):
        proved(line, json.dumps(seen | {"signature": signature}))


@pytest.mark.parametrize(
    ("read", "content", "says"),
    [
        (checkpoints.private_key, b"garbage", "holds no private key in PEM"),
        (checkpoints.private_key, PUBLIC_PEM, "holds no private key in PEM"),
        (checkpoints.private_key, EC_PEM, "holds no Ed25519 key"),
        (checkpoints.private_key, None, "cannot be read: No such file"),
        (checkpoints.public_key, b"", "holds no public key in PEM"),
        (checkpoints.public_key, PEM, "holds no public key in PEM"),
        (checkpoints.public_key, EC_PUBLIC_PEM, "holds no Ed25519 key"),
        (checkpoints.public_key, None, "cannot be read: No such file"),
    ],
)
def test_a_key_that_cannot_be_used_says_why_in_one_line(read, content, says, tmp_path: Path):
    file = tmp_path / "audit.key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(checkpoints.KeyUnusable, match=says) as refused:
        read(file)
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)
