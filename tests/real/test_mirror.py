"""Does a mirror that has a token fetch with it, for machines that have none?

The mirror is a registry in its pull-through mode, which is what Harbor is made of too.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.real.printed import Printed
from tests.real.programs import serving, wait_until
from tests.stack import Credential, Session, Stack, free_port
from tokens.registry import local

pytestmark = pytest.mark.engine

MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json"


@contextmanager
def mirror(stack: Stack, token: Credential, folder: Path) -> Iterator[str]:
    """Answers everybody, and holds what it was asked for."""
    address = f"127.0.0.1:{free_port()}"
    source = {"remoteurl": f"http://{stack.registry}"}
    settings = {
        "version": 0.1,
        "http": {"addr": address},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}},
        "proxy": source | {"username": token.username, "password": token.secret},
    }
    (folder / "config.yml").write_text(json.dumps(settings))
    program = local.find(stack.var_dir / "registry")
    if program.runs_in_container:
        pytest.skip("a mirror: the registry that is here runs in a container only")
    command = [*program.command, str(folder / "config.yml")]
    with serving(command, log=folder / "log"):
        wait_until(lambda: answers(address), told=(folder / "log").read_text)
        yield address


def answers(address: str) -> bool:
    try:
        return requests.get(f"http://{address}/v2/", timeout=5).ok
    except requests.ConnectionError:
        return False


def pull(address: str, image: str) -> requests.Response:
    """Asks for the manifest and its layers, as an engine without any log-in does."""
    name, _, tag = image.partition(":")
    base = f"http://{address}/v2/{name}"
    answer = requests.get(f"{base}/manifests/{tag}", headers={"Accept": MANIFESTS}, timeout=30)
    for layer in answer.json()["layers"] if answer.ok else ():
        assert requests.get(f"{base}/blobs/{layer['digest']}", timeout=30).ok
    return answer


def test_machines_behind_a_mirror_need_no_token(
    printed: Printed, stack: Stack, tmp_path: Path, image: str
) -> None:
    with mirror(stack, printed.credential, tmp_path) as address:
        assert pull(address, image).ok


def test_after_a_revocation_a_mirror_serves_what_it_has_and_fetches_nothing_more(
    printed: Printed, stack: Stack, person: Session, tmp_path: Path, image: str
) -> None:
    with mirror(stack, printed.credential, tmp_path) as address:
        assert pull(address, image).ok
        person.revoke(printed.credential.username)
    # Started anew, so that no grant of before is left.
    with mirror(stack, printed.credential, tmp_path) as address:
        assert pull(address, image).ok
        assert not pull(address, "public/indicium:latest").ok
