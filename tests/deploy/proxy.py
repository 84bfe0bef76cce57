"""A Caddy with the shipped Caddyfile, on this machine and before servers that echo."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler

import pytest

from tests.deploy.files import ROOT
from tests.stack import free_port

WITHIN = 30  # seconds
PORTAL, REGISTRY = "portal.example.com", "registry.example.com"


class Echo(BaseHTTPRequestHandler):
    """Answers with what has arrived."""

    def do_GET(self):
        arrived = {"server": self.server.name, "path": self.path, "headers": dict(self.headers)}
        body = json.dumps(arrived).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Says nothing."""


class Proxy:
    """A running Caddy with the shipped Caddyfile, before two servers that echo."""

    def __init__(self, port, http_port):
        self.port, self.http_port = port, http_port

    def ask(self, host, path, **headers):
        """The answer to a GET over TLS, for a host that Caddy makes a certificate for itself."""
        context = ssl._create_unverified_context()
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=WITHIN) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
            lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
            secured.sendall("\r\n".join([*lines, "", ""]).encode())
            response = HTTPResponse(secured)
            response.begin()
            return response.status, response.read()

    def arrived(self, host, path, **headers):
        status, body = self.ask(host, path, **headers)
        assert status == 200
        return json.loads(body)


def adapt(**settings):
    """The Caddyfile as Caddy understands it."""
    if not shutil.which("caddy"):
        pytest.skip("caddy: it is not installed")
    given = {"PORTAL_URL": f"https://{PORTAL}", "REGISTRY_HOST": REGISTRY, "TLS": "internal"}
    done = subprocess.run(
        ["caddy", "adapt", "--config", str(ROOT / "deploy" / "Caddyfile")],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | given | settings,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=True,
    )
    assert "warn" not in done.stderr.lower()
    return json.loads(done.stdout)


def ways(node):
    """Every proxy in the configuration that leads to the portal."""
    if isinstance(node, dict):
        is_one = {"dial": "portal:8000"} in node.get("upstreams", [])
        return [node] if is_one else [way for part in node.values() for way in ways(part)]
    return [way for part in node for way in ways(part)] if isinstance(node, list) else []


@contextmanager
def caddy(config, folder):
    """Runs it with a configuration of `adapt`, on ports of the loopback alone."""
    port, http_port = free_port(), free_port()
    file, log = folder / "caddy.json", folder / "log"
    file.write_text(json.dumps(_on_the_loopback(config, port, http_port)))
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["caddy", "run", "--config", str(file)],
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
            stdout=stream,
            stderr=stream,
        )
    try:
        _wait_for(process, port, log)
        yield Proxy(port, http_port)
    finally:
        process.terminate()
        process.wait(WITHIN)


def _on_the_loopback(config, port, http_port):
    http = config["apps"]["http"]
    http |= {"http_port": http_port, "https_port": port}
    (server,) = http["servers"].values()
    assert server["listen"] == [":443"]
    server["listen"] = [f"127.0.0.1:{port}"]
    server["protocols"] = ["h1"]
    # Its own authority is not put among those that this machine trusts.
    config["apps"]["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
    return config


def _wait_for(process, port, log):
    deadline = time.monotonic() + WITHIN
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            Proxy(port, 0).ask(REGISTRY, "/")
            return
        except OSError:
            time.sleep(0.1)
