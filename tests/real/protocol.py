"""A client of a few lines, after the registry's and the token protocol's specifications."""

from typing import Any

import requests
from requests.utils import parse_dict_header

from tests.stack import Credential

SECONDS = 10
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def get(registry: str, path: str, *, grant: str = "") -> requests.Response:
    headers = {"Accept": MANIFEST}
    if grant:
        headers["Authorization"] = f"Bearer {grant}"
    return requests.get(f"http://{registry}/v2/{path}", headers=headers, timeout=SECONDS)


def manifest(registry: str, image: str, *, grant: str = "") -> requests.Response:
    name, _, tag = image.partition(":")
    return get(registry, f"{name}/manifests/{tag}", grant=grant)


def challenge(refused: requests.Response) -> dict[str, str]:
    """Where and for what the registry sends a client that it has refused."""
    scheme, _, parameters = refused.headers["WWW-Authenticate"].partition(" ")
    assert scheme == "Bearer"
    return {name: str(value) for name, value in parse_dict_header(parameters).items()}


def ask(realm: dict[str, str], credential: Credential) -> requests.Response:
    """What the realm answers to a challenge."""
    wanted = {name: value for name, value in realm.items() if name in {"service", "scope"}}
    basic = (credential.username, credential.secret)
    return requests.get(realm["realm"], params=wanted, auth=basic, timeout=SECONDS)


def granted(registry: str, image: str, credential: Credential) -> str:
    """The grant that the realm gives for an image to whoever is refused without one."""
    answer = ask(challenge(manifest(registry, image)), credential)
    assert answer.ok, answer.text
    return str(answer.json()["token"])


def pull(registry: str, image: str, credential: Credential) -> int:
    """Pulls manifest, config and layers; how many bytes they are. Fails where one is refused."""
    grant = granted(registry, image, credential)
    answer = manifest(registry, image, grant=grant)
    assert answer.ok, answer.text
    listed: dict[str, Any] = answer.json()
    name, size = image.partition(":")[0], 0
    for blob in (listed["config"], *listed["layers"]):
        content = get(registry, f"{name}/blobs/{blob['digest']}", grant=grant).content
        assert len(content) == blob["size"]
        size += len(content)
    return size
