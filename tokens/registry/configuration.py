"""With which configuration does a registry trust this portal, and nobody else?"""

import json
from typing import Any


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
) -> str:
    """The configuration file of distribution, for its line 2 (2.8) or 3 (3.x).

    It is written in JSON, which YAML contains, so that no value can be misread.

    Args:
        realm: the address of the portal's token endpoint, as clients reach it.
        bundle: the file with the certificate of the signing authority.
        storage: the folder of the layers.
        address: where the registry listens, such as ``:5000``.
        secret: signs the state of uploads; the same for all replicas of one registry.
    """
    token: dict[str, Any] = {
        "realm": realm,
        "service": service,
        "issuer": issuer,
        "rootcertbundle": bundle,
    }
    if line >= 3:
        token["signingalgorithms"] = ["ES256"]
    return _document(
        {
            "version": 0.1,
            "log": {"level": "warn", "formatter": "json"},
            "storage": _storage(storage),
            "http": {"addr": address, "secret": secret},
            "auth": {"token": token},
        }
    )


def _storage(folder: str) -> dict[str, Any]:
    """Layers are sent by the registry itself: a redirect would outlive a revocation."""
    return {
        "filesystem": {"rootdirectory": folder},
        "delete": {"enabled": True},
        "redirect": {"disable": True},
    }


def _document(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"
