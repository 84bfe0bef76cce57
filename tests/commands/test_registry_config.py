"""Does the printed configuration make a registry trust this portal?"""

from io import StringIO
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError


def printed(*options: str) -> dict[str, Any]:
    output = StringIO()
    call_command("registry_config", *options, stdout=output)
    parsed: dict[str, Any] = yaml.safe_load(output.getvalue())
    return parsed


def test_a_registry_trusts_the_portals_authority_and_sends_clients_to_its_realm() -> None:
    for line in ("2", "3"):
        token = printed("--for", line)["auth"]["token"]
        assert token["realm"] == f"{settings.PORTAL_URL}/auth/token"
        assert token["service"] == settings.REGISTRY_SERVICE
        assert token["issuer"] == settings.REGISTRY_ISSUER
        assert token["rootcertbundle"] == str(settings.REGISTRY_CA_CERT_FILE)
        assert "autoredirect" not in token


def test_nobody_else_is_trusted() -> None:
    for line in ("2", "3"):
        assert printed("--for", line)["auth"].keys() == {"token"}


def test_only_the_third_line_knows_of_algorithms() -> None:
    assert "signingalgorithms" not in printed("--for", "2")["auth"]["token"]
    assert printed("--for", "3")["auth"]["token"]["signingalgorithms"] == ["ES256"]
    assert printed() | {"http": 0} == printed("--for", "3") | {"http": 0}


def test_layers_never_come_from_an_address_that_outlives_a_revocation() -> None:
    for line in ("2", "3"):
        assert printed("--for", line)["storage"]["redirect"] == {"disable": True}


def test_what_differs_between_places_is_an_option() -> None:
    config = printed(
        *("--storage", "/srv/layers", "--address", "127.0.0.1:5001"),
        *("--bundle", "/etc/ca.crt", "--realm", "https://registry.example.com/auth/token"),
    )
    assert config["storage"]["filesystem"] == {"rootdirectory": "/srv/layers"}
    assert config["http"]["addr"] == "127.0.0.1:5001"
    assert config["auth"]["token"]["rootcertbundle"] == "/etc/ca.crt"
    assert config["auth"]["token"]["realm"] == "https://registry.example.com/auth/token"


def test_every_configuration_has_a_secret_of_its_own() -> None:
    assert printed()["http"]["secret"] != printed()["http"]["secret"]


def test_other_lines_are_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        printed("--for", "4")


def test_a_storage_that_says_too_little_is_refused_in_one_line() -> None:
    with pytest.raises(CommandError, match=r"--storage: .* s3://BUCKET"):
        printed("--storage", "s3://layers")
