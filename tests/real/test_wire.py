"""What does the served portal answer to bytes that are no request, or half of one?

Asked of gunicorn itself, which a proxy may shield from some of it.
"""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from bench import servers
from portal.gunicorn import READ_WITHIN, STALLS_WITHIN

pytestmark = pytest.mark.engine

SECONDS = 10
ANSWERS = 200  # of 50 kB: more than a system sends ahead
ESTABLISHED = "01"
HOST = b"Host: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
# A second request that only one of two servers, which disagree about the first, would see.
HIDDEN = b"GET /hidden HTTP/1.1\r\n" + HOST + b"\r\n"
# With which the sign-in reads on: the token against forgery may stand in the form.
COOKIE = b"Cookie: csrf=" + b"a" * 32 + b"\r\n"
REALM = b"POST /auth/token HTTP/1.1\r\n" + HOST + FORM


# What is sent, and the one status that it is answered with.
CASES = {
    "two lengths": (REALM + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n" + HIDDEN, 400),
    "one length twice": (REALM + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400),
    "a length and chunks": (
        REALM + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        400,
    ),
    "chunks of another kind": (REALM + b"Transfer-Encoding: xchunked\r\n\r\n", 501),
    "chunked twice": (REALM + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    "chunks, hidden by a blank": (REALM + b"Transfer-Encoding : chunked\r\n\r\n", 400),
    "chunks in an older version": (
        REALM.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a length that is none": (REALM + b"Content-Length: +5\r\n\r\nabcde", 400),
    "a negative length": (REALM + b"Content-Length: -1\r\n\r\n", 400),
    "a folded line": (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", 400),
    "a line without a colon": (b"GET /livez HTTP/1.1\r\n" + HOST + b"Nonsense\r\n\r\n", 400),
    "NUL in a header": (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n", 400),
    "a bare line end": (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: a\rY: b\r\n\r\n", 400),
    "a header of 9 kB": (
        b"GET /livez HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 9000 + b"\r\n\r\n",
        431,
    ),
    "a header of 8 kB": (
        b"GET /livez HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 8000 + b"\r\n\r\n",
        200,
    ),
    "101 headers": (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 100 + b"\r\n", 431),
    "100 headers": (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 99 + b"\r\n", 200),
    "an address of 9 kB": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
    "no version": (b"GET /livez\r\n\r\n", 400),
    "another version": (b"GET /livez HTTP/9.9\r\n\r\n", 400),
    "no method": (b" /livez HTTP/1.1\r\n\r\n", 400),
    "a whole address": (
        b"GET http://evil.example/livez HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        200,
    ),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200 + b"\r\n\r\n", 400),
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("portal")
    environment = servers.environment(folder)
    servers.call("bench.company.fill", {}, str(folder), env=environment)
    log = folder / "log"
    with servers.serving("portal.gunicorn", env=environment, log=log) as url:
        yield url
    assert "Internal Server Error" not in log.read_text()


def connect(portal: str) -> socket.socket:
    at = urlsplit(portal)
    return socket.create_connection((at.hostname, at.port), SECONDS)


def answer(portal: str, request: bytes) -> bytes:
    """All that is sent back until the connection is closed, by whichever side."""
    with connect(portal) as wire:
        wire.sendall(request)
        wire.shutdown(socket.SHUT_WR)
        parts = []
        while part := _received(wire):
            parts.append(part)
    return b"".join(parts)


def _received(wire: socket.socket) -> bytes:
    try:
        return wire.recv(1 << 16)
    except ConnectionResetError:  # it does not care for the rest
        return b""


def statuses(answered: bytes) -> list[int]:
    """Of all answers that there are."""
    pieces = answered.split(b"HTTP/1.1 ")[1:]
    return [int(piece[:3]) for piece in pieces]


def is_alive(portal: str, within: float = SECONDS) -> bool:
    return requests.get(f"{portal}/livez", timeout=within).ok


@pytest.mark.parametrize("case", CASES)
def test_it_is_answered_once_and_says_what_is_wrong(portal: str, case: str) -> None:
    request, status = CASES[case]
    answered = answer(portal, request)
    assert statuses(answered) == [status], answered[:300]
    assert b"Traceback" not in answered
    assert is_alive(portal)


def test_a_trace_is_not_echoed(portal: str) -> None:
    for path in (b"/", b"/accounts/login/", b"/accounts/signup/", b"/auth/token", b"/livez"):
        answered = answer(portal, b"TRACE " + path + b" HTTP/1.1\r\n" + HOST + b"X: canary\r\n\r\n")
        assert len(statuses(answered)) == 1
        assert b"canary" not in answered


@pytest.mark.parametrize("path", [b"/accounts/login/", b"/auth/token"])
def test_half_a_body_is_no_form(portal: str, path: bytes) -> None:
    body = b"grant_type=password&username=a&password=b&login=a"
    head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + COOKIE + FORM
    head += b"Content-Length: 100\r\n\r\n"
    (status,) = statuses(answer(portal, head + body))
    assert status in {400, 403}


@pytest.mark.parametrize("path", [b"/accounts/login/", b"/auth/token"])
def test_a_form_of_three_megabytes_is_refused_before_it_has_come(portal: str, path: bytes) -> None:
    head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + COOKIE + FORM
    with connect(portal) as wire:
        wire.sendall(head + b"Content-Length: 3000000\r\n\r\n" + b"a" * 70_000)
        assert wire.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_file_is_refused_before_it_has_come(portal: str) -> None:
    kind = b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000000000\r\n\r\n"
    part = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    head = b"POST /accounts/login/ HTTP/1.1\r\n" + HOST + COOKIE
    with connect(portal) as wire:
        wire.sendall(head + kind + part + b"0" * 200_000)
        assert wire.recv(100).startswith(b"HTTP/1.1 400 ")


def is_served(wire: socket.socket) -> bool:
    """Whether the portal's end of the connection is there, as the system tells."""
    ours, theirs = (f":{at[1]:04X}" for at in (wire.getsockname(), wire.getpeername()))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = [(row[1], row[2], row[3]) for row in rows]
    return any(
        local.endswith(theirs) and remote.endswith(ours) and state == ESTABLISHED
        for local, remote, state in ends
    )


def seconds_served(wire: socket.socket, drop: bytes = b"") -> float:
    """How long the portal keeps the connection, on which a drop is sent each second."""
    begun = time.monotonic()
    while is_served(wire):
        assert time.monotonic() - begun < 2 * STALLS_WITHIN + SECONDS, "it is never given up"
        with suppress(OSError):  # it has just been given up
            wire.sendall(drop)
        time.sleep(1)
    return time.monotonic() - begun


@pytest.mark.slow
@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"GET /livez HTTP/1.1\r\nX: ", id="half a head"),
        pytest.param(REALM + b"Content-Length: 100\r\n\r\ngrant_type=", id="half a body"),
    ],
)
def test_a_client_that_sends_in_drops_is_given_up(portal: str, begun: bytes) -> None:
    with connect(portal) as wire:
        wire.sendall(begun)
        assert READ_WITHIN - 1 < seconds_served(wire, b"a") < READ_WITHIN + SECONDS
    assert is_alive(portal)


@pytest.mark.slow
def test_a_client_that_takes_nothing_is_given_up(portal: str) -> None:
    page = requests.get(f"{portal}/accounts/login/", timeout=SECONDS).text
    (script,) = re.findall(r'src="(/static/django_htmx/htmx[^"]+)"', page)
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        wire.connect((urlsplit(portal).hostname, urlsplit(portal).port))
        wire.sendall(f"GET {script} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * ANSWERS)
        assert STALLS_WITHIN / 2 < seconds_served(wire) < STALLS_WITHIN + SECONDS
    assert is_alive(portal)
