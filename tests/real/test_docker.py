"""Do the printed instructions for Docker work as they are printed?"""

import json
import os
import re
from pathlib import Path

import pytest

from tests.real.engines import DockerEngine
from tests.real.printed import Printed, request_token
from tests.real.programs import Outcome, answer_prompt, need, shell
from tests.stack import Session, Stack

pytestmark = pytest.mark.engine


@pytest.fixture
def engine(docker_engine: DockerEngine, tmp_path) -> DockerEngine:
    """The engine without images, and a person at it who has never logged in."""
    docker_engine.remove_images()
    return docker_engine.for_somebody(tmp_path)


def log_in(printed: Printed, engine: DockerEngine) -> Outcome:
    command = printed.block("docker-login")
    secret = printed.credential.secret
    return answer_prompt(command, prompt="Password: ", typed=secret, env=engine.environment)


def pull(printed: Printed, engine: DockerEngine) -> Outcome:
    return shell(printed.block("docker-pull", image="universal"), env=engine.environment)


def test_the_printed_commands_log_in_and_pull(printed: Printed, engine: DockerEngine) -> None:
    logged_in = log_in(printed, engine)
    assert logged_in.succeeded, logged_in.said
    assert "Login Succeeded" in logged_in.said
    pulled = pull(printed, engine)
    assert pulled.succeeded, pulled.said
    assert "Downloaded newer image" in pulled.said


def test_the_prompt_says_when_the_token_was_revoked(
    printed: Printed, engine: DockerEngine, person: Session
) -> None:
    person.revoke(printed.credential.username)
    logged_in = log_in(printed, engine)
    assert not logged_in.succeeded
    assert "unauthorized: this token was revoked on " in logged_in.said


def test_a_pull_says_so_once_the_vendor_has_revoked_a_leaked_secret(
    printed: Printed, engine: DockerEngine, stack: Stack
) -> None:
    assert log_in(printed, engine).succeeded
    assert pull(printed, engine).succeeded
    operator = stack.sign_in("vera@thinkwise.example")
    username = printed.credential.username
    pasted = f"found in a log: {printed.credential.secret}"
    assert username in operator.post("/companies/", q=pasted).text
    reason = "Found in a public repository"
    told = operator.post(f"/tokens/{username}/revoke/", reason=reason)
    assert "is revoked" in told.text
    engine.remove_images()
    refused = pull(printed, engine)
    assert not refused.succeeded
    assert "unauthorized: this token was revoked on " in refused.said
    told = stack.sign_in("ana@acme.example").get(f"/audit/?token={username}").text
    assert re.search(rf"Vera Visser.* revoked .*{reason}", told)


def test_a_machine_moves_to_a_new_token_by_logging_in_again(
    printed: Printed, engine: DockerEngine, person: Session
) -> None:
    assert log_in(printed, engine).succeeded
    person.revoke(printed.credential.username)
    assert "this token was revoked on " in pull(printed, engine).said
    another = request_token(person)
    assert log_in(another, engine).succeeded
    assert pull(another, engine).succeeded


def test_logging_in_keeps_the_log_ins_at_other_registries(
    printed: Printed, engine: DockerEngine, stack: Stack
) -> None:
    stored = engine.folder / "config.json"
    elsewhere = {"registry.example": {"auth": "YTpi"}}
    stored.write_text(json.dumps({"auths": elsewhere}))
    assert log_in(printed, engine).succeeded
    logins = json.loads(stored.read_text())["auths"]
    assert logins.keys() == {"registry.example", stack.registry}
    assert logins["registry.example"] == elsewhere["registry.example"]


def test_the_printed_merge_adds_a_log_in_and_keeps_the_others(
    printed: Printed, engine: DockerEngine, stack: Stack, tmp_path: Path
) -> None:
    need("jq")
    # The home of the person, where Docker looks as long as no DOCKER_CONFIG says otherwise.
    stored = tmp_path / ".docker/config.json"
    stored.parent.mkdir()
    stored.write_text(json.dumps({"auths": {"registry.example": {"auth": "YTpi"}}, "kept": 1}))
    (tmp_path / "downloaded.json").write_text(printed.block("gitlab-variable"))
    command = printed.block("docker-merge", **{"downloaded-file": "downloaded.json"})
    env = {**engine.environment, "HOME": str(tmp_path), "DOCKER_CONFIG": str(stored.parent)}
    merged = shell(f"cd {tmp_path} && {command}", env=env)
    assert merged.succeeded, merged.said
    config = json.loads(stored.read_text())
    assert config["auths"].keys() == {"registry.example", stack.registry}
    assert config["kept"] == 1
    assert stored.stat().st_mode & 0o077 == 0
    pulled = shell(printed.block("docker-pull", image="universal"), env=env)
    assert pulled.succeeded, pulled.said


def test_a_merge_that_fails_leaves_the_log_ins_as_they_are(
    printed: Printed, tmp_path: Path
) -> None:
    need("jq")
    stored = tmp_path / ".docker/config.json"
    stored.parent.mkdir()
    stored.write_text(json.dumps({"auths": {}}))
    (tmp_path / "downloaded.json").write_text("cut sho")
    command = printed.block("docker-merge", **{"downloaded-file": "downloaded.json"})
    env = {**os.environ, "HOME": str(tmp_path)}
    assert not shell(f"cd {tmp_path} && {command}", env=env).succeeded
    assert stored.read_text() == json.dumps({"auths": {}})


@pytest.mark.parametrize("block", ["watchtower-login", "nomad-login"])
def test_who_pulls_through_docker_finds_the_log_in_in_the_folder(
    printed: Printed, engine: DockerEngine, stack: Stack, tmp_path: Path, block: str
) -> None:
    folder = tmp_path / "folder"
    command = printed.block(block).replace("/etc/nomad-docker", str(folder))
    env = {**engine.environment, "DOCKER_CONFIG": str(folder)}
    secret = printed.credential.secret
    logged_in = answer_prompt(command, prompt="Password: ", typed=secret, env=env)
    assert "Login Succeeded" in logged_in.said
    assert json.loads((folder / "config.json").read_text())["auths"].keys() == {stack.registry}
