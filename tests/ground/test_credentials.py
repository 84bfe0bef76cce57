"""Is a secret what scanners and people can rely on, and a username what shells and URLs can?"""

import base64
import hmac
import json
import re
import string
import time
import zlib
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tokens import credentials

PREFIX = "twc_"
LENGTH = len(PREFIX) + credentials.BODY_LENGTH + credentials.CHECKSUM_LENGTH
SLUG = st.from_regex(r"\A[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}\Z")

secrets = st.builds(lambda _: credentials.mint_secret(PREFIX), st.integers())


def decoded(digits: str) -> int:
    """Base62, most significant digit first, written anew here."""
    alphabet = string.digits + string.ascii_uppercase + string.ascii_lowercase
    number = 0
    for digit in digits:
        number = number * 62 + alphabet.index(digit)
    return number


@given(st.sampled_from([PREFIX, "acme_", "x"]))
def test_a_minted_secret_is_well_formed(prefix):
    secret = credentials.mint_secret(prefix)
    assert re.fullmatch(re.escape(prefix) + "[0-9A-Za-z]{36}", secret)
    assert credentials.is_well_formed(secret, prefix)


@given(secrets)
def test_its_last_six_characters_are_the_crc32_of_all_before_them(secret):
    assert decoded(secret[-6:]) == zlib.crc32(secret[:-6].encode())


def test_the_checksum_is_the_published_one():
    # The check value of CRC-32/ISO-HDLC is 0xCBF43926 for "123456789".
    assert decoded(credentials.checksum("123456789")) == 0xCBF43926


def test_a_small_checksum_keeps_its_six_digits():
    # CRC-32 of no text is 0.
    assert credentials.checksum("") == "000000"


def test_secrets_do_not_repeat():
    assert len({credentials.mint_secret(PREFIX) for _ in range(1000)}) == 1000


@given(secrets, st.integers(0, LENGTH - 1), st.characters())
def test_a_secret_with_one_character_changed_is_not_well_formed(secret, place, other):
    changed = secret[:place] + other + secret[place + 1 :]
    assert credentials.is_well_formed(changed, PREFIX) == (changed == secret)


@given(secrets, st.integers(0, LENGTH - 1))
def test_a_secret_cut_short_is_not_well_formed(secret, length):
    assert not credentials.is_well_formed(secret[:length], PREFIX)


@given(secrets, st.integers(0, LENGTH), st.text(min_size=1, max_size=3))
def test_a_secret_with_more_in_it_is_not_well_formed(secret, place, more):
    assert not credentials.is_well_formed(secret[:place] + more + secret[place:], PREFIX)


@given(secrets, st.integers(0, LENGTH - 2))
def test_a_secret_with_two_neighbours_exchanged_is_not_well_formed(secret, place):
    before, one, other, after = (
        secret[:place],
        secret[place],
        secret[place + 1],
        secret[place + 2 :],
    )
    exchanged = before + other + one + after
    assert credentials.is_well_formed(exchanged, PREFIX) == (exchanged == secret)


@pytest.mark.parametrize("body", ["twc_" + "a" * 29, "twc_" + "a" * 31, "xyz_" + "a" * 30])
def test_the_right_checksum_makes_no_secret_of_another_text(body):
    assert not credentials.is_well_formed(body + credentials.checksum(body), PREFIX)


@given(st.text())
@example("\ud800")  # which no encoding has
def test_any_text_can_be_asked_about(text):
    assert credentials.is_well_formed(text, PREFIX) is False
    assert credentials.matches(text, [credentials.digest("another")]) is False


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(str.upper, id="upper case"),
        pytest.param(str.lower, id="lower case"),
        pytest.param(lambda secret: secret + " ", id="a space after it"),
        pytest.param(lambda secret: secret + "\n", id="a newline after it"),
        pytest.param(lambda secret: " " + secret, id="a space before it"),
        pytest.param(lambda secret: secret.removeprefix(PREFIX), id="without its prefix"),
        pytest.param(lambda secret: "xyz_" + secret.removeprefix(PREFIX), id="another prefix"),
        pytest.param(lambda secret: secret * 25_000, id="a million characters"),
        pytest.param(lambda secret: "", id="nothing"),
        pytest.param(lambda secret: secret[:9] + "\ud800" + secret[10:], id="a lone surrogate"),
    ],
)
def test_what_people_and_machines_do_to_secrets_shows(spoil):
    secret = credentials.mint_secret(PREFIX)
    assert not credentials.is_well_formed(spoil(secret), PREFIX)


@given(secrets)
def test_a_secret_is_stored_as_its_sha256(secret):
    assert credentials.digest(secret) == sha256(secret.encode()).digest()
    assert credentials.hint(secret) == secret[-4:]


@given(secrets, secrets)
def test_a_secret_matches_its_own_digest_only(secret, another):
    known = credentials.digest(another)
    assert not credentials.matches(secret, [known])
    assert credentials.matches(another, [known])
    assert credentials.matches(another, [credentials.digest(secret), known])
    assert credentials.matches(another, [known, credentials.digest(secret)])


def test_nothing_matches_where_there_are_no_digests():
    assert not credentials.matches("nobody's secret", [])
    assert credentials.digest("nobody's secret") == credentials.NOBODYS_DIGEST


@pytest.mark.parametrize(
    "digests",
    [
        pytest.param([], id="an unknown username"),
        pytest.param([b"x" * 32], id="a known username"),
    ],
)
def test_an_unknown_username_is_as_much_work_as_a_known_one(digests, monkeypatch):
    compared = []

    def compare(one, other):
        compared.append((len(one), len(other)))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare)
    credentials.matches(credentials.mint_secret(PREFIX), digests)
    assert compared == [(32, 32)]


@given(SLUG)
def test_usernames_are_of_the_company_and_need_no_quoting_anywhere(slug):
    username = credentials.mint_username(slug)
    assert re.fullmatch(re.escape(slug) + "-[a-z2-7]{8}", username)
    assert re.fullmatch("[a-z0-9-]+", username)
    assert credentials.is_username(username)


def test_usernames_do_not_repeat():
    assert len({credentials.mint_username("acme") for _ in range(1000)}) == 1000


@given(st.text())
def test_a_username_is_of_lower_case_letters_digits_and_hyphens(text):
    is_plain = (
        bool(text) and len(text) <= 60 and set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    )
    assert credentials.is_username(text) == is_plain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a" * 61,
        "Acme-abcdefgh",
        "acme-abcdefgh\n",
        "acme:x",
        "acme\0",
        "ácme",
        "٣",
        "a" * 10_000,
    ],
    ids=repr,
)
def test_no_username(text):
    assert not credentials.is_username(text)


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config_json(secret: str) -> str:
    auth = in_base64(f"acme-aaaaaaaa:{secret}")
    return json.dumps({"auths": {"registry.example.com": {"auth": auth}}})


SURROUNDINGS = {
    "alone": lambda secret: secret,
    "with space around": lambda secret: f"  {secret}\n",
    "in a line of a log": lambda secret: f'2026-05-04 login -u acme-x -p "{secret}" failed',
    "in an address": lambda secret: f"https://acme-aaaaaaaa:{secret}@registry.example.com/",
    "with letters behind it": lambda secret: f"{secret}abc",
    "in a header": lambda secret: f"Authorization: Basic {in_base64(f'acme-x:{secret}')}",
    "in config.json": config_json,
    "in a manifest": lambda secret: f".dockerconfigjson: {in_base64(config_json(secret))}",
    "in base64 without its end": lambda secret: in_base64(f"user:{secret}").rstrip("="),
    "in base64 with a letter behind it": lambda secret: in_base64(f"acme:{secret}") + "x",
    "behind a path": lambda secret: "/auth/" + in_base64(f"u:{secret}"),
}


@pytest.mark.parametrize("surround", SURROUNDINGS.values(), ids=SURROUNDINGS.keys())
@given(secret=secrets)
def test_a_secret_is_spotted_wherever_it_stands(surround, secret):
    spotted = credentials.spot(surround(secret), PREFIX)
    assert spotted == ([credentials.digest(secret)], False)
    assert secret not in repr(spotted)


@given(secrets, st.integers(len(PREFIX) + credentials.SEEN_AS_TORN, LENGTH - 1))
def test_a_piece_of_a_secret_is_torn(secret, length):
    for piece in (secret[:length], in_base64(f"acme-aaaaaaaa:{secret[:length]}")):
        assert credentials.spot(piece, PREFIX) == ([], True)


def test_a_secret_and_a_piece_of_one_are_both_a_finding():
    secret = credentials.mint_secret(PREFIX)
    assert credentials.spot(secret, PREFIX)
    assert credentials.spot(secret[:-1], PREFIX)


def test_whole_and_torn_secrets_are_told_apart():
    whole, other = credentials.mint_secret(PREFIX), credentials.mint_secret(PREFIX)
    spotted = credentials.spot(f"{whole} {other[:-1]} {whole} {in_base64(other)}", PREFIX)
    assert spotted.digests == sorted(map(credentials.digest, (whole, other)))
    assert spotted.is_torn


@pytest.mark.parametrize(
    "words",
    ["", "twc_", "twc_ rotation", "cluster EU", "acme-aaaaaaaa", "ana@acme.example", "A" * 60],
)
def test_words_are_no_secret(words):
    assert not credentials.spot(words, PREFIX)


@given(st.text(max_size=300))
def test_any_text_may_be_looked_through(words):
    assert credentials.spot(words, PREFIX).digests == []


@pytest.mark.parametrize("prefix", ["a", PREFIX])
def test_a_long_text_is_looked_through_quickly(prefix):
    started = time.perf_counter()
    for letter in ("a", "A", "_", "+"):
        credentials.spot(letter * 10_000, prefix)
    assert time.perf_counter() - started < 1
