"""Runs the whole portal on this machine: data, registry, images, web server."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tokens import grants
from tokens.management import demo
from tokens.registry import authority, images, local
from tokens.registry.authority import AuthorityError
from tokens.registry.configuration import Events, configuration
from tokens.registry.signing import Scope

PID_FILE = str(settings.VAR_DIR / "portal.pid")
GUNICORN = ["-m", "gunicorn", "--config", "python:portal.gunicorn", "--pid", PID_FILE]
RUN_JOBS = ["manage.py", "run_jobs"]
STARTED_WITHIN = 60  # seconds
STOPPED_WITHIN = 30  # seconds


class Command(BaseCommand):
    help = "Runs the portal with people, a registry and images to try. Ctrl-C ends all of it."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_KEY:
            raise CommandError("DEMO_KEY is not set: `make .env` writes one")
        signal.signal(signal.SIGTERM, _end)
        try:
            with ExitStack() as running:
                self._run(running)
        except (local.NoRegistry, images.PushFailed, AuthorityError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("\nEnded. The data are kept.")

    def _run(self, running: ExitStack) -> None:
        portal, registry = urlsplit(settings.PORTAL_URL), urlsplit(settings.REGISTRY_URL)
        for name, address in (("PORT", portal), ("REGISTRY_PORT", registry)):
            _check_free(name, str(address.hostname), address.port or 80)
        # Whoever waits for the list waits for this start, not for an earlier one.
        (settings.VAR_DIR / "demo.json").unlink(missing_ok=True)
        self._say("Preparing the database, keys and people")
        _prepare()
        server = running.enter_context(_process("portal", GUNICORN))
        pushed = self._start_registry(running)
        _wait_until_ready(server)
        running.enter_context(_process("jobs", RUN_JOBS))
        _write_list(pushed)
        self._explain(pushed)
        server.wait()
        raise CommandError(f"the portal has ended; see {settings.VAR_DIR}/log/portal.log")

    def _start_registry(self, running: ExitStack) -> list[str]:
        """Starts the registry and pushes the images; [] where no registry can be had."""
        self._say("Looking for a registry")
        try:
            program = local.find(settings.VAR_DIR / "registry")
        except local.NoRegistry as error:
            self._say(f"No registry can be run here, so the portal runs alone: {error}")
            return []
        self._say(f"Starting {' '.join(program.command)} on {settings.REGISTRY_HOST}")
        registry = local.start(
            program,
            address=settings.REGISTRY_HOST,
            configure=_configuration,
            folder=settings.VAR_DIR / "registry",
            log=settings.VAR_DIR / "log" / "registry.log",
        )
        running.callback(registry.stop)
        self._say("Pushing images")
        return _push_images()

    def _explain(self, pushed: list[str]) -> None:
        first, second = demo.PEOPLE[3], demo.PEOPLE[6]
        self.stdout.write(f"\nThe portal is at {settings.PORTAL_URL}. Sign in, for example as")
        for person in (first, second):
            self.stdout.write(f"  {person.email}  {demo.password(person.email)}")
        self.stdout.write("request a token, and put it on a machine:")
        self.stdout.write(f"  docker login {settings.REGISTRY_HOST}")
        if pushed:
            self.stdout.write(f"  docker pull {settings.REGISTRY_HOST}/{pushed[-1]}")
        self.stdout.write(f"Mails are written to {settings.VAR_DIR}/log/jobs.log.")
        self.stdout.write("Ctrl-C ends everything.")
        self.stdout.flush()

    def _say(self, words: str) -> None:
        self.stdout.write(f"· {words}")
        self.stdout.flush()


def _end(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _check_free(name: str, host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"port {port} is taken; choose another with {name}=…") from error


def _prepare() -> None:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if not settings.REGISTRY_CA_KEY_FILE.exists():
        authority.create(
            settings.REGISTRY_CA_CERT_FILE,
            settings.REGISTRY_CA_KEY_FILE,
            now=timezone.now(),
            days=settings.REGISTRY_CA_DAYS,
        )
    demo.fill()


@contextmanager
def _process(name: str, command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a part of the portal with a log of its own, as in production."""
    log = settings.VAR_DIR / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=settings.BASE_DIR, stdout=stream, stderr=stream
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if requests.get(f"{settings.PORTAL_URL}/readyz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise CommandError(f"the portal does not start; see {settings.VAR_DIR}/log/portal.log")


def _configuration(line: int) -> str:
    return configuration(
        line,
        realm=settings.REGISTRY_REALM,
        service=settings.REGISTRY_SERVICE,
        issuer=settings.REGISTRY_ISSUER,
        bundle=str(settings.REGISTRY_CA_CERT_FILE),
        storage=str(settings.VAR_DIR / "registry" / "storage"),
        address=settings.REGISTRY_HOST,
        secret=settings.SECRET_KEY[:16],
        events=Events(f"{settings.PORTAL_URL}/registry/events", settings.REGISTRY_EVENTS_SECRET),
    )


def _push_images() -> list[str]:
    pushed = []
    for repository, tags in images.DEMO_IMAGES.items():
        access = [Scope(type="repository", name=repository, actions=["pull", "push"])]
        grant = grants.issue("demo", access, now=timezone.now())
        image = images.build(f"This is {repository}, pulled with a token.")
        images.push(image, repository, tags, registry=settings.REGISTRY_URL, token=grant.token)
        pushed += [f"{repository}:{tag}" for tag in tags]
    return [image for image in pushed if image.startswith("public/")]


def _write_list(pushed: list[str]) -> None:
    listed = {
        "portal": settings.PORTAL_URL,
        "registry": settings.REGISTRY_HOST,
        "images": pushed,
        "people": list(demo.people()),
    }
    # Moved into its place when it is whole, for whoever waits for it.
    draft = settings.VAR_DIR / "demo.json.new"
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(listed, indent=2, ensure_ascii=False) + "\n")
    draft.replace(settings.VAR_DIR / "demo.json")
