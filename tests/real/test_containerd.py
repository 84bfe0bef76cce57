"""Do the printed instructions for containerd, and for k3s on top of it, work as printed?"""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.real import cri, engines
from tests.real.matrix import Matrix
from tests.real.printed import Printed
from tests.real.programs import Outcome, answer_prompt, run
from tests.stack import Session

pytestmark = pytest.mark.engine

TAG = {"image": "universal", "tag": "latest"}


def pull_by_hand(printed: Printed, address: str) -> Outcome:
    """At the prompt; where this containerd is stands in the environment, and it speaks HTTP."""
    command = printed.block("containerd-pull", **TAG)
    command = command.replace("images pull", "images pull --plain-http")
    env = {**os.environ, "CONTAINERD_ADDRESS": address, "CONTAINERD_SNAPSHOTTER": "native"}
    secret = printed.credential.secret
    return answer_prompt(command, prompt="Password: ", typed=secret, env=env)


def test_ctr_asks_for_the_secret_and_pulls(printed: Printed, containerd: str) -> None:
    pulled = pull_by_hand(printed, containerd)
    assert pulled.succeeded, pulled.said
    assert ("Completed pull" if engines.is_second_containerd() else "done") in pulled.said


def test_ctr_keeps_no_log_in(printed: Printed, containerd: str, person: Session) -> None:
    assert pull_by_hand(printed, containerd).succeeded
    person.revoke(printed.credential.username)
    assert "401 Unauthorized" in pull_by_hand(printed, containerd).said


def configuration(printed: Printed) -> str:
    """The printed end of config.toml for the containerd that is installed."""
    if engines.is_second_containerd():
        return printed.block("containerd-config-two")
    return printed.block("containerd-config-one")


def as_k3s_writes(registries: dict[str, Any]) -> str:
    """What k3s makes of ``registries.yaml`` when it starts: a table for each log-in."""
    lines = []
    for host, config in registries["configs"].items():
        plugin = engines.images_plugin()
        lines.append(f'[plugins."{plugin}".registry.configs."{host}".auth]')
        lines += [f'{name} = "{value}"' for name, value in config["auth"].items()]
    return "\n".join(lines)


def of_k3s(printed: Printed) -> str:
    return as_k3s_writes(yaml.safe_load(printed.block("k3s-registries")))


WAYS = {"containerd": configuration, "k3s": of_k3s}


@contextmanager
def checked_node(folder: Path, printed: Printed, way: str) -> Iterator[str]:
    folder.mkdir()
    with engines.node(folder, login=WAYS[way](printed)) as address:
        yield address


def check(printed: Printed, address: str, way: str) -> Outcome:
    """The printed check, whose one call is made without crictl, which no package brings."""
    block = {"containerd": "containerd-check", "k3s": "k3s-check"}[way]
    *_crictl, pull, image = shlex.split(printed.block(block, image="universal"))
    assert pull == "pull"
    return cri.pull(address, image)


@pytest.mark.parametrize("way", WAYS)
def test_a_node_pulls_for_pods_that_name_no_secret(
    printed: Printed, home: Path, way: str, matrix: Matrix
) -> None:
    with checked_node(home / "node", printed, way) as address:
        pulled = check(printed, address, way)
        matrix.say("Node", f"pull, log-in of {way}", pulled.said)
        assert pulled.succeeded, pulled.said
        assert "Image is up to date for sha256:" in pulled.said
        images = run(["ctr", "--address", address, "--namespace", "k8s.io", "images", "ls", "-q"])
        assert "public/universal:latest" in images.said


@pytest.mark.parametrize("way", WAYS)
def test_a_node_whose_token_is_revoked_pulls_nothing(
    printed: Printed, home: Path, person: Session, way: str, matrix: Matrix
) -> None:
    person.revoke(printed.credential.username)
    with checked_node(home / "node", printed, way) as address:
        pulled = check(printed, address, way)
        matrix.say("Node", f"pull, log-in of {way} revoked", pulled.said)
        assert not pulled.succeeded
        assert "401 Unauthorized" in pulled.said


def test_an_entry_that_is_added_leaves_those_of_k3s_that_are_there(printed: Printed) -> None:
    """Below ``configs:``, as the page says, and at the indentation that is printed."""
    there = (
        'mirrors:\n  docker.io:\nconfigs:\n  "registry.example":\n    auth:\n      username: a\n'
    )
    _configs, entry = printed.block("k3s-registries").split("\n", 1)
    merged = yaml.safe_load(there.replace("configs:\n", f"configs:\n{entry}\n"))
    ours = yaml.safe_load(printed.block("k3s-registries"))["configs"]
    assert merged["configs"] == {"registry.example": {"auth": {"username": "a"}}} | ours
    assert "mirrors" in merged
