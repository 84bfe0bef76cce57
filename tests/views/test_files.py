"""Do the files of a new secret hold it, for whoever has it and nobody else?"""

import base64
import json
from collections.abc import Callable

import pytest
import yaml

from tests.client import Client
from tests.factories import Cast, request_token
from tests.stack import PostedForm
from tokens import instructions
from tokens.actions.tokens import Requested

Browser = Callable[..., Client]


@pytest.fixture
def made(cast: Cast) -> Requested:
    return request_token(cast.bram)


@pytest.fixture
def bram(cast: Cast, sign_in: Browser) -> Client:
    return sign_in(cast.bram)


def address(made: Requested, name: str) -> str:
    return f"{made.token.get_absolute_url()}files/{name}"


@pytest.mark.parametrize("name", instructions.FILES)
def test_a_file_is_downloaded_and_stored_nowhere(name: str, made: Requested, bram: Client) -> None:
    answer = bram.post(address(made, name), {"secret": made.secret})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_manifest_is_a_secret_of_kubernetes(made: Requested, bram: Client) -> None:
    text = bram.post(address(made, "registry-secret.yaml"), {"secret": made.secret}).text
    manifest = yaml.safe_load(text)
    assert manifest["type"] == "kubernetes.io/dockerconfigjson"
    config = json.loads(base64.b64decode(manifest["data"][".dockerconfigjson"]))
    [login] = config["auths"].values()
    assert (login["username"], login["password"]) == (made.token.username, made.secret)


def test_the_config_holds_the_log_in_as_docker_stores_it(made: Requested, bram: Client) -> None:
    text = bram.post(address(made, "config.json"), {"secret": made.secret}).text
    [login] = json.loads(text)["auths"].values()
    assert base64.b64decode(login["auth"]).decode() == f"{made.token.username}:{made.secret}"


def test_the_environment_holds_both(made: Requested, bram: Client) -> None:
    lines = bram.post(address(made, "registry.env"), {"secret": made.secret}).text.splitlines()
    assert f"REGISTRY_USERNAME={made.token.username}" in lines
    assert f"REGISTRY_PASSWORD={made.secret}" in lines


def test_nothing_is_made_of_what_is_not_the_tokens_secret(
    made: Requested, cast: Cast, bram: Client
) -> None:
    other = request_token(cast.bram)
    for secret in ("", "x", "\0", "twc_" + "x" * 36, other.secret, made.secret + " "):
        assert bram.post(address(made, "config.json"), {"secret": secret}).status_code == 404
    assert bram.post(address(made, "config.yaml"), {"secret": made.secret}).status_code == 404
    assert bram.get(address(made, "config.json")).status_code == 405


def test_another_company_gets_none_even_with_the_secret(
    made: Requested, cast: Cast, sign_in: Browser
) -> None:
    answer = sign_in(cast.eva).post(address(made, "config.json"), {"secret": made.secret})
    assert answer.status_code == 404


def test_the_page_of_a_secret_posts_it(bram: Client) -> None:
    fields = PostedForm.of(bram.get("/tokens/request/").text).fields
    page = bram.post("/tokens/request/", fields | {"description": "Build server"}).text
    for name in instructions.FILES:
        assert f'/files/{name}"' in page
