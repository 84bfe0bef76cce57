"""Does Caddy ask all containers of the portal, and pass over one that ends?"""

import random
import socket
import socketserver
import struct
import threading
import time
from collections import Counter
from http.server import ThreadingHTTPServer

import pytest

from tests.deploy.proxy import PORTAL, REGISTRY, Echo, adapt, caddy, ways

FIRST, SECOND = "127.0.0.2", "127.0.0.3"
ASKED = 40
REFRESHED_WITHIN = 3  # seconds
ADDRESS = 1  # the type of a record that holds one of IPv4


class Names(socketserver.BaseRequestHandler):
    """Tells every name's addresses in any order, as the engine's name server does."""

    def handle(self):
        asked, connection = self.request
        end = asked.index(b"\0", 12) + 5
        (kind,) = struct.unpack(">H", asked[end - 4 : end - 2])
        found = self.server.addresses if kind == ADDRESS else []
        answer = asked[:2] + struct.pack(">5H", 0x8580, 1, len(found), 0, 0) + asked[12:end]
        for address in random.sample(found, len(found)):
            answer += struct.pack(">3HIH", 0xC00C, ADDRESS, 1, 0, 4) + socket.inet_aton(address)
        connection.sendto(answer, self.client_address)


class Deployment:
    """Two containers of the portal, as Caddy sees them: servers that echo, behind one name."""

    def __init__(self):
        self.containers, self.port = {}, 0
        self.start(FIRST)
        self.port = self.containers[FIRST].server_port
        self.start(SECOND)
        self._names = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Names)
        self.tell(FIRST, SECOND)
        threading.Thread(target=self._names.serve_forever, daemon=True).start()

    def tell(self, *addresses):
        self._names.addresses = list(addresses)

    def known_to(self, config):
        for way in ways(config):
            resolver = {"addresses": [f"udp/127.0.0.1:{self._names.server_address[1]}"]}
            way["dynamic_upstreams"] |= {"port": str(self.port), "resolver": resolver}
        return config

    def start(self, address):
        server = self.containers[address] = ThreadingHTTPServer((address, self.port), Echo)
        server.name = address
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def end(self, *addresses):
        """As on SIGTERM: whoever comes is refused."""
        for address in addresses:
            server = self.containers.pop(address)
            server.shutdown()
            server.server_close()

    def close(self):
        self.end(*self.containers)
        self._names.shutdown()
        self._names.server_close()


@pytest.fixture
def deployment():
    deployment = Deployment()
    yield deployment
    deployment.close()


@pytest.fixture
def proxy(deployment, tmp_path):
    with caddy(deployment.known_to(adapt()), tmp_path) as running:
        yield running


def answering(proxy, host, path):
    return Counter(proxy.arrived(host, path)["server"] for _ in range(ASKED))


@pytest.mark.parametrize(("host", "path"), [(PORTAL, "/tokens/"), (REGISTRY, "/auth/token")])
def test_each_container_answers_as_many_requests_as_the_other(proxy, host, path):
    asked = answering(proxy, host, path)
    assert asked.keys() == {FIRST, SECOND}
    assert min(asked.values()) > ASKED / 3


def test_no_request_fails_while_one_that_is_still_named_refuses(deployment, proxy):
    deployment.end(SECOND)
    assert answering(proxy, REGISTRY, "/auth/token") == {FIRST: ASKED}


def test_one_that_comes_is_asked_soon_and_one_that_went_no_more(deployment, proxy):
    deployment.tell(FIRST)
    time.sleep(REFRESHED_WITHIN)
    assert answering(proxy, PORTAL, "/") == {FIRST: ASKED}
    deployment.tell(SECOND)
    time.sleep(REFRESHED_WITHIN)
    assert answering(proxy, PORTAL, "/") == {SECOND: ASKED}


def test_a_request_waits_while_none_is_there(deployment, proxy):
    deployment.end(FIRST, SECOND)
    later = threading.Timer(1, deployment.start, [FIRST])
    later.start()
    assert proxy.arrived(PORTAL, "/")["server"] == FIRST
    later.join()
