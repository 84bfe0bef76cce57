"""Are a person's own values in the instructions, exactly and safely?"""

import base64
import json
import re
from html import unescape

import pytest
import yaml
from django.template.loader import render_to_string

from tokens import instructions

SECRET = "twc_0123456789ABCDEFGHIJKLMNOPQRST123456"
USERNAME = "acme-abcd2345"


def with_values() -> instructions.Values:
    return instructions.values(["public/*"], username=USERNAME, secret=SECRET)


def blocks(values: instructions.Values) -> dict[str, str]:
    """What can be copied, by its name."""
    context = {"clients": instructions.CLIENTS, "values": values}
    page = render_to_string("instructions/_clients.html", context)
    found = re.findall(r'<code id="block-([a-z-]+)">(.*?)</code>', page, re.DOTALL)
    return {name: unescape(text) for name, text in found}


def test_docker_swarm_and_kubernetes_are_explained() -> None:
    assert [client.name for client in instructions.CLIENTS] == [
        "Docker",
        "Docker Swarm",
        "Kubernetes",
    ]


@pytest.mark.parametrize("client", instructions.CLIENTS, ids=lambda client: client.slug)
def test_every_client_links_to_its_reference(client: instructions.Client) -> None:
    context = {"clients": [client], "values": with_values()}
    assert f'href="{client.reference}"' in render_to_string("instructions/_clients.html", context)
    assert client.reference.startswith("https://")


@pytest.mark.parametrize(
    ("patterns", "repository"),
    [
        (["public/*"], "public/<image>"),
        (["public/base"], "public/base"),
        (["a/b/*", "public/*"], "a/b/<image>"),
        ([], "<repository>"),
    ],
)
def test_the_example_is_what_the_company_may_pull(patterns: list[str], repository: str) -> None:
    assert instructions.values(patterns).repository == repository


def test_without_a_token_there_are_words_in_its_place() -> None:
    values = instructions.values(["public/*"])
    assert values.username == "<token-username>"
    assert values.registry == "registry.example:5000"
    shown = blocks(values)
    assert shown["docker-login"] == "docker login --username <token-username> registry.example:5000"
    assert "kubernetes-manifest" not in shown


def test_a_command_is_exactly_what_is_typed() -> None:
    shown = blocks(with_values())
    assert shown["docker-login"] == f"docker login --username {USERNAME} registry.example:5000"
    assert shown["docker-pull"] == "docker pull registry.example:5000/public/<image>"
    assert shown["swarm-login"] == shown["docker-login"]
    assert shown["swarm-create"] == (
        "docker service create --name <name> --with-registry-auth"
        " registry.example:5000/public/<image>"
    )
    assert shown["swarm-update"] == "docker service update --with-registry-auth <name>"


def test_no_command_line_holds_the_secret() -> None:
    holding = [name for name, text in blocks(with_values()).items() if SECRET in text]
    assert holding == []


def test_the_manifest_of_kubernetes_is_a_log_in_as_kubectl_writes_it() -> None:
    manifest = yaml.safe_load(blocks(with_values())["kubernetes-manifest"])
    assert (manifest["apiVersion"], manifest["kind"]) == ("v1", "Secret")
    assert manifest["metadata"] == {"name": "thinkwise-registry"}
    assert manifest["type"] == "kubernetes.io/dockerconfigjson"
    config = json.loads(base64.b64decode(manifest["data"][".dockerconfigjson"]))
    login = config["auths"]["registry.example:5000"]
    assert (login["username"], login["password"]) == (USERNAME, SECRET)
    assert base64.b64decode(login["auth"]).decode() == f"{USERNAME}:{SECRET}"


def test_the_secret_is_named_in_the_pods_spec_beside_its_containers() -> None:
    pod = yaml.safe_load(blocks(with_values())["kubernetes-pod"])
    assert pod["spec"]["imagePullSecrets"] == [{"name": "thinkwise-registry"}]
    assert pod["spec"]["containers"][0]["image"] == "registry.example:5000/public/<image>"
