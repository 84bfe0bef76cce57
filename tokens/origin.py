"""Where does what is being done right now come from?"""

import re
from collections.abc import Sequence
from contextvars import ContextVar
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Origin(NamedTuple):
    """The address of the client and the id of the request; both empty outside a request."""

    address: str = ""
    request_id: str = ""


current: ContextVar[Origin] = ContextVar("origin", default=Origin())


class coming_from:
    """What is done within the block comes from there.

    It is on the way of every request, and a generator would take three times as long.
    """

    def __init__(self, there: Origin) -> None:
        self._there = there

    def __enter__(self) -> None:
        self._before = current.set(self._there)

    def __exit__(self, *_error: object) -> None:
        current.reset(self._before)


def client_address(peer: str, forwarded: str, *, trusted: Sequence[Network]) -> str:
    """The address of whoever asks, in its canonical form; "" where there is no peer.

    It is the peer's, unless the peer is a trusted proxy: then the rightmost address of
    ``X-Forwarded-For`` that is not one. Junk in the header means the peer.
    """
    here = _parse(peer)
    if here is None:
        return ""
    address = here
    for hop in reversed(forwarded.split(",") if forwarded else []):
        if not any(address in network for network in trusted):
            break
        further = _parse(hop)
        if further is None:
            return str(here)
        address = further
    return str(address)


@lru_cache(maxsize=1024)  # the same few peers ask all day long
def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        # A zone, as in fe80::1%eth0, means nothing to anybody else, and databases refuse it.
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether the peer is one of the proxies whose headers are believed."""
    address = _parse(peer)
    return address is not None and any(address in network for network in trusted)


def client_name(user_agent: str) -> str:
    """The product that a User-Agent (RFC 9110 §10.1.5) begins with, such as ``docker``."""
    match = _PRODUCT.match(user_agent)
    return match[0].lower() if match else "unknown"
