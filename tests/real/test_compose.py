"""Do the printed instructions for Docker Compose work as they are printed?"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.engines import DockerEngine
from tests.real.printed import Printed
from tests.real.programs import Outcome, answer_prompt, need, run, shell
from tests.stack import Session

pytestmark = pytest.mark.engine

# Before version 2, Compose is no plugin of Docker, though it takes the same commands.
PLUGIN = """#!/bin/sh
if [ "$1" = docker-cli-plugin-metadata ]; then
  echo '{"SchemaVersion": "0.1.0", "Vendor": "Docker Inc.", "Version": "1"}'
else
  shift
  exec docker-compose "$@"
fi
"""


class Project:
    """A folder with a compose.yaml, and a person at it who has never logged in."""

    def __init__(self, folder: Path, engine: DockerEngine) -> None:
        self.folder, self.engine = folder, engine
        if not run(["docker", "compose", "version"], env=engine.environment).succeeded:
            need("docker-compose")
            plugin = engine.folder / "cli-plugins/docker-compose"
            plugin.parent.mkdir()
            plugin.write_text(PLUGIN)
            plugin.chmod(0o755)

    def describe(self, printed: Printed) -> None:
        text = printed.block("compose-file", name="indicium", image="indicium")
        # The engine has no network of its own, so the service uses the machine's.
        (self.folder / "compose.yaml").write_text(f"{text}\n    network_mode: host\n")

    def log_in(self, printed: Printed) -> Outcome:
        command, secret = printed.block("compose-login"), printed.credential.secret
        env = self.engine.environment
        return answer_prompt(command, prompt="Password: ", typed=secret, env=env)

    def log_in_from_file(self, printed: Printed) -> Outcome:
        (self.folder / ".env").write_text(printed.block("compose-env"))
        return self._shell(printed.block("compose-script"))

    def start(self, printed: Printed) -> Outcome:
        return self._shell(printed.block("compose-up"))

    def running(self) -> list[str]:
        return self.engine.docker("ps", "--format", "{{.Image}}").split()

    def remove(self) -> Outcome:
        return self._shell("docker compose down --timeout 1")

    def _shell(self, script: str) -> Outcome:
        return shell(f"cd {self.folder} && {script}", env=self.engine.environment)


@pytest.fixture
def project(docker_engine: DockerEngine, tmp_path: Path) -> Iterator[Project]:
    docker_engine.remove_images()
    for folder in ("project", "person"):
        (tmp_path / folder).mkdir()
    project = Project(tmp_path / "project", docker_engine.for_somebody(tmp_path / "person"))
    yield project
    if (project.folder / "compose.yaml").exists():
        project.remove()


def test_the_printed_commands_start_what_only_the_token_could_pull(
    printed: Printed, project: Project
) -> None:
    project.describe(printed)
    assert not project.start(printed).succeeded
    logged_in = project.log_in(printed)
    assert "Login Succeeded" in logged_in.said
    started = project.start(printed)
    assert started.succeeded, started.said
    assert [image.rpartition("/")[2] for image in project.running()] == ["indicium"]


def test_a_script_logs_in_from_the_printed_file(printed: Printed, project: Project) -> None:
    project.describe(printed)
    logged_in = project.log_in_from_file(printed)
    assert "Login Succeeded" in logged_in.said
    started = project.start(printed)
    assert started.succeeded, started.said


def test_what_runs_does_not_notice_a_revocation_and_the_next_pull_does(
    printed: Printed, project: Project, person: Session
) -> None:
    project.describe(printed)
    assert project.log_in(printed).succeeded
    assert project.start(printed).succeeded
    person.revoke(printed.credential.username)
    assert not project.start(printed).succeeded
    assert len(project.running()) == 1


def test_logging_in_from_the_file_keeps_other_log_ins(printed: Printed, project: Project) -> None:
    stored = project.engine.folder / "config.json"
    stored.write_text(json.dumps({"auths": {"registry.example": {"auth": "YTpi"}}}))
    assert project.log_in_from_file(printed).succeeded
    logins = json.loads(stored.read_text())["auths"]
    assert logins["registry.example"] == {"auth": "YTpi"}
    assert len(logins) == 2
