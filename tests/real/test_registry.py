"""Does a registry with the printed configuration believe this portal, and nobody else?"""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from tests.real import protocol
from tests.real.forger import Forger, pull_of
from tests.real.printed import Printed
from tests.real.programs import wait_until
from tests.stack import Stack, free_port
from tokens.registry import authority, local

pytestmark = pytest.mark.engine

IMAGE = "public/universal:latest"
NAME = "public/universal"


@pytest.fixture(scope="module")
def registry(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A second registry of the same images, started with nothing but what the command prints."""
    with running(stack, tmp_path_factory.mktemp("registry")) as address:
        yield address


@contextmanager
def running(stack: Stack, folder: Path, *, bundle: Path | None = None) -> Iterator[str]:
    """A registry with the printed configuration; ``bundle`` holds other authorities to trust."""
    address = f"127.0.0.1:{free_port()}"
    storage = str(stack.var_dir / "registry" / "storage")

    def printed_configuration(line: int) -> str:
        options = ["--storage", storage, "--address", address]
        done = stack.manage("registry_config", "--for", str(line), *options)
        assert done.returncode == 0, done.stderr
        config = json.loads(done.stdout)
        if bundle:
            config["auth"]["token"]["rootcertbundle"] = str(bundle)
        return json.dumps(config)

    started = local.start(
        local.find(stack.var_dir / "registry"),
        address=address,
        configure=printed_configuration,
        folder=folder,
        log=folder / "log",
    )
    try:
        yield address
    finally:
        started.stop()


@pytest.fixture
def forger(stack: Stack) -> Forger:
    return Forger(stack.var_dir)


@pytest.mark.parametrize(
    "path",
    ["", f"{NAME}/manifests/latest", f"{NAME}/tags/list", f"{NAME}/blobs/{{blob}}", "_catalog"],
)
def test_without_a_grant_there_is_nothing(registry: str, forger: Forger, path: str) -> None:
    layer = protocol.manifest(registry, IMAGE, grant=forger.grant()).json()["layers"][0]
    refused = protocol.get(registry, path.format(blob=layer["digest"]))
    assert refused.status_code == 401
    assert protocol.challenge(refused)["service"] == settings.REGISTRY_SERVICE


def test_the_challenge_names_the_realm_and_what_to_ask_it_for(registry: str, stack: Stack) -> None:
    assert protocol.challenge(protocol.manifest(registry, IMAGE)) == {
        "realm": f"{stack.portal}/auth/token",
        "service": settings.REGISTRY_SERVICE,
        "scope": f"repository:{NAME}:pull",
    }


def test_what_the_realm_grants_is_accepted(registry: str, printed: Printed) -> None:
    assert protocol.pull(registry, IMAGE, printed.credential) > 0


def test_a_right_grant_is_accepted(registry: str, forger: Forger) -> None:
    """So that each refusal below has the one reason that it is named after."""
    assert protocol.manifest(registry, IMAGE, grant=forger.grant()).ok
    under_another_leaf = forger.under_a_leaf(lifetime=timedelta(minutes=1))
    assert protocol.manifest(registry, IMAGE, grant=under_another_leaf).ok


def of_another_authority(forger: Forger, tmp_path: Path) -> str:
    files = (tmp_path / "ca.crt", tmp_path / "ca.key")
    return forger.grant(by=authority.create(*files, now=datetime.now(UTC), days=1))


def under_a_key_that_nobody_signed(forger: Forger, tmp_path: Path) -> str:
    """The portal's own certificate in the header, and another key's signature."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    return forger.signed_again(key=stranger, algorithm="ES256")


def without_a_certificate(forger: Forger, tmp_path: Path) -> str:
    stranger = ec.generate_private_key(ec.SECP256R1())
    return forger.signed_again(key=stranger, algorithm="ES256", x5c=None)


def with_the_certificate_as_a_password(forger: Forger, tmp_path: Path) -> str:
    """HS256 keyed with what is public: the classic confusion of algorithms, by hand."""
    header, claims, _ = forger.grant().split(".")
    x5c = jwt.get_unverified_header(f"{header}.{claims}.")["x5c"]
    head = _encoded(json.dumps({"typ": "JWT", "alg": "HS256", "x5c": x5c}).encode())
    public = forger.authority.certificate.public_bytes(serialization.Encoding.PEM)
    return f"{head}.{claims}.{_encoded(hmac.digest(public, f'{head}.{claims}'.encode(), 'sha256'))}"


def without_a_signature(forger: Forger, tmp_path: Path) -> str:
    return forger.signed_again(key=None, algorithm="none")


def with_more_access_than_was_signed(forger: Forger, tmp_path: Path) -> str:
    header, _, signature = forger.grant(access=[pull_of("public/indicium")]).split(".")
    claims = jwt.decode(forger.grant(), options={"verify_signature": False})
    return f"{header}.{_encoded(json.dumps(claims).encode())}.{signature}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def of_an_expired_leaf(forger: Forger, tmp_path: Path) -> str:
    """Right in all its claims, signed with a leaf whose day is over."""
    return forger.under_a_leaf(lifetime=timedelta(seconds=-1))


def of_another_issuer(forger: Forger, tmp_path: Path) -> str:
    return forger.grant(issuer="somebody-else")


def for_another_service(forger: Forger, tmp_path: Path) -> str:
    return forger.grant(audience="another-registry")


def expired_beyond_the_leeway(forger: Forger, tmp_path: Path) -> str:
    return forger.grant(now=datetime.now(UTC) - timedelta(seconds=60 + 60 + 5))


def not_valid_yet(forger: Forger, tmp_path: Path) -> str:
    return forger.grant(now=datetime.now(UTC) + timedelta(minutes=5))


@pytest.mark.parametrize(
    "forged",
    [
        of_another_issuer,
        for_another_service,
        expired_beyond_the_leeway,
        not_valid_yet,
        of_another_authority,
        of_an_expired_leaf,
        under_a_key_that_nobody_signed,
        without_a_certificate,
        with_the_certificate_as_a_password,
        without_a_signature,
        with_more_access_than_was_signed,
    ],
    ids=lambda forged: forged.__name__,
)
def test_a_wrong_grant_is_refused(
    registry: str, forger: Forger, tmp_path: Path, forged: Callable[[Forger, Path], str]
) -> None:
    grant = forged(forger, tmp_path)
    answer = protocol.manifest(registry, IMAGE, grant=grant)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "UNAUTHORIZED"


def test_an_expired_grant_is_accepted_for_a_minute(registry: str, forger: Forger) -> None:
    """The leeway in the bound that people are told when they revoke."""
    expired = forger.grant(now=datetime.now(UTC) - timedelta(seconds=60 + 30))
    assert protocol.manifest(registry, IMAGE, grant=expired).ok


def test_leafs_that_are_made_while_the_registry_runs_are_accepted(
    registry: str, printed: Printed
) -> None:
    """Each of the portal's processes signs with its own."""
    accepted = set()

    def both_have_signed() -> bool:
        grant = protocol.granted(registry, IMAGE, printed.credential)
        assert protocol.manifest(registry, IMAGE, grant=grant).ok
        accepted.add(jwt.get_unverified_header(grant)["kid"])
        return len(accepted) == 2

    wait_until(both_have_signed, told=lambda: f"one process signs everything: {accepted}")


@pytest.mark.parametrize(
    "name", ["public", "public/*", "*", "public/universal2", "public/universa", "Public/Universal"]
)
def test_a_grant_opens_the_repository_of_exactly_its_name(
    registry: str, forger: Forger, name: str
) -> None:
    grant = forger.grant(access=[pull_of(name)])
    answer = protocol.manifest(registry, IMAGE, grant=grant)
    assert answer.status_code == 401
    assert protocol.challenge(answer)["error"] == "insufficient_scope"


def test_a_grant_to_pull_neither_pushes_nor_deletes(registry: str, forger: Forger) -> None:
    answer = protocol.manifest(registry, IMAGE, grant=forger.grant())
    headers = {"Authorization": f"Bearer {forger.grant()}"}
    base = f"http://{registry}/v2/{NAME}"
    pushed = requests.post(f"{base}/blobs/uploads/", headers=headers, timeout=10)
    digest = answer.headers["Docker-Content-Digest"]
    deleted = requests.delete(f"{base}/manifests/{digest}", headers=headers, timeout=10)
    assert (pushed.status_code, deleted.status_code) == (401, 401)
    assert protocol.manifest(registry, IMAGE, grant=forger.grant()).ok


def test_an_authority_is_replaced_without_a_refused_pull(
    stack: Stack, forger: Forger, tmp_path: Path
) -> None:
    """As the operating manual describes: both in the bundle, then the new one signs, then alone."""
    files = (tmp_path / "new.crt", tmp_path / "new.key")
    successor = authority.create(*files, now=datetime.now(UTC), days=1)
    old_certificate, bundle = (stack.var_dir / "ca.crt").read_text(), tmp_path / "bundle.crt"

    def is_accepted(address: str, grant: str) -> bool:
        return protocol.manifest(address, IMAGE, grant=grant).ok

    bundle.write_text(old_certificate + files[0].read_text())
    with running(stack, tmp_path / "both", bundle=bundle) as address:
        assert is_accepted(address, forger.grant())
        assert is_accepted(address, forger.grant(by=successor))
    with running(stack, tmp_path / "new", bundle=files[0]) as address:
        assert is_accepted(address, forger.grant(by=successor))
        assert not is_accepted(address, forger.grant())
