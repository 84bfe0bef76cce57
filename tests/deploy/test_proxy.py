"""Does the shipped Caddyfile send each request where it belongs, and tell the truth about it?"""

import json
import threading
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer

import pytest
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER

from tests.deploy.proxy import PORTAL, REGISTRY, WITHIN, Echo, adapt, caddy, ways

SECOND = 10**9  # nanoseconds


@pytest.fixture(scope="module")
def adapted():
    return adapt()


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
    with caddy(_before(echoes, adapted), tmp_path_factory.mktemp("caddy")) as running:
        yield running


def _before(echoes, adapted):
    """The same, with the servers that echo behind it."""
    text = json.dumps(adapted)
    for name, there in echoes.items():
        host, port = name.split(":")
        assert f'"dial": "{name}"' in text
        text = text.replace(f'"dial": "{name}"', f'"dial": "127.0.0.1:{there}"')
        asked = f'"name": "{host}", "port": "{port}"'
        text = text.replace(asked, f'"name": "127.0.0.1", "port": "{there}"')
    return json.loads(text)


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


@pytest.mark.parametrize("check", ["off", "on"])
def test_whoever_asks_while_the_portal_is_replaced_waits(check):
    found = ways(adapt(REVOCATION_CHECK=check))
    assert len(found) == {"off": 2, "on": 3}[check]
    for way in found:
        assert way["load_balancing"]["try_duration"] == 10 * SECOND
        # Caddy counts a client that hangs up in the middle of a body as a failure of the portal.
        assert "health_checks" not in way
        # gunicorn closes idle connections two seconds after it was told to end.
        assert way["transport"]["keep_alive"]["idle_timeout"] < STOP_KEEPALIVE_LINGER * SECOND
        assert way["transport"]["keep_alive"]["max_idle_conns_per_host"] >= 100


def test_certificates_come_as_the_setting_says(adapted):
    (policy,) = adapted["apps"]["tls"]["automation"]["policies"]
    assert policy["issuers"] == [{"module": "internal"}]
    assert set(policy["subjects"]) == {PORTAL, REGISTRY}
