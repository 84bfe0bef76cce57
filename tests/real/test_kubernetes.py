"""Do the printed instructions for Kubernetes make what a cluster pulls with?"""

import base64
import json
import os
from pathlib import Path

import pexpect
import pytest
import yaml

from tests.real.clients import Ctr
from tests.real.printed import Printed
from tests.real.programs import WITHIN, need, shell
from tests.stack import Credential, Session, Stack

pytestmark = pytest.mark.engine

# No cluster is asked: kubectl prints what it would send.
DRY_RUN = " --dry-run=client -o yaml"


def made_by(kubectl: str) -> dict:
    """The manifest that kubectl prints, without the time of creation that it leaves empty."""
    made = yaml.safe_load(kubectl)
    assert made["metadata"].pop("creationTimestamp", None) is None
    return made


def login_in(manifest: dict, registry: str) -> Credential:
    """What a kubelet takes from the secret for this registry."""
    config = json.loads(base64.b64decode(manifest["data"][".dockerconfigjson"]))
    login = config["auths"][registry]
    username, _, secret = base64.b64decode(login["auth"]).decode().partition(":")
    assert login == {"username": username, "password": secret, "auth": login["auth"]}
    return Credential(username, secret)


def test_the_printed_command_makes_the_printed_manifest(printed: Printed) -> None:
    need("kubectl")
    command = printed.block("kubernetes-command") + DRY_RUN
    made = shell(command, told=f"{printed.credential.secret}\n")
    assert made.succeeded, made.said
    assert made_by(made.said) == yaml.safe_load(printed.block("kubernetes-manifest"))


def test_pasted_as_it_stands_it_waits_for_the_secret_and_leaves_none_in_the_history(
    printed: Printed, tmp_path: Path
) -> None:
    """In a shell that takes a paste line by line, as most did and many do."""
    need("kubectl")
    secret, history = printed.credential.secret, tmp_path / "history"
    env = {**os.environ, "PS1": "ready> ", "HISTFILE": str(history), "TERM": "dumb"}
    options = ["--norc", "--noprofile", "--noediting"]
    terminal = pexpect.spawn("bash", options, env=env, timeout=WITHIN, encoding="utf-8")
    terminal.expect_exact("ready> ")
    terminal.sendline(printed.block("kubernetes-command") + DRY_RUN)
    assert terminal.waitnoecho(timeout=WITHIN), "it does not wait for the secret"
    terminal.sendline(secret)
    terminal.expect(r"\.dockerconfigjson: (\S+)")
    assert secret in base64.b64decode(terminal.match[1]).decode()
    terminal.sendline("exit")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert "read -rs SECRET" in history.read_text()
    assert secret not in history.read_text()


def test_containerd_pulls_with_what_the_printed_manifest_holds(
    printed: Printed, person: Session, stack: Stack, containerd: str, home: Path, image: str
) -> None:
    login = login_in(yaml.safe_load(printed.block("kubernetes-manifest")), stack.registry)
    assert login == printed.credential
    node = Ctr(home, stack.registry, containerd)
    node.remember(login)
    pulled = node.pull(image)
    assert pulled.succeeded, pulled.said
    node.forget(image)
    person.revoke(login.username)
    assert "401 Unauthorized" in node.pull(image).said


def test_the_printed_pod_names_the_secret_beside_its_containers(
    printed: Printed, stack: Stack
) -> None:
    spec = yaml.safe_load(printed.block("kubernetes-pod", name="app", image="universal"))["spec"]
    manifest = yaml.safe_load(printed.block("kubernetes-manifest"))
    assert spec == {
        "containers": [{"name": "app", "image": f"{stack.registry}/public/universal"}],
        "imagePullSecrets": [{"name": manifest["metadata"]["name"]}],
    }
    assert manifest["metadata"]["name"] == "thinkwise-registry"
