"""Are the files that the instructions print what each client reads, under the names it reads?

What is equal here to the last field has those names in the reference that its section links to.
"""

import base64
import json
import shlex
import subprocess
import tomllib
from typing import Any
from urllib.parse import urlsplit

import hcl2
import pytest
import yaml

from tests.rules.shown import SECRET, USERNAME, blocks, with_values
from tokens import instructions

REGISTRY = "registry.example:5000"
IMAGE = f"{REGISTRY}/public/<image>"
PAIR = base64.b64encode(f"{USERNAME}:{SECRET}".encode()).decode()


def of_yaml(block: str) -> Any:
    return yaml.safe_load(blocks(with_values())[block])


def of_json(block: str) -> Any:
    return json.loads(blocks(with_values())[block])


def of_hcl(block: str) -> Any:
    """Each block as the mapping in it; strings without the quotes that the parser leaves."""
    options = hcl2.SerializationOptions(strip_string_quotes=True, explicit_blocks=False)
    return hcl2.loads(blocks(with_values())[block] + "\n", serialization_options=options)


def test_the_manifest_of_kubernetes_is_a_log_in_as_kubectl_writes_it() -> None:
    manifest = of_yaml("kubernetes-manifest")
    data = manifest.pop("data")
    assert manifest == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "thinkwise-registry"},
        "type": "kubernetes.io/dockerconfigjson",
    }
    assert data.keys() == {".dockerconfigjson"}
    config = json.loads(base64.b64decode(data[".dockerconfigjson"]))
    login = {"username": USERNAME, "password": SECRET, "auth": PAIR}
    assert config == {"auths": {REGISTRY: login}}


def test_the_secret_is_named_in_the_pods_spec_beside_its_containers() -> None:
    assert of_yaml("kubernetes-pod") == {
        "spec": {
            "containers": [{"name": "<name>", "image": IMAGE}],
            "imagePullSecrets": [{"name": "thinkwise-registry"}],
        }
    }


def test_the_values_of_a_chart_have_the_form_of_a_pods_spec() -> None:
    assert of_yaml("kubernetes-helm") == {"imagePullSecrets": [{"name": "thinkwise-registry"}]}


def test_compose_names_the_image() -> None:
    assert of_yaml("compose-file") == {"services": {"<name>": {"image": IMAGE}}}


def test_the_environment_file_needs_no_quotes() -> None:
    lines = blocks(with_values())["compose-env"].splitlines()
    assert dict(line.split("=", 1) for line in lines) == {
        "REGISTRY": REGISTRY,
        "REGISTRY_USERNAME": USERNAME,
        "REGISTRY_PASSWORD": SECRET,
    }


@pytest.mark.parametrize(
    ("block", "plugin"),
    [
        ("containerd-config-one", "io.containerd.grpc.v1.cri"),
        ("containerd-config-two", "io.containerd.cri.v1.images"),
    ],
)
def test_each_version_of_containerd_finds_the_log_in_at_its_plugin(block: str, plugin: str) -> None:
    configs = {REGISTRY: {"auth": {"username": USERNAME, "password": SECRET}}}
    config = tomllib.loads(blocks(with_values())[block])
    assert config == {"plugins": {plugin: {"registry": {"configs": configs}}}}


def test_k3s_finds_the_log_in_under_configs() -> None:
    login = {"username": USERNAME, "password": SECRET}
    assert of_yaml("k3s-registries") == {"configs": {REGISTRY: {"auth": login}}}


def test_watchtower_sees_the_folder_of_the_log_in() -> None:
    (service,) = of_yaml("watchtower-service")["services"].items()
    assert service == (
        "watchtower",
        {
            "environment": {"DOCKER_CONFIG": "/config"},
            "volumes": [
                "/root/.docker:/config:ro",
                "/var/run/docker.sock:/var/run/docker.sock",
            ],
        },
    )


def test_the_client_of_nomad_names_the_file_that_was_logged_in_to() -> None:
    (plugin,) = of_hcl("nomad-client")["plugin"]
    (auth,) = plugin["docker"]["config"][0]["auth"]
    assert auth == {"config": "/etc/nomad-docker/config.json"}
    login = blocks(with_values())["nomad-login"]
    assert login.startswith("DOCKER_CONFIG=/etc/nomad-docker docker login ")


def test_a_job_of_nomad_holds_no_secret() -> None:
    (task,) = of_hcl("nomad-job")["task"]
    assert task == {"<name>": {"driver": "docker", "config": [{"image": IMAGE}]}}


IN_GITHUB = "${{ secrets.REGISTRY_PASSWORD }}"


def test_a_workflow_of_github_logs_in_with_what_gh_stores() -> None:
    given = {"registry": REGISTRY, "username": USERNAME, "password": IN_GITHUB}
    assert of_yaml("github-step") == [{"uses": "docker/login-action@v4", "with": given}]
    assert of_yaml("github-job") == {
        "container": {
            "image": IMAGE,
            "credentials": {"username": USERNAME, "password": IN_GITHUB},
        }
    }
    stored = blocks(with_values())["github-secret"].removeprefix("gh secret set ")
    assert f"secrets.{stored} " in IN_GITHUB


def test_the_variable_of_gitlab_is_one_that_it_can_mask() -> None:
    assert of_json("gitlab-variable") == {"auths": {REGISTRY: {"auth": PAIR}}}
    assert not any(letter.isspace() for letter in blocks(with_values())["gitlab-variable"])


def test_a_job_of_gitlab_names_the_image() -> None:
    assert of_yaml("gitlab-job") == {"<job>": {"image": IMAGE, "script": ["<command>"]}}


def test_azure_pipelines_name_one_service_connection() -> None:
    connection = "thinkwise-registry"
    given = {"command": "login", "containerRegistry": connection}
    assert of_yaml("azure-step") == [{"task": "Docker@2", "inputs": given}]
    container = {"container": "<name>", "image": IMAGE, "endpoint": connection}
    assert of_yaml("azure-container") == {"resources": {"containers": [container]}}


def test_renovate_has_a_rule_for_this_registry_alone() -> None:
    (rule,) = of_json("renovate-rule")["hostRules"]
    assert rule == {
        "hostType": "docker",
        "matchHost": f"https://{REGISTRY}",
        "username": USERNAME,
        "password": "{{ secrets.REGISTRY_PASSWORD }}",
    }


@pytest.mark.parametrize(
    "block", ["azure-address", "artifactory-address", "nexus-address", "harbor-address"]
)
def test_an_address_is_that_of_the_registry(block: str) -> None:
    address = urlsplit(blocks(with_values())[block])
    assert (address.scheme, address.netloc) == ("https", REGISTRY)
    assert address.path in ("", "/")


@pytest.mark.parametrize("block", ["artifactory-pull", "nexus-pull", "harbor-pull"])
def test_what_is_pulled_through_a_mirror_keeps_its_name_there(block: str) -> None:
    docker, pull, image = shlex.split(blocks(with_values())[block])
    assert (docker, pull) == ("docker", "pull")
    assert image.endswith("/public/<image>")
    assert REGISTRY not in image


@pytest.mark.parametrize(("block", "other"), [("ecr-login", "aws ecr"), ("acr-login", "az acr")])
def test_who_copies_logs_in_at_both_and_no_secret_is_an_argument(block: str, other: str) -> None:
    here, there = blocks(with_values())[block].split(" && \\\n")
    assert here == f"skopeo login --username {USERNAME} {REGISTRY}"
    told, login = there.split(" | ")
    assert told.startswith(f"{other} ")
    assert shlex.split(login)[:2] == ["skopeo", "login"]
    assert "--password-stdin" in login


@pytest.mark.parametrize(
    ("block", "services"),
    [("containerd-restart", ["containerd"]), ("k3s-restart", ["<service>"])],
)
def test_what_reads_its_file_at_the_start_is_restarted(block: str, services: list[str]) -> None:
    assert shlex.split(blocks(with_values())[block]) == ["systemctl", "restart", *services]


def test_without_a_token_at_hand_a_command_makes_the_variable_of_gitlab() -> None:
    values = instructions.values(["public/*"], username=USERNAME)
    command = blocks(values)["gitlab-make"]
    made = subprocess.run(
        ["bash", "-c", command], input=f"{SECRET}\n", capture_output=True, text=True, timeout=10
    )
    assert made.stdout == f"{with_values().auth_config}\n"


def test_a_file_ends_its_last_line() -> None:
    for file in (with_values().kubernetes_manifest, with_values().environment_file):
        assert file.endswith("\n")
        assert not file.endswith("\n\n")


def test_the_downloads_are_what_is_printed() -> None:
    values, shown = with_values(), blocks(with_values())
    assert values.kubernetes_manifest.strip() == shown["kubernetes-manifest"]
    assert values.auth_config == shown["gitlab-variable"]
    assert values.environment_file.strip() == shown["compose-env"]


def test_without_a_token_files_have_words_in_the_place_of_its_secret() -> None:
    shown = blocks(instructions.values(["public/*"]))
    assert "REGISTRY_PASSWORD=<token-secret>" in shown["compose-env"]
    assert "gitlab-variable" not in shown
    assert "kubernetes-manifest" not in shown
