"""A proxy before the registry that asks the portal about the grant of each request."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.stack import Stack, free_port

STARTED_WITHIN = 20  # seconds

CADDYFILE = """
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    forward_auth {portal} {{
        uri /auth/check
    }}
    reverse_proxy {registry}
}}
"""


def program() -> str | None:
    return shutil.which("caddy")


@contextmanager
def checking(stack: Stack, folder: Path) -> Iterator[str]:
    """Starts Caddy with ``forward_auth``, as docker-compose.yml does; gives its address."""
    port = free_port()
    text = CADDYFILE.format(port=port, portal=stack.portal, registry=f"http://{stack.registry}")
    with serving(text, folder, address := f"http://127.0.0.1:{port}"):
        yield address


@contextmanager
def serving(configuration: str, folder: Path, address: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs Caddy with this configuration, from when it leads to the registry at that address."""
    file = folder / "Caddyfile"
    file.write_text(configuration)
    command = [str(program()), "run", "--adapter", "caddyfile", "--config", str(file)]
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"}
        )
    try:
        _wait_for(address, process)
        yield process
    finally:
        process.terminate()
        process.wait(STARTED_WITHIN)


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            # Its authority is its own.
            if requests.get(f"{address}/v2/", timeout=5, verify=False).status_code == 401:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError("the proxy does not start")
