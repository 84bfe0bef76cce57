"""The engines that pull: each with folders of its own, beside whatever else the machine runs."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.real.programs import need, need_root, run, serving, shell, skip_if_ended, wait_until

GATEWAY = "docker_gwbridge"  # the network that a swarm makes on its machine


@dataclass(frozen=True)
class DockerEngine:
    """A Docker engine behind a socket of its own, with the folder of somebody's log-ins."""

    socket: Path
    log: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        own = {"DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": str(self.folder)}
        return {**os.environ, **own}

    def for_somebody(self, folder: Path) -> "DockerEngine":
        """The same engine, for a person whose log-ins are in that folder."""
        return replace(self, folder=folder)

    def docker(self, *arguments: str) -> str:
        """What the command answers; it must succeed."""
        outcome = run(["docker", *arguments], env=self.environment)
        assert outcome.succeeded, outcome.said
        return outcome.said

    def remove_images(self) -> None:
        if images := self.docker("image", "ls", "--all", "--quiet", "--no-trunc").split():
            self.docker("image", "rm", "--force", *images)


@contextmanager
def docker_engine(folder: Path) -> Iterator[DockerEngine]:
    """An engine that needs no network of its own: the registry is on the machine's loopback."""
    need("docker", "dockerd", "containerd", "unshare", "setpriv")
    need_root("dockerd")
    socket, log, settings = folder / "docker.sock", folder / "log", folder / "daemon.json"
    settings.write_text("{}")
    # In a mount namespace of its own, what it mounts ends with it.
    command = ["unshare", "--mount", "dockerd", "--config-file", str(settings)]
    command += ["--host", f"unix://{socket}", "--pidfile", str(folder / "pid")]
    command += ["--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")]
    command += ["--storage-driver", "vfs", "--bridge=none", "--iptables=false", "--ip6tables=false"]
    engine = DockerEngine(socket, log, folder)
    ask = ["docker", "version"]
    with serving(command, log=log) as process:
        wait_until(
            lambda: process.poll() is not None or run(ask, env=engine.environment).succeeded,
            told=log.read_text,
        )
        skip_if_ended("dockerd", process, log)
        yield engine


@contextmanager
def swarm(engine: DockerEngine) -> Iterator[None]:
    """Makes the engine a swarm of one node that listens on the loopback only."""
    had_gateway = Path("/sys/class/net", GATEWAY).exists()
    engine.docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:0")
    try:
        yield
    finally:
        engine.docker("swarm", "leave", "--force")
        if not had_gateway:
            shell(f"docker network rm {GATEWAY}", env=engine.environment)


@contextmanager
def containerd(folder: Path) -> Iterator[str]:
    """containerd without Kubernetes or Docker; gives the address of its socket."""
    settings = (
        "version = 2\n"
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f'[plugins."io.containerd.internal.v1.opt"]\npath = {json.dumps(str(folder / "opt"))}\n'
        # Through which containerd 2.x pulls for ctr, too.
        '[[plugins."io.containerd.transfer.v1.local".unpack_config]]\n'
        'platform = "linux"\nsnapshotter = "native"\n'
    )
    with _containerd(folder, settings) as address:
        yield address


@contextmanager
def node(folder: Path, *, login: str) -> Iterator[str]:
    """containerd as a kubelet uses it, with a log-in at the end of its configuration."""
    need("containerd", "ctr", "setpriv")
    of_images = f'[plugins."{images_plugin()}'
    snapshots = f'{of_images}"]' if is_second_containerd() else f'{of_images}".containerd]'
    settings = (
        f"version = {3 if is_second_containerd() else 2}\n"
        f'[plugins."io.containerd.internal.v1.opt"]\npath = {json.dumps(str(folder / "opt"))}\n'
        f'{snapshots}\nsnapshotter = "native"\n'
        f"{login}\n"
    )
    with _containerd(folder, settings) as address:
        yield address


def is_second_containerd() -> bool:
    """Whether containerd 2.x is installed, whose configuration has other names."""
    return "/containerd/v2 " in run(["containerd", "--version"]).said


def images_plugin() -> str:
    """The plugin that pulls for a kubelet."""
    return "io.containerd.cri.v1.images" if is_second_containerd() else "io.containerd.grpc.v1.cri"


@contextmanager
def _containerd(folder: Path, settings: str) -> Iterator[str]:
    need("containerd", "ctr", "setpriv")
    need_root("containerd")
    address, log, config = folder / "containerd.sock", folder / "log", folder / "config.toml"
    config.write_text(settings)
    command = ["containerd", "--config", str(config), "--address", str(address)]
    command += ["--root", str(folder / "root"), "--state", str(folder / "state")]
    ask = ["ctr", "--address", str(address), "version"]
    with serving(command, log=log) as process:
        wait_until(lambda: process.poll() is not None or run(ask).succeeded, told=log.read_text)
        skip_if_ended("containerd", process, log)
        yield str(address)
