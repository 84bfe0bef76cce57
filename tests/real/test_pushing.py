"""What may the vendor's pipeline do with a token that pushes, and a customer's machine not?"""

import re
from pathlib import Path

import pytest
import requests

from tests.real import protocol
from tests.real.clients import Client, Docker, Skopeo, named
from tests.real.engines import DockerEngine
from tests.real.matrix import Matrix
from tests.real.printed import Printed, request_token
from tests.stack import Credential, Session, Stack

pytestmark = pytest.mark.engine

SOURCE = "public/universal:latest"
DENIED = re.compile("denied|insufficient_scope|unauthorized|authorization failed", re.IGNORECASE)


@pytest.fixture(scope="module")
def vendor(stack: Stack) -> Session:
    return stack.sign_in("vera@thinkwise.example")


@pytest.fixture
def pipeline(vendor: Session) -> Credential:
    """A token that may push, requested in the vendor's own form."""
    return request_token(vendor, can_push="on").credential


def test_the_vendors_token_pushes_and_what_it_pushed_is_pulled(
    client: Client, pipeline: Credential, printed: Printed, matrix: Matrix
) -> None:
    target = f"public/pushed-by-{named(type(client))}:2026.1.1"
    client.remember(pipeline)
    assert client.pull(SOURCE).succeeded
    pushed = matrix.note(client, "push with the vendor's token", client.push(SOURCE, target))
    assert pushed.succeeded, pushed.said
    client.forget(SOURCE)
    client.remember(printed.credential)
    pulled = client.pull(target)
    assert pulled.succeeded, pulled.said
    client.forget(target)


def test_docker_mounts_layers_that_the_registry_has_elsewhere(
    home: Path, stack: Stack, docker_engine: DockerEngine, pipeline: Credential, matrix: Matrix
) -> None:
    docker = Docker(home, stack.registry, docker_engine)
    docker.remember(pipeline)
    assert docker.pull(SOURCE).succeeded
    pushed = docker.push(SOURCE, "public/mounted-by-docker:1")
    assert "Mounted from public/universal" in pushed.said
    matrix.note(docker, "mount while pushing", pushed)


@pytest.mark.parametrize("who", ["the vendor", "a customer"])
def test_skopeo_deletes_nothing(
    who: str, home: Path, stack: Stack, pipeline: Credential, printed: Printed, matrix: Matrix
) -> None:
    skopeo = Skopeo(home, stack.registry, None)
    skopeo.remember(pipeline if who == "the vendor" else printed.credential)
    deleted = matrix.note(skopeo, f"delete, {who}", skopeo.delete(SOURCE))
    assert not deleted.succeeded
    assert DENIED.search(deleted.said), deleted.said
    assert skopeo.pull(SOURCE).succeeded


def test_a_customers_token_does_not_push(
    client: Client, printed: Printed, matrix: Matrix, stack: Stack
) -> None:
    target = "public/pushed-by-a-customer:1"
    client.remember(printed.credential)
    assert client.pull(SOURCE).succeeded
    pushed = matrix.note(client, "push with a customer's token", client.push(SOURCE, target))
    client.forget(SOURCE)
    assert not pushed.succeeded
    assert DENIED.search(pushed.said), pushed.said


def test_a_token_that_pushes_is_refused_once_it_is_revoked(
    client: Client, pipeline: Credential, vendor: Session, matrix: Matrix
) -> None:
    client.remember(pipeline)
    assert client.pull(SOURCE).succeeded
    vendor.revoke(pipeline.username)
    pushed = matrix.note(client, "push after revocation", client.push(SOURCE, "public/late:1"))
    client.forget(SOURCE)
    assert not pushed.succeeded
    expected = "this token was revoked on " if client.push_tells_why else "401 Unauthorized"
    assert expected in pushed.said, pushed.said


def grant(stack: Stack, credential: Credential, *scopes: str) -> dict[str, str]:
    answer = requests.get(
        f"{stack.portal}/auth/token",
        params={"service": "container-registry", "scope": scopes},
        auth=(credential.username, credential.secret),
        timeout=protocol.SECONDS,
    )
    assert answer.ok, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def layer_of(stack: Stack, headers: dict[str, str]) -> str:
    manifest = protocol.manifest(
        stack.registry, SOURCE, grant=headers["Authorization"].removeprefix("Bearer ")
    )
    return str(manifest.json()["layers"][0]["digest"])


def mount(stack: Stack, headers: dict[str, str], target: str) -> requests.Response:
    params = {"mount": layer_of(stack, headers), "from": "public/universal"}
    url = f"http://{stack.registry}/v2/{target}/blobs/uploads/"
    return requests.post(url, params=params, headers=headers, timeout=protocol.SECONDS)


def test_a_layer_is_mounted_from_another_repository(
    stack: Stack, pipeline: Credential, matrix: Matrix
) -> None:
    scopes = ("repository:public/mounted:pull,push", "repository:public/universal:pull")
    answer = mount(stack, grant(stack, pipeline, *scopes), "public/mounted")
    matrix.say("HTTP", "mount with the vendor's token", f"{answer.status_code} {answer.reason}")
    assert answer.status_code == 201


def test_a_customers_token_mounts_nothing(stack: Stack, printed: Printed, matrix: Matrix) -> None:
    scopes = ("repository:public/mounted:pull,push", "repository:public/universal:pull")
    answer = mount(stack, grant(stack, printed.credential, *scopes), "public/mounted")
    matrix.say("HTTP", "mount with a customer's token", f"{answer.status_code} {answer.reason}")
    assert answer.status_code == 401


def test_nobody_deletes(stack: Stack, pipeline: Credential, matrix: Matrix) -> None:
    headers = grant(stack, pipeline, "repository:public/universal:*")
    digest = layer_of(stack, headers)
    for path in (f"blobs/{digest}", f"manifests/{digest}"):
        url = f"http://{stack.registry}/v2/public/universal/{path}"
        answer = requests.delete(url, headers=headers, timeout=protocol.SECONDS)
        matrix.say("HTTP", f"delete a {path.split('s/')[0]}", f"{answer.status_code}")
        assert answer.status_code == 401
    assert layer_of(stack, headers) == digest
