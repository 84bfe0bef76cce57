"""Do the printed instructions for Docker Swarm work as they are printed, on a real swarm?"""

from collections.abc import Iterator

import pytest

from tests.real import engines
from tests.real.engines import DockerEngine
from tests.real.matrix import Matrix
from tests.real.printed import Printed, request_token
from tests.real.programs import Outcome, answer_prompt, shell, wait_until
from tests.stack import Session

pytestmark = pytest.mark.engine

SERVICE = "indicium"
# The engine has no network of its own, so a task uses the machine's; else nothing is added.
ON_THIS_ENGINE = f"docker service create --network host --name {SERVICE}"


@pytest.fixture(scope="module")
def swarm(docker_engine: DockerEngine) -> Iterator[DockerEngine]:
    with engines.swarm(docker_engine):
        yield docker_engine


@pytest.fixture
def manager(swarm: DockerEngine, tmp_path) -> Iterator[DockerEngine]:
    """A manager without services and images, and a person at it who has never logged in."""
    swarm.remove_images()
    manager = swarm.for_somebody(tmp_path)
    yield manager
    shell(f"docker service rm {SERVICE}", env=manager.environment)
    wait_for_no_container(manager)


def log_in(printed: Printed, manager: DockerEngine) -> None:
    command, secret = printed.block("swarm-login"), printed.credential.secret
    done = answer_prompt(command, prompt="Password: ", typed=secret, env=manager.environment)
    assert "Login Succeeded" in done.said


def create(printed: Printed, manager: DockerEngine, *, without: str = "") -> Outcome:
    """The printed command; ``--detach`` where the task that it would wait for never comes."""
    command = printed.block("swarm-create", name=SERVICE, image="indicium")
    assert command.startswith(f"docker service create --name {SERVICE} --with-registry-auth ")
    command = command.replace(f"docker service create --name {SERVICE}", ON_THIS_ENGINE)
    if without:
        command = command.replace(without, "--detach")
    return shell(command, env=manager.environment)


def tasks(manager: DockerEngine) -> dict[str, str]:
    """The state of each task with its error, newest first."""
    form = "{{.ID}} {{.CurrentState}} {{.Error}}"
    lines = manager.docker("service", "ps", "--no-trunc", "--format", form, SERVICE).splitlines()
    return dict(line.split(" ", 1) for line in lines)


def newest(manager: DockerEngine) -> str:
    return next(iter(tasks(manager).values()))


def wait_for_a_task(manager: DockerEngine, state: str, *, newer_than: tuple[str, ...] = ()) -> str:
    """State and error of a task that has come to a state, which Swarm soon replaces by another."""
    found: list[str] = []

    def has_come() -> bool:
        new = (said for task, said in tasks(manager).items() if task not in newer_than)
        found.extend(said for said in new if said.startswith(state))
        return bool(found)

    wait_until(has_come, told=lambda: f"no task is {state}: {tasks(manager)}")
    return found[0]


def start_anew(manager: DockerEngine) -> None:
    """Ends the task, removes the image that it pulled, and asks for a task again."""
    manager.docker("service", "scale", "--detach", f"{SERVICE}=0")
    wait_for_no_container(manager)
    manager.remove_images()
    manager.docker("service", "scale", "--detach", f"{SERVICE}=1")


def wait_for_no_container(manager: DockerEngine) -> None:
    def has_none() -> bool:
        return not manager.docker("ps", "--all", "--quiet")

    wait_until(has_none, told=lambda: "the task or its container stays")


def test_the_printed_commands_start_a_service_whose_image_only_the_token_could_pull(
    printed: Printed, manager: DockerEngine, matrix: Matrix
) -> None:
    log_in(printed, manager)
    created = create(printed, manager)
    assert created.succeeded, created.said
    assert "converged" in created.said
    assert newest(manager).startswith("Running")
    matrix.say("Swarm", "create a service", newest(manager))


def test_without_the_option_the_task_gets_no_image(
    printed: Printed, manager: DockerEngine, matrix: Matrix
) -> None:
    log_in(printed, manager)
    create(printed, manager, without="--with-registry-auth")
    rejected = wait_for_a_task(manager, "Rejected")
    assert "No such image" in rejected
    matrix.say("Swarm", "create without credentials", rejected)


def test_after_a_revocation_a_running_service_needs_a_new_log_in_and_the_printed_update(
    printed: Printed, manager: DockerEngine, person: Session, matrix: Matrix
) -> None:
    log_in(printed, manager)
    assert create(printed, manager).succeeded
    person.revoke(printed.credential.username)
    said_before = len(manager.log.read_text())
    start_anew(manager)
    # Swarm shows no reason but this; the engine's log has the portal's sentence.
    rejected = wait_for_a_task(manager, "Rejected")
    assert "No such image" in rejected
    matrix.say("Swarm", "new task, revoked while in use", rejected)
    assert "this token was revoked on " in manager.log.read_text()[said_before:]

    another = request_token(person)
    log_in(another, manager)
    earlier = tuple(tasks(manager))
    manager.docker("service", "update", "--force", "--detach", SERVICE)
    wait_for_a_task(manager, "Rejected", newer_than=earlier)
    updated = shell(another.block("swarm-update", name=SERVICE), env=manager.environment)
    assert updated.succeeded, updated.said
    assert newest(manager).startswith("Running")
