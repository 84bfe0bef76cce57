"""Are a person's own values in the instructions, exactly and safely?"""

import base64
import re

import pytest
from django.template.loader import render_to_string

from tests.rules.shown import SECRET, USERNAME, blocks, page, with_values
from tests.stack import ROOT
from tokens import instructions


def test_docker_swarm_and_kubernetes_come_first_and_open() -> None:
    first = [client.name for client in instructions.CLIENTS if client.group is None]
    assert first == ["Docker", "Docker Swarm", "Kubernetes"]
    assert first == [client.name for client in instructions.CLIENTS[:3]]
    assert page(with_values()).count("<section") == 3


def test_each_other_client_opens_under_the_heading_of_its_group() -> None:
    shown = page(with_values())
    headings = re.findall(r'<h2 id="([a-z]+)">', shown)
    assert headings == ["servers", "clusters", "pipelines", "mirrors"]
    for group in headings:
        assert f'<a href="#{group}">' in shown
    below = dict(zip(headings, re.split(r'<h2 id="[a-z]+">', shown)[1:], strict=True))
    for client in instructions.CLIENTS[3:]:
        assert f"<summary>{client.name}</summary>" in below[client.group.slug]


def test_a_block_has_a_name_of_its_own_that_begins_with_its_clients() -> None:
    slugs = {client.slug for client in instructions.CLIENTS}
    for values in (with_values(), instructions.values(["public/*"])):
        shown = blocks(values)
        assert {name.partition("-")[0] for name in shown} == slugs
        assert page(values).count('id="block-') == len(shown)


def test_every_template_is_that_of_a_client() -> None:
    folder = ROOT / "templates/instructions"
    files = {file.stem for file in folder.glob("*.html") if not file.name.startswith("_")}
    assert files - {"index"} == {client.slug for client in instructions.CLIENTS}


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


# Files and values of variables; all else is a command, or names the secret another way.
HOLDING = {
    "kubernetes-manifest",
    "compose-env",
    "containerd-config-one",
    "containerd-config-two",
    "k3s-registries",
    "gitlab-variable",
}


def decoded(text: str) -> str:
    """The text with all that may be base64 in it, twice over, in clear."""
    for _ in range(2):
        found = re.findall(r"[A-Za-z0-9+/]{32,}=*", text)
        text += "".join(base64.b64decode(words + "==").decode("latin-1") for words in found)
    return text


def test_only_files_hold_the_secret_and_no_command_line_does() -> None:
    shown = blocks(with_values())
    assert {name for name, text in shown.items() if SECRET in decoded(text)} == HOLDING


def test_no_command_asks_for_the_secret_as_an_argument() -> None:
    for text in blocks(with_values()).values():
        assert not re.search(r"login.* (-p|--password)[ =]", text)
