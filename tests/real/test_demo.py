"""Does ``make run`` keep what others rely on?"""

import json
import os
import secrets
import signal
import socket
import stat
import subprocess
import sys
from base64 import b32decode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from django.conf import settings

from tests import stack as stacks
from tests.real import protocol
from tests.real.forger import Forger, pull_of
from tests.real.printed import request_token
from tests.real.programs import need, path_without, wait_until
from tests.stack import ROOT, STARTED_WITHIN, STOPPED_WITHIN, PostedForm, Session, Stack, free_port

pytestmark = pytest.mark.engine

# The environment that runs the tests runs the demo; a .env is not made for it.
MAKE_RUN = ["make", "--no-print-directory", "--old-file=.env", f"VENV={sys.prefix}", "run"]
MANAGE_DEMO = [sys.executable, str(ROOT / "manage.py"), "demo"]


@pytest.fixture
def environment(stack: Stack, tmp_path: Path) -> dict[str, str]:
    """Settings of a demo of the test's own, on SQLite."""
    own = {"VAR_DIR": tmp_path / "var", "PORT": free_port(), "REGISTRY_PORT": free_port()}
    inherited = {key: text for key, text in stack.environment.items() if key != "DATABASE_URL"}
    return inherited | {name: str(value) for name, value in own.items()}


class Run:
    """A demo that was started, in a process group of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", var_dir: Path, output: Path) -> None:
        self.process = process
        self.list = var_dir / "demo.json"
        self._output = output

    def said(self) -> str:
        return self._output.read_text()

    def processes(self) -> set[int]:
        """All that it started, by the session that they share."""
        found = set()
        for file in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _parent, _group, session = file.read_text().rpartition(")")[2].split()[:4]
            except OSError:  # it has just ended
                continue
            if state != "Z" and int(session) == self.process.pid:
                found.add(int(file.parent.name))
        return found

    def wait_for_the_list(self) -> None:
        def is_there() -> bool:
            assert self.process.poll() is None, self.said()
            return self.list.exists()

        wait_until(is_there, told=self.said, within=STARTED_WITHIN)

    def end(self, number: int = signal.SIGTERM) -> None:
        """Signals the process group, as a terminal does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        self.process.wait(STOPPED_WITHIN)


@contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[Run]:
    var_dir = Path(environment["VAR_DIR"])
    var_dir.mkdir(exist_ok=True)
    output = var_dir.parent / f"output-{secrets.token_hex(4)}"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    run = Run(process, var_dir, output)
    try:
        yield run
    finally:
        run.end()


def is_free(port: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError:
            return False
        return True


def test_the_list_names_the_portal_the_registry_and_images(stack: Stack) -> None:
    listed = json.loads((stack.var_dir / "demo.json").read_text())
    assert listed.keys() == {"portal", "registry", "images", "people"}
    assert listed["portal"] == f"http://127.0.0.1:{stack.environment['PORT']}"
    assert listed["registry"] == f"127.0.0.1:{stack.environment['REGISTRY_PORT']}"
    assert len(listed["images"]) >= 2
    assert all(image.startswith("public/") and ":" in image for image in listed["images"])
    assert any(image.startswith("public/universal:") for image in listed["images"])


def test_the_list_holds_passwords_and_is_for_its_owner_only(stack: Stack) -> None:
    assert stat.S_IMODE((stack.var_dir / "demo.json").stat().st_mode) == 0o600


def test_the_list_has_two_customers_with_every_role_and_the_vendor(stack: Stack) -> None:
    for person in stack.people:
        assert person.keys() == {
            *("email", "password", "name", "company", "role", "vendor", "totp")
        }
    customers = {person["company"] for person in stack.people if not person["vendor"]}
    assert len(customers) >= 2
    for company in customers:
        roles = Counter(p["role"] for p in stack.people if p["company"] == company)
        assert roles >= Counter(admin=1, member=2, auditor=1)
    assert {p["role"] for p in stack.people if p["vendor"]} >= {"admin", "auditor"}


def test_the_vendors_people_alone_need_a_code_whose_seed_is_listed(stack: Stack) -> None:
    assert all(bool(person["totp"]) is person["vendor"] for person in stack.people)
    seeds = [person["totp"] for person in stack.people if person["vendor"]]
    assert len(set(seeds)) == len(seeds)
    assert all(len(b32decode(seed)) == 20 for seed in seeds)
    assert stack.sign_in("vera@thinkwise.example").get("/tokens/").ok


@pytest.mark.parametrize("email", ["bram@acme.example", "greta@globex.example"])
def test_customers_pull_every_listed_image_and_no_other(stack: Stack, email: str) -> None:
    credential = stack.sign_in(email).request_token()
    for image in stack.images:
        assert protocol.pull(stack.registry, image, credential) > 0
    hidden = "internal/builder:2025.1.10"
    grant = protocol.granted(stack.registry, hidden, credential)
    assert protocol.manifest(stack.registry, hidden, grant=grant).status_code == 401
    # It is there, for whoever is entitled to it.
    right = Forger(stack.var_dir).grant(access=[pull_of("internal/builder")])
    assert protocol.manifest(stack.registry, hidden, grant=right).ok


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_people_have_no_language_but_their_browsers(stack: Stack, language: str) -> None:
    person = stack.person("bram@acme.example")
    browser = requests.Session()
    browser.headers["Accept-Language"] = language
    login = f"{stack.portal}/accounts/login/"
    form = PostedForm.of(browser.get(login, timeout=30).text).fields
    form |= {"login": person["email"], "password": person["password"]}
    page = browser.post(login, data=form, timeout=30)
    assert page.url.endswith("/tokens/")
    assert f'<html lang="{language}"' in page.text


def test_the_process_id_is_that_of_gunicorns_master(stack: Stack) -> None:
    master = (stack.var_dir / "portal.pid").read_text().strip()
    process = Path("/proc", master)
    assert "gunicorn" in (process / "cmdline").read_text()
    children = (process / "task" / master / "children").read_text().split()
    assert len(children) == int(stack.environment["WEB_CONCURRENCY"])
    assert stack.process.pid == int((process / "stat").read_text().rpartition(")")[2].split()[1])


def test_what_the_processes_say_is_kept(stack: Stack) -> None:
    assert {file.name for file in (stack.var_dir / "log").iterdir()} >= {
        *("portal.log", "registry.log")
    }


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_signal_to_its_group_ends_all_that_make_run_started(
    environment: dict[str, str], number: signal.Signals
) -> None:
    need("make")
    with started(MAKE_RUN, environment) as run:
        run.wait_for_the_list()
        ports = environment["PORT"], environment["REGISTRY_PORT"]
        assert requests.get(f"http://127.0.0.1:{ports[0]}/readyz", timeout=10).ok
        assert protocol.get(f"127.0.0.1:{ports[1]}", "").status_code == 401
        # The demo, gunicorn with two workers, the registry.
        assert len(run.processes()) >= 5
        run.end(number)
        wait_until(lambda: not run.processes(), told=lambda: f"{run.processes()} still run")
        assert all(map(is_free, ports))
        assert "Ended. The data are kept." in run.said()
        assert "Traceback" not in run.said()


def test_the_list_of_an_earlier_run_is_gone_before_a_new_one_is_ready(
    environment: dict[str, str],
) -> None:
    """So that whoever waits for it waits for both to answer."""
    stale = Path(environment["VAR_DIR"], "demo.json")
    stale.parent.mkdir()
    stale.write_text("stale")
    with started(MANAGE_DEMO, environment) as run:
        wait_until(lambda: "Looking for a registry" in run.said(), told=run.said)
        assert not stale.exists() or stale.read_text() != "stale"


def test_starting_again_keeps_data_passwords_and_secrets(tmp_path: Path) -> None:
    keys = {"SECRET_KEY": secrets.token_urlsafe(48), "DEMO_KEY": secrets.token_urlsafe(48)}
    with stacks.running(tmp_path, **keys) as first:
        everybody = [first.sign_in(person["email"]) for person in first.people]
        kept = request_token(Session(first.portal, first.person("eva@globex.example"))).credential
        assert len(everybody) == len(first.people)
    (tmp_path / "demo.json").unlink()
    with stacks.running(tmp_path, **keys) as second:
        assert second.people == first.people
        listed = second.sign_in("greta@globex.example").get("/tokens/").text
        assert kept.username in listed
        for image in second.images:
            assert protocol.pull(second.registry, image, kept) > 0


@pytest.mark.parametrize("name", ["PORT", "REGISTRY_PORT"])
def test_a_taken_port_is_one_line_that_names_it(environment: dict[str, str], name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with started(MANAGE_DEMO, environment | {name: port}) as run:
            assert run.process.wait(STARTED_WITHIN) != 0
            assert not run.list.exists()
        told = f"port {port} is taken; choose another with {name}=…"
        assert run.said() == f"CommandError: {told}\n"


def test_a_second_start_leaves_the_list_of_the_first_alone(stack: Stack) -> None:
    before = (stack.var_dir / "demo.json").read_text()
    assert stack.manage("demo").returncode != 0
    assert (stack.var_dir / "demo.json").read_text() == before
    assert requests.get(f"{stack.portal}/readyz", timeout=10).ok


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A portal on a machine that can have no registry, with keys of its own."""
    folder = tmp_path_factory.mktemp("alone")
    missing = ("docker-registry", "registry", "apt-get", "docker", "podman")
    with stacks.running(folder, PATH=path_without(folder / "bin", *missing)) as portal:
        yield portal


def test_where_no_registry_can_be_had_the_portal_runs_alone(alone: Stack) -> None:
    said = (alone.var_dir / "demo.log").read_text()
    told = [line for line in said.splitlines() if "the portal runs alone" in line]
    assert len(told) == 1
    assert "docker-registry" in told[0]
    assert "docker pull" not in said
    assert alone.images == []
    assert alone.sign_in().request_token().secret


def test_passwords_depend_on_the_key_of_the_machine(stack: Stack, alone: Stack) -> None:
    pairs = zip(stack.people, alone.people, strict=True)
    assert all(ours["password"] != theirs["password"] for ours, theirs in pairs)
