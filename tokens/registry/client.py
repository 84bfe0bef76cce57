"""Which images does the registry hold? Its catalog, tags and manifests over HTTP.

After the distribution project's HTTP API V2; 2.8 paginates the catalog, 3.x the tags too.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import requests

from tokens.registry import scopes
from tokens.registry.signing import Access, Scope

SECONDS = 5
LARGEST_LIST = 1024 * 1024  # 2.8 sends all tags of a repository at once
LARGEST_DOCUMENT = 64 * 1024  # a manifest or a config
PAGE = 100  # more than 1000 is 400 PAGINATION_NUMBER_INVALID
MOST_PAGES = 1000

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
DIGEST_HEADER = "Docker-Content-Digest"


class RegistryAway(Exception):
    """The registry could not be reached, or answered what makes no sense; the message says why."""


@dataclass(frozen=True)
class Content:
    """What a tag stands for: the manifest's digest, the bytes to pull, and when it was built."""

    digest: str
    size: int | None
    created_at: datetime | None


class Client:
    """Reads a registry with grants that it asks for as it goes.

    Args:
        base: the registry's address, such as ``http://registry:5000``.
        sign: makes the grant for an access.
    """

    def __init__(self, base: str, *, sign: Callable[[Access], str]) -> None:
        self._base = base
        self._sign = sign
        self._session = requests.Session()
        self._session.trust_env = False

    def repositories(self) -> list[str]:
        """The names of all repositories.

        Raises:
            RegistryAway
        """
        access = [Scope(type="registry", name="catalog", actions=["*"])]
        pages = self._pages(f"/v2/_catalog?n={PAGE}", access)
        names = [name for page in pages for name in page.get("repositories") or []]
        return [name for name in names if isinstance(name, str) and scopes.is_repository_name(name)]

    def tags(self, repository: str) -> list[str]:
        """The names of a repository's tags; none where it has lost them all.

        Raises:
            RegistryAway
        """
        pages = self._pages(f"/v2/{repository}/tags/list?n={PAGE}", _pull(repository))
        return [str(tag) for page in pages for tag in page.get("tags") or []]

    def digest(self, repository: str, tag: str) -> str:
        """What the tag stands for at the moment.

        Raises:
            RegistryAway
        """
        with self._ask("HEAD", f"/v2/{repository}/manifests/{tag}", _pull(repository)) as answer:
            return answer.headers.get(DIGEST_HEADER, "")

    def content(self, repository: str, digest: str) -> Content:
        """Size and date behind a digest; of the first platform where it stands for several.

        Raises:
            RegistryAway
        """
        try:
            return self._content(repository, digest)
        except (AttributeError, KeyError, TypeError) as error:
            raise RegistryAway(f"the manifest of {repository}@{digest} makes no sense") from error

    def _content(self, repository: str, digest: str) -> Content:
        access = _pull(repository)
        manifest = self._read(f"/v2/{repository}/manifests/{digest}", access)
        if manifest.get("mediaType") in INDEXES or "manifests" in manifest:
            if not manifest["manifests"]:
                return Content(digest, None, None)
            first = manifest["manifests"][0]["digest"]
            manifest = self._read(f"/v2/{repository}/manifests/{first}", access)
        config = manifest["config"]
        size = sum(part["size"] for part in (config, *manifest["layers"]))
        document = self._read(f"/v2/{repository}/blobs/{config['digest']}", access)
        return Content(digest, size, _moment(document.get("created")))

    def _pages(self, path: str, access: Access) -> Iterator[dict[str, Any]]:
        token = self._sign(access)
        for _ in range(MOST_PAGES):
            answer = self._send("GET", path, token)
            if answer.status_code == 404:
                return
            yield _json(answer, most=LARGEST_LIST)
            following = answer.links.get("next", {}).get("url")
            if not following:
                return
            path = self._path(urljoin(self._base + path, following))
        raise RegistryAway(f"{path} has more than {MOST_PAGES} pages")

    def _path(self, url: str) -> str:
        if not url.startswith(f"{self._base}/v2/"):
            raise RegistryAway(f"the registry names {url} as its next page")
        return url.removeprefix(self._base)

    def _read(self, path: str, access: Access) -> dict[str, Any]:
        return _json(self._ask("GET", path, access), most=LARGEST_DOCUMENT)

    def _ask(self, method: str, path: str, access: Access) -> requests.Response:
        answer = self._send(method, path, self._sign(access))
        if answer.status_code != 200:
            raise RegistryAway(f"{path} answered {answer.status_code}")
        return answer

    def _send(self, method: str, path: str, token: str) -> requests.Response:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": ", ".join((*INDEXES, *MANIFESTS, "application/json")),
        }
        try:
            answer = self._session.request(
                method,
                self._base + path,
                headers=headers,
                timeout=SECONDS,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            raise RegistryAway(str(error)) from error
        if answer.status_code not in {200, 404}:
            raise RegistryAway(f"{path} answered {answer.status_code}")
        return answer


def _pull(repository: str) -> Access:
    return [Scope(type="repository", name=repository, actions=["pull"])]


def _json(answer: requests.Response, *, most: int) -> dict[str, Any]:
    """The object in an answer's body, of which no more than ``most`` bytes are read."""
    deadline, body = time.monotonic() + SECONDS, b""
    try:
        for part in answer.iter_content(16 * 1024):
            body += part
            if len(body) > most or time.monotonic() > deadline:
                raise RegistryAway(f"{answer.url} sends too much, or too slowly")
        content = json.loads(body)
    except (requests.RequestException, ValueError) as error:
        raise RegistryAway(f"{answer.url} sends no JSON: {error}") from error
    finally:
        answer.close()
    if not isinstance(content, dict):
        raise RegistryAway(f"{answer.url} sends no object")
    return content


def _moment(text: object) -> datetime | None:
    """The time in an image's config (RFC 3339), to the second; None where it makes no sense."""
    try:
        return datetime.fromisoformat(f"{str(text)[:19]}+00:00")
    except ValueError:
        return None
