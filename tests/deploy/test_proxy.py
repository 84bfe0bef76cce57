"""Does the shipped Caddyfile send each request where it belongs, and tell the truth about it?"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER

from tests.deploy.files import ROOT
from tests.stack import free_port

WITHIN = 30  # seconds
SECOND = 10**9  # nanoseconds
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


@pytest.fixture(scope="module")
def adapted():
    return adapt()


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


@pytest.fixture(scope="module")
def echoes():
    servers = {}
    for name in ("portal:8000", "registry:5000"):
        server = servers[name] = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        server.name = name
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {name: server.server_port for name, server in servers.items()}
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def proxy(adapted, echoes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("caddy")
    ports = free_port(), free_port()
    config = folder / "caddy.json"
    config.write_text(json.dumps(_on_this_machine(adapted, echoes, *ports)))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["caddy", "run", "--config", str(config)],
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(process, ports[0], folder / "log")
        yield Proxy(*ports)
    finally:
        process.terminate()
        process.wait(WITHIN)


def _on_this_machine(adapted, echoes, port, http_port):
    """The same, listening on the loopback only and with the servers that echo behind it."""
    text = json.dumps(adapted)
    for name, there in echoes.items():
        assert f'"dial": "{name}"' in text
        text = text.replace(f'"dial": "{name}"', f'"dial": "127.0.0.1:{there}"')
    config = json.loads(text)
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


@pytest.mark.parametrize(
    ("host", "path", "server"),
    [
        (PORTAL, "/tokens/", "portal:8000"),
        (PORTAL, "/auth/token", "portal:8000"),
        (REGISTRY, "/auth/token?service=s", "portal:8000"),
        (REGISTRY, "/v2/", "registry:5000"),
        (REGISTRY, "/v2/public/hello/manifests/1.0", "registry:5000"),
    ],
)
def test_each_path_goes_where_it_belongs(proxy, host, path, server):
    arrived = proxy.arrived(host, path)
    assert (arrived["server"], arrived["path"]) == (server, path)
    assert arrived["headers"]["Host"] == host


@pytest.mark.parametrize("path", ["/", "/tokens/", "/accounts/login/", "/metrics", "/authtoken"])
def test_no_page_of_the_portal_is_served_on_the_registrys_host(proxy, path):
    status, body = proxy.ask(REGISTRY, path)
    assert status == 404
    assert f"https://{PORTAL}".encode() in body


@pytest.mark.parametrize(("host", "path"), [(PORTAL, "/tokens/"), (REGISTRY, "/auth/token")])
def test_what_a_client_says_of_its_address_is_overwritten(proxy, host, path):
    forged = {"X_Forwarded_For": "9.9.9.9", "X_Forwarded_Proto": "http"}
    headers = proxy.arrived(host, path, **forged, X_Forwarded_Host="evil.example")["headers"]
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["X-Forwarded-Host"] == host


def test_the_registry_hears_how_it_was_reached(proxy):
    """It writes the addresses of uploads from it."""
    headers = proxy.arrived(REGISTRY, "/v2/", X_Forwarded_Proto="http")["headers"]
    assert (headers["Host"], headers["X-Forwarded-Proto"]) == (REGISTRY, "https")


def test_a_request_over_plain_http_is_sent_to_https(proxy):
    connection = HTTPConnection("127.0.0.1", proxy.http_port, timeout=WITHIN)
    connection.request("GET", "/tokens/", headers={"Host": PORTAL})
    answer = connection.getresponse()
    assert answer.status == 308
    assert answer.headers["Location"].startswith(f"https://{PORTAL}")
    connection.close()


def test_caddy_cannot_be_told_otherwise_while_it_runs(adapted):
    assert adapted["admin"] == {"disabled": True}


def ways(node):
    """Every proxy in the configuration that leads to the portal."""
    if isinstance(node, dict):
        is_one = {"dial": "portal:8000"} in node.get("upstreams", [])
        return [node] if is_one else [way for part in node.values() for way in ways(part)]
    return [way for part in node for way in ways(part)] if isinstance(node, list) else []


@pytest.mark.parametrize("check", ["off", "on"])
def test_whoever_asks_while_the_portal_is_replaced_waits(check):
    found = ways(adapt(REVOCATION_CHECK=check))
    assert len(found) == {"off": 2, "on": 3}[check]
    for way in found:
        assert way["load_balancing"]["try_duration"] == 10 * SECOND
        # gunicorn closes idle connections two seconds after it was told to end.
        assert way["transport"]["keep_alive"]["idle_timeout"] < STOP_KEEPALIVE_LINGER * SECOND
        assert way["transport"]["keep_alive"]["max_idle_conns_per_host"] >= 100


def test_certificates_come_as_the_setting_says(adapted):
    (policy,) = adapted["apps"]["tls"]["automation"]["policies"]
    assert policy["issuers"] == [{"module": "internal"}]
    assert set(policy["subjects"]) == {PORTAL, REGISTRY}
