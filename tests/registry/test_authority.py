"""Is the signing authority one that a registry trusts, and is a wrong one named?"""

import base64
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tests import verifier
from tokens.registry import authority
from tokens.registry.authority import Authority, AuthorityError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
def made(tmp_path):
    """The files of an authority that is valid for 30 days from now."""
    cert_file, key_file = tmp_path / "ca.crt", tmp_path / "ca.key"
    authority.create(cert_file, key_file, now=NOW, days=30)
    return cert_file, key_file


@pytest.fixture
def ca(made):
    return Authority.load(*made)


def leaf_of(ca, *, now=NOW, lifetime=DAY):
    """A leaf, and its certificate."""
    leaf = ca.issue_leaf(now=now, lifetime=lifetime)
    return leaf, x509.load_der_x509_certificate(base64.b64decode(leaf.chain))


def pem(key, encryption=None):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        encryption or serialization.NoEncryption(),
    )


def pem_of_an_unknown_kind():
    der = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    # The last byte of the curve's object identifier, 1.2.840.10045.3.1.7.
    unknown = der.replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030155"))
    body = base64.encodebytes(unknown)
    return b"-----BEGIN PRIVATE KEY-----\n" + body + b"-----END PRIVATE KEY-----\n"


class TestTheAuthority:
    def test_can_sign_leafs_and_nothing_below_them(self, ca):
        extensions = ca.certificate.extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints)
        usage = extensions.get_extension_for_class(x509.KeyUsage)
        assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
        assert usage.value.key_cert_sign
        assert not usage.value.digital_signature
        assert constraints.critical
        assert usage.critical

    def test_is_signed_by_itself(self, ca):
        ca.certificate.verify_directly_issued_by(ca.certificate)

    def test_is_valid_from_five_minutes_ago_for_as_long_as_told(self, ca):
        assert ca.certificate.not_valid_before_utc == NOW - FIVE_MINUTES
        assert ca.expires_at == NOW + 30 * DAY

    def test_is_read_by_its_owner_only(self, made):
        assert [stat.S_IMODE(file.stat().st_mode) for file in made] == [0o444, 0o400]

    def test_makes_its_folder(self, tmp_path):
        folder = tmp_path / "some" / "where"
        authority.create(folder / "ca.crt", folder / "ca.key", now=NOW, days=1)
        assert sorted(file.name for file in folder.iterdir()) == ["ca.crt", "ca.key"]

    @pytest.mark.parametrize("there", ["ca.crt", "ca.key"])
    def test_overwrites_nothing(self, there, tmp_path):
        (tmp_path / there).write_text("in use")
        with pytest.raises(FileExistsError, match=there):
            authority.create(tmp_path / "ca.crt", tmp_path / "ca.key", now=NOW, days=1)
        assert [file.read_text() for file in tmp_path.iterdir()] == ["in use"]

    @pytest.mark.parametrize(
        ("moment", "holds"),
        [
            (NOW - FIVE_MINUTES, True),
            (NOW + 30 * DAY, True),
            (NOW - FIVE_MINUTES - timedelta(seconds=1), False),
            (NOW + 30 * DAY + timedelta(seconds=1), False),
        ],
    )
    def test_is_checked_to_the_second(self, ca, moment, holds):
        if holds:
            ca.check(moment)
            return
        with pytest.raises(AuthorityError, match=r"2026-03-01 11:55:00.* to 2026-03-31 12:00:00"):
            ca.check(moment)


class TestFilesThatAreWrong:
    @pytest.mark.parametrize("which", [0, 1], ids=["certificate", "key"])
    @pytest.mark.parametrize(
        ("spoil", "says"),
        [
            pytest.param(lambda file: file.unlink(), "cannot be read: No such file", id="missing"),
            pytest.param(lambda file: put(file, b""), "holds no", id="empty"),
            pytest.param(lambda file: put(file, b"\xff\0garbled"), "holds no", id="garbled"),
            pytest.param(lambda file: put(file, file.read_bytes()[:-40]), "holds no", id="cut"),
            pytest.param(lambda file: (file.unlink(), file.mkdir()), "directory", id="a folder"),
        ],
    )
    def test_are_named(self, made, which, spoil, says):
        spoil(made[which])
        with pytest.raises(AuthorityError, match=says) as wrong:
            Authority.load(*made)
        assert str(made[which]) in str(wrong.value)

    @pytest.mark.parametrize(
        ("key", "says"),
        [
            pytest.param(
                pem(ed25519.Ed25519PrivateKey.generate()), "is no elliptic-curve key", id="Ed25519"
            ),
            pytest.param(
                pem(ec.generate_private_key(ec.SECP256R1())), "is not the key of", id="another's"
            ),
            pytest.param(
                pem(
                    ec.generate_private_key(ec.SECP256R1()),
                    serialization.BestAvailableEncryption(b"locked"),
                ),
                "holds no unencrypted private key",
                id="encrypted",
            ),
            pytest.param(
                pem_of_an_unknown_kind(), "holds no unencrypted private key", id="unknown kind"
            ),
        ],
    )
    def test_say_what_is_wrong_with_the_key(self, made, key, says):
        put(made[1], key)
        with pytest.raises(AuthorityError, match=says):
            Authority.load(*made)

    def test_are_noticed_when_exchanged(self, made):
        with pytest.raises(AuthorityError, match=r"ca\.key holds no certificate"):
            Authority.load(*reversed(made))


def put(file, content):
    file.chmod(0o600)
    file.write_bytes(content)


class TestLeafs:
    def test_are_issued_by_the_authority_to_sign_grants_only(self, ca):
        leaf, certificate = leaf_of(ca)
        certificate.verify_directly_issued_by(ca.certificate)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.value.ca is False
        assert isinstance(certificate.public_key().curve, ec.SECP256R1)
        assert certificate.public_key() == leaf.key.public_key()

    def test_of_another_authority_are_not_its_own(self, ca, tmp_path):
        other = authority.create(tmp_path / "b.crt", tmp_path / "b.key", now=NOW, days=1)
        with pytest.raises(InvalidSignature):
            leaf_of(other)[1].verify_directly_issued_by(ca.certificate)

    def test_begin_five_minutes_ago_for_registries_whose_clock_lags(self, ca):
        leaf, certificate = leaf_of(ca, now=NOW + DAY)
        assert certificate.not_valid_before_utc == leaf.not_before == NOW + DAY - FIVE_MINUTES
        assert certificate.not_valid_after_utc == leaf.not_after == NOW + 2 * DAY

    def test_never_begin_before_the_authority(self, ca):
        leaf, _ = leaf_of(ca, now=NOW - FIVE_MINUTES)
        assert leaf.not_before == NOW - FIVE_MINUTES

    def test_never_outlive_the_authority(self, ca):
        leaf, _ = leaf_of(ca, now=ca.expires_at - timedelta(hours=1))
        assert leaf.not_after == ca.expires_at

    def test_are_not_issued_by_an_authority_that_is_out_of_date(self, ca):
        with pytest.raises(AuthorityError):
            ca.issue_leaf(now=ca.expires_at + timedelta(seconds=1), lifetime=DAY)

    def test_are_half_over_in_the_middle(self, ca):
        leaf, _ = leaf_of(ca)
        assert leaf.half_life - leaf.not_before == leaf.not_after - leaf.half_life

    def test_share_neither_key_nor_number(self, ca):
        (one, one_certificate), (other, other_certificate) = leaf_of(ca), leaf_of(ca)
        assert one.key_id != other.key_id
        assert one_certificate.serial_number != other_certificate.serial_number

    def test_do_not_show_their_key(self, ca):
        leaf, _ = leaf_of(ca)
        number = leaf.key.private_numbers().private_value
        assert str(number) not in repr(leaf)


class TestKeyIds:
    @pytest.mark.parametrize(
        ("x", "y", "key_id"),
        [
            pytest.param(
                "m7zUpx3b-zmVE5cymSs64POG9QcyEpJaYCD82-549_Q",
                "dU3biz8sZ_8GPB-odm8Wxz3lNDr1xcAQQPQaOcr1fmc",
                "PYYO:TEWU:V7JH:26JV:AQTZ:LJC3:SXVJ:XGHA:34F2:2LAQ:ZRMK:Z7Q6",
                id="token authentication specification",
            ),
            pytest.param(
                "3gAwX48IQ5oaYQAYSxor6rYYc_6yjuLCjtQ9LUakg4A",
                "t72ge6kIA1XOjqjVoEOiPPAURltJFBMGDSQvEGVB010",
                "OD6I:6DRK:JXEJ:KBM4:255X:NSAA:MUSF:E4VM:ZI6W:CUN2:L4Z6:LSF4",
                id="image manifest version 2, schema 1",
            ),
        ],
    )
    def test_are_those_that_the_distribution_project_publishes(self, x, y, key_id):
        numbers = ec.EllipticCurvePublicNumbers(number(x), number(y), ec.SECP256R1())
        assert authority.libtrust_key_id(numbers.public_key()) == key_id
        assert verifier.fingerprint(numbers.public_key()) == key_id


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "="), "big")
