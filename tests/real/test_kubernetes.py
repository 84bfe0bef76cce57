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
from tests.real.programs import WITHIN, Outcome, need, shell
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


def test_the_printed_replacement_makes_the_same_secret_anew(printed: Printed) -> None:
    """No cluster is asked: what would go to ``kubectl replace`` is shown."""
    need("kubectl")
    made, replaced = printed.block("kubernetes-replace").rsplit(" | ", 1)
    assert replaced == "kubectl replace -f -"
    outcome = shell(made, told=f"{printed.credential.secret}\n")
    assert outcome.succeeded, outcome.said
    assert made_by(outcome.said) == yaml.safe_load(printed.block("kubernetes-manifest"))


def patch(printed: Printed, block: str, account: dict, folder: Path) -> Outcome:
    """The printed patch of a service account, in a file instead of a cluster."""
    need("kubectl")
    (folder / "account.json").write_text(json.dumps(account))
    local = f"--local -f {folder / 'account.json'} -o yaml"
    command = printed.block(block)
    assert " serviceaccount default " in command
    return shell(command.replace("serviceaccount default", local))


ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
OURS, OTHER = {"name": "thinkwise-registry"}, {"name": "other"}


def test_a_service_account_keeps_the_secrets_that_it_names(
    printed: Printed, tmp_path: Path
) -> None:
    account = ACCOUNT | {"imagePullSecrets": [OTHER]}
    added = patch(printed, "kubernetes-account-add", account, tmp_path)
    assert yaml.safe_load(added.said)["imagePullSecrets"] == [OTHER, OURS]
    refused = patch(printed, "kubernetes-account-first", account, tmp_path)
    assert not refused.succeeded
    assert "test failed" in refused.said


def test_a_service_account_that_names_no_secret_gets_a_list(
    printed: Printed, tmp_path: Path
) -> None:
    refused = patch(printed, "kubernetes-account-add", ACCOUNT, tmp_path)
    assert not refused.succeeded
    assert "missing path" in refused.said
    made = patch(printed, "kubernetes-account-first", ACCOUNT, tmp_path)
    assert yaml.safe_load(made.said)["imagePullSecrets"] == [OURS]
