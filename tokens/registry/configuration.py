"""With which configuration does a registry trust this portal, and nobody else?"""

import json
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Events(NamedTuple):
    """Where the registry tells of pulls: the portal's address for it, and what proves who tells."""

    url: str
    secret: str


def configuration(
    line: int,
    *,
    realm: str,
    service: str,
    issuer: str,
    bundle: str,
    storage: str,
    address: str,
    secret: str,
    events: Events | None = None,
) -> str:
    """The configuration file of distribution, for its line 2 (2.8) or 3 (3.x).

    It is written in JSON, which YAML contains, so that no value can be misread.

    Args:
        realm: the address of the portal's token endpoint, as clients reach it.
        bundle: the file with the certificate of the signing authority.
        storage: the folder of the layers, or ``s3://BUCKET/FOLDER?region=REGION`` with any more of
            the driver's parameters. Its credentials are not among them: the registry finds them in
            its environment.
        address: where the registry listens, such as ``:5000``.
        secret: signs the state of uploads; the same for all replicas of one registry.
        events: where the registry tells what was pulled; nowhere if None.

    Raises:
        ValueError: what is said of the storage is too little.
    """
    content: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "warn", "formatter": "json"},
        "storage": _storage(storage),
        "http": {"addr": address, "secret": secret},
        "auth": {"token": _trust(line, realm, service, issuer, bundle)},
    }
    if events:
        content["notifications"] = {"endpoints": [_endpoint(events)]}
    return json.dumps(content, indent=2) + "\n"


def _trust(line: int, realm: str, service: str, issuer: str, bundle: str) -> dict[str, Any]:
    trust = {"realm": realm, "service": service, "issuer": issuer, "rootcertbundle": bundle}
    return trust | {"signingalgorithms": ["ES256"]} if line >= 3 else trust


def _storage(place: str) -> dict[str, Any]:
    """Layers are sent by the registry itself: a redirect would outlive a revocation."""
    shared = place.startswith("s3://")
    driver = {"s3": _bucket(place)} if shared else {"filesystem": {"rootdirectory": place}}
    return driver | {"delete": {"enabled": True}, "redirect": {"disable": True}}


def _bucket(address: str) -> dict[str, str]:
    parts = urlsplit(address)
    parameters = dict(parse_qsl(parts.query))
    if not parts.netloc or "region" not in parameters:
        raise ValueError("an object storage is named as s3://BUCKET/FOLDER?region=REGION")
    return {"bucket": parts.netloc, "rootdirectory": parts.path or "/"} | parameters


def _endpoint(events: Events) -> dict[str, Any]:
    """Layers are left out: they say nothing that their manifest does not."""
    return {
        "name": "portal",
        "url": events.url,
        "headers": {"Authorization": [f"Bearer {events.secret}"]},
        "timeout": "5s",
        "threshold": 3,
        "backoff": "5s",
        "ignore": {"mediatypes": ["application/octet-stream"]},
    }
