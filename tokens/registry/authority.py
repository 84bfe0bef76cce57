"""Whom does the registry trust, and with which certificate does this process sign?

The registry trusts the certificate of a private authority (CA), which it reads once when it starts.
Leaf certificates are made under it, in memory, so a new one needs no restart.
"""

import base64
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Certificates get no leeway from the registry, so clocks that lag are allowed for here.
BACKDATED = timedelta(minutes=5)


class AuthorityError(Exception):
    """The authority is missing, unreadable, garbled or out of date. The message names the file."""


@dataclass(frozen=True)
class Leaf:
    """A key with the certificate that the registry checks, ready for a grant's header.

    ``key_id`` is libtrust's fingerprint of the public key; ``chain`` the certificate in base64 DER,
    as RFC 7515 §4.1.6 asks of ``x5c``.
    """

    key: ec.EllipticCurvePrivateKey
    key_id: str
    chain: str
    not_before: datetime
    not_after: datetime

    @property
    def half_life(self) -> datetime:
        return self.not_before + (self.not_after - self.not_before) / 2


@dataclass(frozen=True)
class Authority:
    """The certificate in the registry's ``rootcertbundle``, with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def load(cls, cert_file: Path, key_file: Path) -> "Authority":
        """Reads both PEM files.

        Raises:
            AuthorityError: one is missing, unreadable or garbled, or they do not belong together.
        """
        try:
            certificate = x509.load_pem_x509_certificate(_read(cert_file))
        except ValueError as error:
            raise AuthorityError(f"{cert_file} holds no certificate") from error
        try:
            key = serialization.load_pem_private_key(_read(key_file), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise AuthorityError(f"{key_file} holds no unencrypted private key") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise AuthorityError(f"{key_file} is no elliptic-curve key")
        if certificate.public_key() != key.public_key():
            raise AuthorityError(f"{key_file} is not the key of {cert_file}")
        return cls(certificate, key)

    @property
    def expires_at(self) -> datetime:
        return self.certificate.not_valid_after_utc

    def check(self, now: datetime) -> None:
        """Raises AuthorityError unless its certificate is valid at ``now``."""
        if not self.certificate.not_valid_before_utc <= now <= self.expires_at:
            first, last = self.certificate.not_valid_before_utc, self.expires_at
            raise AuthorityError(f"the signing authority is valid from {first} to {last} only")

    def issue_leaf(self, *, now: datetime, lifetime: timedelta) -> Leaf:
        """A new key and a certificate for it that ends with the authority at the latest.

        Raises:
            AuthorityError: the authority itself is out of date.
        """
        self.check(now)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(
                "container token portal",
                key.public_key(),
                start=max(now - BACKDATED, self.certificate.not_valid_before_utc),
                end=min(now + lifetime, self.expires_at),
            )
            .issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        return Leaf(
            key=key,
            key_id=libtrust_key_id(key.public_key()),
            chain=base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )


def libtrust_key_id(key: ec.EllipticCurvePublicKey) -> str:
    """The first 30 bytes of the SHA-256 of the DER public key, in base32, twelve groups of four.

    Source: libtrust's ``util.go`` (``keyIDFromCryptoKey``), which registries up to 2.8 look up.
    """
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    encoded = base64.b32encode(sha256(der).digest()[:30]).decode()
    return ":".join(encoded[start : start + 4] for start in range(0, len(encoded), 4))


def create(cert_file: Path, key_file: Path, *, now: datetime, days: int) -> Authority:
    """Makes an authority and writes both files, readable by their owner only.

    Raises:
        FileExistsError: one of them exists; nothing is overwritten.
    """
    for file in (cert_file, key_file):
        if file.exists():
            raise FileExistsError(f"{file} exists already")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(key, now=now, days=days)
    _write(
        key_file,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        mode=0o400,
    )
    _write(cert_file, certificate.public_bytes(serialization.Encoding.PEM), mode=0o444)
    return Authority(certificate, key)


def _self_signed(key: ec.EllipticCurvePrivateKey, *, now: datetime, days: int) -> x509.Certificate:
    name = "container token portal authority"
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _builder(name, key.public_key(), start=now - BACKDATED, end=now + timedelta(days=days))
        .issuer_name(_subject(name))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def _builder(
    name: str, key: ec.EllipticCurvePublicKey, *, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start.astimezone(UTC))
        .not_valid_after(end.astimezone(UTC))
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise AuthorityError(f"{file} cannot be read: {error.strerror}") from error


def _write(file: Path, content: bytes, *, mode: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
