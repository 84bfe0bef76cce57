"""Is a registry found wherever one can be had, and is it told why not?

The programs here only look like those of a machine; tests/real/test_local.py asks the real ones.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.stack import free_port
from tokens.registry import local
from tokens.registry.local import NoRegistry, Program

# On an otherwise empty PATH: what each does, in the words of a shell.
REGISTRY = "echo docker-registry github.com/docker/distribution v3.0.1"
FETCHES = ": > docker-registry_2.8_amd64.deb"
KNOWS_NO_PACKAGE = f"""
case "$*" in
  download*) echo "E: Unable to locate package $2" >&2; exit 100 ;;
  *update) : > updated ;;
  *) [ -e updated ] && {FETCHES} ;;
esac"""
UNPACKS = """/bin/mkdir -p "$3/usr/bin"
printf '#!/bin/sh\\necho 2.8.2+ds1\\n' > "$3/usr/bin/docker-registry"
/bin/chmod +x "$3/usr/bin/docker-registry"
"""
FAILS = "echo it fails >&2; exit 1"

# A registry that asks for a token; one that does not; one that SIGTERM does not end; one that ends.
SERVES = """
import signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", challenge)
        self.end_headers()

host, port = open(sys.argv[1]).read().split(":")
HTTPServer((host, int(port)), Handler).serve_forever()
"""
ASKS = f"challenge = 'Bearer realm=x'{SERVES}"
ASKS_FOR_A_PASSWORD = f"challenge = 'Basic realm=x'{SERVES}"
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ASKS
ENDS = "print('starting'); print('the configuration is wrong')"

Put = Callable[..., None]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Puts programs on the PATH, where there is nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(**scripts: str) -> None:
        for name, script in scripts.items():
            file = folder / name.replace("_", "-")
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)

    return put


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "registry"


def start(script: str, folder: Path, *, address: str = "", **options: bool) -> local.Running:
    """Starts what a script of Python does."""
    (folder.parent / "script.py").write_text(script)
    return local.start(
        Program((sys.executable, "-u", str(folder.parent / "script.py")), line=3, **options),
        address=address or f"127.0.0.1:{free_port()}",
        configure=lambda line: address,
        folder=folder,
        log=folder.parent / "log" / "registry.log",
    )


@pytest.mark.parametrize("name", ["docker_registry", "registry"])
def test_one_on_the_path_is_taken_before_all_others(name: str, put: Put, folder: Path) -> None:
    put(**{name: REGISTRY}, apt_get=FETCHES, dpkg_deb=UNPACKS, docker="")
    found = local.find(folder)
    assert found.line == 3
    assert Path(found.command[0]).name == name.replace("_", "-")
    assert not folder.exists()


def test_one_that_says_no_version_is_taken_for_the_second_line(put: Put, folder: Path) -> None:
    put(registry="echo registry")
    assert local.find(folder).line == 2


@pytest.mark.parametrize("apt_get", [FETCHES, KNOWS_NO_PACKAGE], ids=["known", "looked up anew"])
def test_debians_package_is_unpacked(apt_get: str, put: Put, folder: Path) -> None:
    put(apt_get=apt_get, dpkg_deb=UNPACKS, docker="")
    found = local.find(folder)
    assert found == Program((f"{folder}/unpacked/usr/bin/docker-registry", "serve"), line=2)


def test_what_was_unpacked_is_not_fetched_again(put: Put, folder: Path) -> None:
    put(apt_get=FETCHES, dpkg_deb=UNPACKS)
    first = local.find(folder)
    put(apt_get=FAILS, dpkg_deb=FAILS)
    assert local.find(folder) == first


def test_an_engine_runs_it_where_nothing_else_can(put: Put, folder: Path) -> None:
    put(apt_get=FAILS, dpkg_deb=UNPACKS, docker="exit 0")
    found = local.find(folder)
    assert found.command[:2] == ("docker", "run")
    assert found.runs_in_container
    assert found.line == 3


def test_an_engine_that_does_not_answer_hides_no_other(put: Put, folder: Path) -> None:
    put(docker=FAILS, podman="exit 0")
    assert local.find(folder).command[0] == "podman"


def test_where_there_is_none_every_reason_is_told_in_one_line(put: Put, folder: Path) -> None:
    with pytest.raises(NoRegistry) as refused:
        local.find(folder)
    told = str(refused.value)
    assert "\n" not in told
    for reason in ("docker-registry", "apt-get", "docker nor podman"):
        assert reason in told


def test_what_the_programs_said_is_told(
    put: Put, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "FETCHED_WITHIN", 0.2)
    put(apt_get="exit 1", dpkg_deb=UNPACKS, docker=FAILS, podman="exec /bin/sleep 10")
    with pytest.raises(NoRegistry) as refused:
        local.find(folder)
    for reason in ("apt-get: no reason given", "docker: it fails", "podman: ", "timed out"):
        assert reason in str(refused.value)


def test_it_is_started_with_its_configuration_and_stopped(folder: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    running = start(ASKS, folder, address=address)
    assert (folder / "config.yml").read_text() == address
    assert requests.get(f"http://{address}/v2/", timeout=5).status_code == 401
    assert not running.has_ended()
    running.stop()
    assert running.has_ended()
    running.stop()


def test_one_that_does_not_end_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "STOPPED_WITHIN", 0.5)
    running = start(IGNORES_SIGTERM, folder, address=f"127.0.0.1:{free_port()}")
    started = time.monotonic()
    running.stop()
    assert running.has_ended()
    assert time.monotonic() - started > 0.5


def test_something_else_that_answers_is_no_registry(folder: Path) -> None:
    with pytest.raises(NoRegistry, match="something else answers there"):
        start(ASKS_FOR_A_PASSWORD, folder, address=f"127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    ("script", "told"), [(ENDS, "it said: the configuration is wrong"), ("", "it said: nothing")]
)
def test_one_that_ends_at_once_is_told_with_its_last_words(
    script: str, told: str, folder: Path
) -> None:
    with pytest.raises(NoRegistry, match=told):
        start(script, folder)


def test_in_a_container_it_sees_the_folder_above_its_own(folder: Path) -> None:
    says = "import sys; print(*sys.argv[1:])"
    above, file = folder.parent, folder / "config.yml"
    with pytest.raises(NoRegistry, match=f"-v {above}:{above} registry:3 serve {file}"):
        start(says, folder, runs_in_container=True)
