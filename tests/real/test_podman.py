"""Do the printed instructions for Podman work as printed, and those that copy with Skopeo?"""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.real.printed import Printed
from tests.real.programs import Outcome, answer_prompt, need, shell
from tests.stack import Session, Stack

pytestmark = pytest.mark.engine


class Machine:
    """Somebody's machine: all that Podman keeps is below a home that only the environment names."""

    def __init__(self, home: Path, registry: str) -> None:
        need("podman", "skopeo")
        self.run_time = home / "run"
        self.run_time.mkdir()
        self.stored = home / ".config/containers/auth.json"
        self.stored.parent.mkdir(parents=True)
        files = {
            # The registry of the tests speaks HTTP, on the loopback only.
            "CONTAINERS_REGISTRIES_CONF": "[[registry]]\ninsecure = true\n"
            f'location = "{registry}"\n',
            "CONTAINERS_STORAGE_CONF": '[storage]\ndriver = "vfs"\n'
            f'graphroot = "{home / "images"}"\nrunroot = "{home / "run-root"}"\n',
            "CONTAINERS_CONF": '[engine]\ncgroup_manager = "cgroupfs"\n'
            f'tmp_dir = "{home / "state"}"\n',
        }
        own = {"HOME": str(home), "XDG_RUNTIME_DIR": str(self.run_time), "TMPDIR": str(home)}
        for name, text in files.items():
            (home / name).write_text(text)
            own[name] = str(home / name)
        ours = ("REGISTRY_AUTH_FILE", "XDG_CONFIG_HOME", "DOCKER_CONFIG")
        inherited = {name: value for name, value in os.environ.items() if name not in ours}
        self.env = inherited | own

    def log_in(self, printed: Printed) -> Outcome:
        command, secret = printed.block("podman-login"), printed.credential.secret
        return answer_prompt(command, prompt="Password: ", typed=secret, env=self.env)

    def pull(self, printed: Printed) -> Outcome:
        return shell(printed.block("podman-pull", image="universal"), env=self.env)

    def restart(self) -> None:
        """What is kept for the time that the machine runs is gone."""
        shutil.rmtree(self.run_time)
        self.run_time.mkdir()


@pytest.fixture
def machine(home: Path, stack: Stack) -> Machine:
    return Machine(home, stack.registry)


def test_the_printed_commands_log_in_and_pull(printed: Printed, machine: Machine) -> None:
    logged_in = machine.log_in(printed)
    assert logged_in.succeeded, logged_in.said
    assert "Login Succeeded!" in logged_in.said
    pulled = machine.pull(printed)
    assert pulled.succeeded, pulled.said


def test_the_log_in_is_there_after_a_restart(printed: Printed, machine: Machine) -> None:
    assert machine.log_in(printed).succeeded
    machine.restart()
    pulled = machine.pull(printed)
    assert pulled.succeeded, pulled.said


def test_logging_in_keeps_the_log_ins_at_other_registries(
    printed: Printed, machine: Machine, stack: Stack
) -> None:
    elsewhere = {"registry.example": {"auth": "YTpi"}}
    machine.stored.write_text(json.dumps({"auths": elsewhere}))
    assert machine.log_in(printed).succeeded
    logins = json.loads(machine.stored.read_text())["auths"]
    assert logins.keys() == {"registry.example", stack.registry}
    assert logins["registry.example"] == elsewhere["registry.example"]


def test_a_revoked_token_logs_in_no_more(
    printed: Printed, machine: Machine, person: Session
) -> None:
    person.revoke(printed.credential.username)
    assert not machine.log_in(printed).succeeded


CHOSEN = {"region": "eu-west-1", "account": "123456789012", "repository": "universal"}


@pytest.mark.parametrize(
    ("block", "chosen"), [("ecr-copy", CHOSEN), ("acr-copy", {"registry": "acme"})]
)
def test_the_printed_copy_reads_what_the_token_may_pull(
    printed: Printed, machine: Machine, home: Path, block: str, chosen: dict[str, str]
) -> None:
    """Into a folder, as the registry that it is meant for is in a cloud; and over HTTP."""
    assert machine.log_in(printed).succeeded
    command = printed.block(block, image="universal", tag="latest", **chosen)
    *copy, target = command.split()
    assert target.startswith("docker://")
    assert target.endswith("universal:latest")
    here = " ".join([*copy, "--src-tls-verify=false", f"dir:{home / 'copy'}"])
    copied = shell(here, env=machine.env)
    assert copied.succeeded, copied.said
    assert (home / "copy/manifest.json").exists()
