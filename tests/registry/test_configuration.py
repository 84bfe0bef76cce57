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


def test_many_replicas_keep_layers_in_one_object_storage():
    place = "s3://layers/portal?region=eu-1&regionendpoint=https://storage.example.com"
    for line in (2, 3):
        storage = yaml.safe_load(configuration(line, **FACTS | {"storage": place}))["storage"]
        assert storage == {
            "s3": {
                "bucket": "layers",
                "rootdirectory": "/portal",
                "region": "eu-1",
                "regionendpoint": "https://storage.example.com",
            },
            "delete": {"enabled": True},
            "redirect": {"disable": True},
        }


def test_a_bucket_alone_is_kept_in_from_its_root():
    text = configuration(3, **FACTS | {"storage": "s3://layers?region=eu-1"})
    assert json.loads(text)["storage"]["s3"]["rootdirectory"] == "/"


@pytest.mark.parametrize("place", ["s3://layers", "s3:///portal?region=eu-1"])
def test_an_object_storage_that_nobody_finds_is_refused(place):
    with pytest.raises(ValueError, match="s3://BUCKET"):
        configuration(3, **FACTS | {"storage": place})


def test_the_realm_is_not_guessed_from_a_host_header(read):
    assert "autoredirect" not in json.dumps(read)


def test_no_value_can_be_misread(read):
    assert read["http"] == {"addr": FACTS["address"], "secret": FACTS["secret"]}
    assert read["version"] == 0.1


def test_it_is_json_as_well_as_yaml(read):
    for line in (2, 3):
        text = configuration(line, **FACTS)
        assert json.loads(text) == yaml.safe_load(text)
