"""Does docker-compose.yml expose, allow and tell no more than it must?"""

import re

import pytest

from tests.deploy.files import (
    COMPOSE,
    ONLY_COMPOSE,
    OURS,
    ROOT,
    SERVICES,
    settings_of_the_example,
    settings_that_are_read,
)

EVERY_SERVICE = pytest.mark.parametrize("name", SERVICES)
OF_OURS = pytest.mark.parametrize("name", OURS)


def test_only_caddy_can_be_reached_from_outside():
    published = {name for name, service in SERVICES.items() if "ports" in service}
    assert published == {"caddy"}
    assert not any("network_mode" in service for service in SERVICES.values())


def test_the_database_is_on_a_network_that_reaches_nothing_else():
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == ["inside"]
    assert SERVICES["registry"]["networks"] == SERVICES["caddy"]["networks"] == ["edge"]


@EVERY_SERVICE
def test_no_service_writes_to_its_image_or_gains_rights(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "user" not in service


@EVERY_SERVICE
def test_no_more_capabilities_are_given_back_than_each_needs(name):
    needed = {
        "caddy": ["NET_BIND_SERVICE"],
        "postgres": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
    }
    assert SERVICES[name].get("cap_add", []) == needed.get(name, [])


@EVERY_SERVICE
def test_secrets_stand_in_files_and_not_in_the_environment(name):
    for setting, value in SERVICES[name].get("environment", {}).items():
        is_file = setting.endswith("_FILE")
        assert is_file or not re.search(r"SECRET|PASSWORD|KEY|DATABASE|EMAIL", setting)
        if is_file:
            secret = value.removeprefix("/run/secrets/")
            assert secret in SERVICES[name]["secrets"]
            assert COMPOSE["secrets"][secret] == {"file": f"./secrets/{secret}"}


def test_no_secret_and_no_setting_of_a_host_is_ever_committed():
    ignored = (ROOT / ".gitignore").read_text().split()
    assert {"secrets/", ".env"} <= set(ignored)


@OF_OURS
def test_every_setting_that_is_given_is_one_that_the_portal_reads(name):
    given = {setting.removesuffix("_FILE") for setting in SERVICES[name]["environment"]}
    assert given <= settings_that_are_read()


def test_every_value_that_is_taken_from_the_environment_is_documented():
    taken = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert taken <= settings_of_the_example()
    assert ONLY_COMPOSE - {"COMPOSE_PROJECT_NAME"} <= taken


@OF_OURS
def test_the_portal_believes_the_network_of_the_proxy(name):
    subnet = COMPOSE["networks"]["edge"]["ipam"]["config"][0]["subnet"]
    assert SERVICES[name]["environment"]["TRUSTED_PROXIES"].startswith(f"{subnet},")


@pytest.mark.parametrize("name", ["portal", "jobs", "registry"])
def test_nothing_starts_before_what_it_needs_is_prepared(name):
    before = SERVICES[name]["depends_on"]
    assert before["prepare"] == {"condition": "service_completed_successfully"}


@OF_OURS
def test_the_portal_waits_for_the_database(name):
    assert SERVICES[name]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_the_registry_sees_the_certificate_but_not_the_key_of_the_authority():
    folders = {volume.split(":")[0] for volume in SERVICES["registry"]["volumes"]}
    assert "portal" not in folders
    assert "registry-configuration:/etc/registry:ro" in SERVICES["registry"]["volumes"]
    keepers = {
        name for name, service in SERVICES.items() if "portal:/var/lib/portal" in service["volumes"]
    }
    assert keepers == set(OURS)


def test_several_containers_can_serve_the_portal():
    portal = SERVICES["portal"]
    assert portal["scale"] == "${PORTAL_REPLICAS:-1}"
    # What only one of them could have.
    assert not {"container_name", "hostname", "ports"} & portal.keys()
    assert not any("ipv4_address" in str(network) for network in portal["networks"])


@pytest.mark.parametrize("name", ["portal", "registry"])
def test_a_server_may_finish_what_it_has_begun(name):
    assert SERVICES[name]["stop_grace_period"] == "30s"


def test_every_volume_and_secret_is_used():
    mounted = {
        volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]
    }
    assert {volume for volume in mounted if not volume.startswith("./")} == set(COMPOSE["volumes"])
    assert {secret for s in SERVICES.values() for secret in s.get("secrets", [])} == set(
        COMPOSE["secrets"]
    )
