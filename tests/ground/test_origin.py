"""Whose address is believed?"""

from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.origin import Origin, client_address, client_name, current, is_trusted

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
CLIENT, PEER, PROXY, FURTHER_PROXY = "203.0.113.9", "198.51.100.7", "10.0.0.1", "10.0.0.2"
FORGED = "192.0.2.66"

addresses = st.ip_addresses().map(str)
strangers = addresses.filter(lambda address: not is_trusted(address, PROXIES))
proxies = st.sampled_from([PROXY, FURTHER_PROXY, "fd00::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        pytest.param(PEER, "", PEER, id="nobody between"),
        pytest.param(PEER, FORGED, PEER, id="a stranger forges the header"),
        pytest.param(PEER, PROXY, PEER, id="a stranger names a proxy"),
        pytest.param(PROXY, "", PROXY, id="a proxy that says nothing"),
        pytest.param(PROXY, CLIENT, CLIENT, id="one proxy"),
        pytest.param(PROXY, f"{CLIENT}, {FURTHER_PROXY}", CLIENT, id="two proxies"),
        pytest.param(PROXY, f"{FORGED}, {CLIENT}", CLIENT, id="a client forges behind a proxy"),
        pytest.param(
            PROXY, f"{FORGED}, {PROXY}, {CLIENT}", CLIENT, id="a client names proxies of ours"
        ),
        pytest.param(PROXY, f"{FURTHER_PROXY}, {PROXY}", FURTHER_PROXY, id="proxies only"),
        pytest.param(PROXY, "unknown", PROXY, id="junk"),
        pytest.param(PROXY, f"junk, {CLIENT}", CLIENT, id="junk that the client sent"),
        pytest.param(PROXY, f"junk, {FURTHER_PROXY}", PROXY, id="junk from a proxy"),
        pytest.param(PROXY, f"{CLIENT},", PROXY, id="nothing after the comma"),
        pytest.param(PROXY, f"{CLIENT}:443", PROXY, id="an address with a port"),
        pytest.param(PROXY, f"  {CLIENT}\t", CLIENT, id="white space around"),
        pytest.param(PROXY, "٢٠٣.0.113.9", PROXY, id="digits of another script"),
        pytest.param(PROXY, "203.0.113.009", PROXY, id="leading zeros"),
        pytest.param("::ffff:10.0.0.1", CLIENT, CLIENT, id="a proxy as mapped IPv6"),
        pytest.param(PROXY, "::ffff:203.0.113.9", CLIENT, id="a client as mapped IPv6"),
        pytest.param("fd00::1", "2001:DB8:0:0::7", "2001:db8::7", id="IPv6, in its short form"),
        pytest.param("fe80::1%eth0", "", "fe80::1", id="a zone, which means nothing elsewhere"),
        pytest.param("", "", "", id="a Unix socket"),
        pytest.param("", CLIENT, "", id="a Unix socket with a header"),
        pytest.param("no address", CLIENT, "", id="a peer that is no address"),
    ],
)
def test_the_address_is_that_of_the_nearest_whom_we_do_not_trust(peer, forwarded, address):
    assert client_address(peer, forwarded, trusted=PROXIES) == address


@given(strangers, st.text())
def test_a_stranger_is_never_believed(peer, forwarded):
    real = client_address(peer, "", trusted=PROXIES)
    assert client_address(peer, forwarded, trusted=PROXIES) == real


@given(addresses, st.text())
def test_nobody_is_believed_where_no_proxy_is_trusted(peer, forwarded):
    assert client_address(peer, forwarded, trusted=[]) == client_address(peer, "", trusted=[])


@given(proxies, st.lists(proxies), strangers, st.lists(st.text() | addresses))
def test_what_a_client_forges_changes_nothing_behind_proxies(peer, hops, client, forged):
    forwarded = ",".join([*forged, client, *hops])
    expected = client_address(client, "", trusted=[])
    assert client_address(peer, forwarded, trusted=PROXIES) == expected


@given(st.text() | addresses, st.text())
def test_any_header_gives_an_address_in_its_canonical_form_or_none(peer, forwarded):
    address = client_address(peer, forwarded, trusted=[ip_network("0.0.0.0/0"), ip_network("::/0")])
    assert address == "" or str(ip_address(address)) == address
    assert address == "" or getattr(ip_address(address), "scope_id", None) is None


@given(st.ip_addresses(v=4))
def test_mapped_addresses_are_those_that_they_map(address):
    mapped = str(IPv6Address(f"::ffff:{address}"))
    assert client_address(mapped, "", trusted=[]) == str(address)
    assert is_trusted(mapped, PROXIES) == is_trusted(str(address), PROXIES)


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [(PROXY, True), ("fd00::5", True), (PEER, False), ("", False), ("junk", False)],
)
def test_trust_goes_by_networks(peer, trusted):
    assert is_trusted(peer, PROXIES) is trusted


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("docker/28.0.1 go/go1.23 os/linux", "docker"),
        ("containerd/v1.6.20+unknown", "containerd"),
        ("Go-http-client/1.1", "go-http-client"),
        ("skopeo/1.9.3", "skopeo"),
        ("Mozilla/5.0 (X11)", "mozilla"),
        ("", "unknown"),
        ("(compatible)", "unknown"),
        ("<script>alert(1)</script>", "unknown"),
        ("docker<script>", "docker"),
        ("x" * 10_000, "x" * 40),
    ],
)
def test_a_client_is_named_by_its_product(user_agent, name):
    assert client_name(user_agent) == name


@given(st.text())
def test_names_of_clients_can_be_shown_and_stored(user_agent):
    name = client_name(user_agent)
    assert 1 <= len(name) <= 40
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")


def test_nothing_is_known_outside_a_request():
    assert current.get() == Origin("", "")
