"""Does the portal find a registry on machines that have none, as anybody, without a trace?"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.real.programs import need, path_without, run
from tokens.registry import local

pytestmark = pytest.mark.engine

NOBODY = 65534
REGISTRIES = ("docker-registry", "registry")
ENGINES = ("docker", "podman")


@contextmanager
def as_nobody() -> Iterator[None]:
    """What is started in the block has none of root's rights; nothing changes for others."""
    if os.geteuid() != 0:
        yield
        return
    os.setresgid(NOBODY, NOBODY, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)


@pytest.fixture
def folder(home: Path) -> Path:
    """A folder that belongs to nobody."""
    if os.geteuid() == 0:
        shutil.chown(home, NOBODY, NOBODY)
    return home


def find_as_nobody(folder: Path) -> local.Program:
    """Skips where Debian's packages cannot be fetched, whatever the portal makes of it."""
    try:
        with as_nobody():
            return local.find(folder / "registry")
    except local.NoRegistry:
        if not has_mirror(folder):
            pytest.skip("apt-get: no mirror with the package docker-registry can be reached")
        raise


def has_mirror(folder: Path) -> bool:
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    own = ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={lists}"]
    own += ["-o", "APT::Sandbox::User=root", "-o", "APT::Update::Error-Mode=any"]
    fetched = run(["apt-get", *own, "update"]).succeeded
    return fetched and run(["apt-cache", *own, "show", local.PACKAGE]).succeeded


def test_a_registry_on_the_path_is_taken(tmp_path: Path) -> None:
    if not any(map(shutil.which, REGISTRIES)):
        pytest.skip("docker-registry: it is not installed")
    found = local.find(tmp_path)
    assert Path(found.command[0]).name in REGISTRIES
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("lists", ["the machine's", "none"])
def test_debians_package_is_unpacked_without_root(
    folder: Path, monkeypatch: pytest.MonkeyPatch, lists: str
) -> None:
    need("apt-get", "apt-cache", "dpkg-deb")
    monkeypatch.setenv("PATH", path_without(folder / "bin", *REGISTRIES, *ENGINES))
    if lists == "none":
        # As in an image that was made small: apt-get knows of no package.
        (folder / "apt.conf").write_text(f'Dir::State::lists "{folder}/none";\n')
        monkeypatch.setenv("APT_CONFIG", str(folder / "apt.conf"))
    found = find_as_nobody(folder)
    assert found.command == (f"{folder}/registry/unpacked/usr/bin/docker-registry", "serve")
    assert "docker-registry" in run([found.command[0], "--version"]).said
    assert found.line in {2, 3}
