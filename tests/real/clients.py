"""The clients that pull, each with the same verbs: log in, remember, pull, have, forget."""

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any

from tests.real.programs import Outcome, need, run
from tests.stack import Credential


class Client:
    """Somebody's client with a home of its own.

    What Docker made the form of stored log-ins, Podman and Skopeo read too: they share a file.
    """

    programs: tuple[str, ...] = ()
    engine = ""  # the fixture of the engine that it needs
    login_tells_why = False
    pull_tells_why = True
    push_tells_why = True

    def __init__(self, folder: Path, registry: str, engine: Any) -> None:
        need(*self.programs)
        self.folder, self.registry, self.engine_of_ours = folder, registry, engine
        self.stored = folder / "config.json"
        self.stored.write_text("{}")
        self.env = {
            **os.environ,
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "DOCKER_CONFIG": str(folder),
            "REGISTRY_AUTH_FILE": str(self.stored),
        }

    def login(self, credential: Credential) -> Outcome:
        """Logs in as its manual says, with the secret on standard input."""
        command = [*self._logs_in(), "--username", credential.username, "--password-stdin"]
        return self._run(*command, self.registry, told=credential.secret)

    def remember(self, credential: Credential) -> None:
        """Stores a log-in without asking the registry, as a machine has it from earlier."""
        pair = base64.b64encode(f"{credential.username}:{credential.secret}".encode()).decode()
        self.stored.write_text(json.dumps({"auths": {self.registry: {"auth": pair}}}))

    def pull(self, image: str) -> Outcome:
        raise NotImplementedError

    def push(self, image: str, target: str) -> Outcome:
        """Pushes an image that it pulled under another name."""
        raise NotImplementedError

    def has(self, image: str) -> bool:
        raise NotImplementedError

    def forget(self, image: str) -> None:
        """Removes an image that it pulled, layers and all."""
        raise NotImplementedError

    def _logs_in(self) -> list[str]:
        raise NotImplementedError

    def _run(self, *command: str, told: str = "") -> Outcome:
        return run(list(command), env=self.env, told=told)


class Docker(Client):
    programs = ("docker",)
    engine = "docker_engine"
    login_tells_why = True

    def __init__(self, folder: Path, registry: str, engine: Any) -> None:
        super().__init__(folder, registry, engine)
        self.env["DOCKER_HOST"] = engine.environment["DOCKER_HOST"]
        engine.remove_images()

    def pull(self, image: str) -> Outcome:
        return self._run("docker", "pull", f"{self.registry}/{image}")

    def push(self, image: str, target: str) -> Outcome:
        there = f"{self.registry}/{target}"
        assert self._run("docker", "tag", f"{self.registry}/{image}", there).succeeded
        return self._run("docker", "push", there)

    def has(self, image: str) -> bool:
        return self._run("docker", "image", "inspect", f"{self.registry}/{image}").succeeded

    def forget(self, image: str) -> None:
        assert self._run("docker", "image", "rm", f"{self.registry}/{image}").succeeded

    def _logs_in(self) -> list[str]:
        return ["docker", "login"]


class Podman(Client):
    programs = ("podman",)

    def pull(self, image: str) -> Outcome:
        return self._podman("pull", "--tls-verify=false", f"{self.registry}/{image}")

    def push(self, image: str, target: str) -> Outcome:
        names = (f"{self.registry}/{image}", f"{self.registry}/{target}")
        return self._podman("push", "--tls-verify=false", *names)

    def has(self, image: str) -> bool:
        return self._podman("image", "exists", f"{self.registry}/{image}").succeeded

    def forget(self, image: str) -> None:
        assert self._podman("image", "rm", f"{self.registry}/{image}").succeeded

    def _logs_in(self) -> list[str]:
        return [*self._with_folders(), "login", "--tls-verify=false"]

    def _podman(self, *arguments: str) -> Outcome:
        return self._run(*self._with_folders(), *arguments)

    def _with_folders(self) -> list[str]:
        folders = {"root": "images", "runroot": "run", "tmpdir": "state"}
        options = [f"--{option}={self.folder / name}" for option, name in folders.items()]
        return ["podman", "--storage-driver=vfs", "--cgroup-manager=cgroupfs", *options]


class Skopeo(Client):
    """It keeps nothing: what it copies lies in a folder."""

    programs = ("skopeo",)

    def pull(self, image: str) -> Outcome:
        place = f"dir:{self._copy(image)}"
        source = f"docker://{self.registry}/{image}"
        return self._run("skopeo", "copy", "--src-tls-verify=false", source, place)

    def push(self, image: str, target: str) -> Outcome:
        place, there = f"dir:{self._copy(image)}", f"docker://{self.registry}/{target}"
        return self._run("skopeo", "copy", "--dest-tls-verify=false", place, there)

    def delete(self, image: str) -> Outcome:
        """Deletes an image in the registry, as no other of the clients can."""
        there = f"docker://{self.registry}/{image}"
        return self._run("skopeo", "delete", "--tls-verify=false", there)

    def has(self, image: str) -> bool:
        manifest = self._copy(image) / "manifest.json"
        if not manifest.exists():
            return False
        layers = [layer["digest"] for layer in json.loads(manifest.read_text())["layers"]]
        return all((self._copy(image) / layer.split(":")[1]).exists() for layer in layers)

    def forget(self, image: str) -> None:
        for file in self._copy(image).iterdir():
            file.unlink()

    def _logs_in(self) -> list[str]:
        return ["skopeo", "login", "--tls-verify=false"]

    def _copy(self, image: str) -> Path:
        return self.folder / image.replace("/", "-").replace(":", "-")


class Ctr(Client):
    """containerd's own client. It has no log-in: each pull carries the credential."""

    programs = ("ctr",)
    engine = "containerd"
    pull_tells_why = False
    push_tells_why = False

    def __init__(self, folder: Path, registry: str, engine: Any) -> None:
        super().__init__(folder, registry, engine)
        self._user: list[str] = []
        self._namespace = f"home-{secrets.token_hex(4)}"

    def remember(self, credential: Credential) -> None:
        self._user = ["--user", f"{credential.username}:{credential.secret}"]

    def pull(self, image: str) -> Outcome:
        options = ["--plain-http", "--snapshotter", "native", *self._user]
        return self._ctr("images", "pull", *options, f"{self.registry}/{image}")

    def push(self, image: str, target: str) -> Outcome:
        names = (f"{self.registry}/{target}", f"{self.registry}/{image}")
        return self._ctr("images", "push", "--plain-http", *self._user, *names)

    def has(self, image: str) -> bool:
        listed = self._ctr("images", "ls", "--quiet", f"name=={self.registry}/{image}")
        return listed.said.strip() == f"{self.registry}/{image}"

    def forget(self, image: str) -> None:
        assert self._ctr("images", "rm", "--sync", f"{self.registry}/{image}").succeeded

    def _ctr(self, *arguments: str) -> Outcome:
        options = ["--address", self.engine_of_ours, "--namespace", self._namespace]
        return self._run("ctr", *options, *arguments)


CLIENTS = [Docker, Podman, Skopeo, Ctr]


def named(kind: type[Client]) -> str:
    return kind.__name__.lower()
