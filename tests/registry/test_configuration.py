"""Does the configuration make a registry trust this portal, and nobody else?"""

import json

import pytest
import yaml

from tokens.registry.configuration import configuration

FACTS = {
    "realm": "https://registry.example.com/auth/token",
    "service": "container-registry",
    "issuer": "container-token-portal",
    "bundle": "/etc/portal/ca.crt",
    "storage": "/var/lib/registry",
    "address": ":5000",
    "secret": "s: #'\"\n{}",
}


@pytest.fixture(params=[2, 3], ids=["2.8", "3.x"])
def read(request):
    """The configuration, as the registry's YAML reader sees it."""
    return yaml.safe_load(configuration(request.param, **FACTS))


def test_grants_of_this_portal_are_taken_and_nothing_else(read):
    assert list(read["auth"]) == ["token"]
    token = read["auth"]["token"]
    assert token.pop("signingalgorithms", ["ES256"]) == ["ES256"]
    assert token == {
        "realm": FACTS["realm"],
        "service": FACTS["service"],
        "issuer": FACTS["issuer"],
        "rootcertbundle": FACTS["bundle"],
    }


@pytest.mark.parametrize(("line", "names_algorithms"), [(2, False), (3, True)])
def test_the_algorithm_is_pinned_where_the_registry_can(line, names_algorithms):
    token = yaml.safe_load(configuration(line, **FACTS))["auth"]["token"]
    assert ("signingalgorithms" in token) is names_algorithms


def test_layers_are_sent_by_the_registry_itself(read):
    assert read["storage"]["redirect"] == {"disable": True}
    assert read["storage"]["filesystem"] == {"rootdirectory": FACTS["storage"]}


def test_the_realm_is_not_guessed_from_a_host_header(read):
    assert "autoredirect" not in json.dumps(read)


def test_no_value_can_be_misread(read):
    assert read["http"] == {"addr": FACTS["address"], "secret": FACTS["secret"]}
    assert read["version"] == 0.1


def test_it_is_json_as_well_as_yaml(read):
    for line in (2, 3):
        text = configuration(line, **FACTS)
        assert json.loads(text) == yaml.safe_load(text)
