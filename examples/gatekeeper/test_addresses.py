"""The client's address is never one that the client made up."""

import ipaddress

import pytest
from django.test import RequestFactory

from gatekeeper.addresses import (
    UNKNOWN,
    anonymous,
    client_address,
    group_of,
    of_request,
    parse_address,
    parse_networks,
)

TRUSTED = ("10.0.0.0/8", "2001:db8:ffff::/48", "unix")
CLIENT, PROXY, SECOND, OWN = "203.0.113.9", "10.0.0.1", "10.0.0.2", "198.51.100.1"
CLIENT6, PROXY6 = "2001:db8::9", "2001:db8:ffff::1"
X, F = "X-Forwarded-For", "Forwarded"
# What OWN stands for in a header is an address that the client made up: it may never come out.
CASES = [
    # peer, which header, its value, expected
    (CLIENT, X, "", CLIENT),
    (CLIENT, X, OWN, CLIENT),  # a stranger's header is not read
    (CLIENT, X, PROXY, CLIENT),
    (CLIENT, X, f"{OWN}, {PROXY}", CLIENT),
    (CLIENT, F, f"for={OWN}", CLIENT),
    (CLIENT6, X, OWN, CLIENT6),
    ("11.0.0.1", X, OWN, "11.0.0.1"),  # just outside the proxies' network
    ("2001:db8:fffe::1", X, OWN, "2001:db8:fffe::1"),
    (PROXY, X, "", PROXY),  # a health check of the proxy itself
    (PROXY, X, CLIENT, CLIENT),
    (PROXY, X, f"{OWN}, {CLIENT}", CLIENT),
    (PROXY, X, f"{OWN},{CLIENT}", CLIENT),
    (PROXY, X, f"  {OWN} ,\t{CLIENT}  ", CLIENT),
    (PROXY, X, f"{OWN}, {CLIENT}, {SECOND}", CLIENT),
    (PROXY, X, f"{OWN}, {PROXY}, {CLIENT}, {SECOND}", CLIENT),  # a proxy's address, made up as well
    (PROXY, X, f"{SECOND}, 10.0.0.3", SECOND),  # from inside: all of them are ours
    (PROXY, X, f"unknown, {CLIENT}", CLIENT),
    (PROXY, X, f"{CLIENT}, unknown", PROXY),  # nothing behind garbage is believed
    (PROXY, X, f"{OWN}, {CLIENT}, ", PROXY),
    (PROXY, X, f"{OWN}, garbage, {SECOND}", SECOND),
    (PROXY, X, ",,,,", PROXY),
    (PROXY, X, f"{OWN}, {CLIENT}:54321", CLIENT),
    (PROXY, X, f"{OWN}, ::ffff:{CLIENT}", CLIENT),
    (PROXY, X, f"{OWN}, ::FFFF:cb00:7109", CLIENT),
    (PROXY, X, f"{OWN}, {CLIENT}, ::ffff:10.0.0.7", CLIENT),  # a mapped proxy is a proxy
    (f"::ffff:{PROXY}", X, f"{OWN}, {CLIENT}", CLIENT),
    (f"::ffff:{CLIENT}", X, OWN, CLIENT),
    (PROXY, X, f"{OWN}, {CLIENT6}", CLIENT6),
    (PROXY6, X, f"{OWN}, {CLIENT6}", CLIENT6),
    (PROXY6, X, f"{OWN}, [{CLIENT6}]:443", CLIENT6),
    (PROXY6, X, f"{OWN}, [{CLIENT6}]", CLIENT6),
    (PROXY6, X, f"{OWN}, 2001:0DB8:0:0::9", CLIENT6),
    (PROXY6, X, f"{OWN}, fe80::1%eth0", "fe80::1"),
    (f"{PROXY6}%eth0", X, f"{OWN}, {CLIENT}", CLIENT),
    (PROXY, X, f"{OWN}, 203.0.113.009", PROXY),  # is it octal? refused
    (PROXY, X, f"{OWN}, 3405803785", PROXY),  # an address as one number
    (PROXY, X, f"{OWN}, 203.0.113.9/32", PROXY),
    (PROXY, X, f"{OWN}, {CLIENT} {SECOND}", PROXY),
    (PROXY, X, f"{OWN}, '; DROP TABLE x; --", PROXY),
    (PROXY, X, f"{OWN}, \x00", PROXY),
    (PROXY, X, ", ".join([OWN] * 50_000 + [CLIENT]), CLIENT),
    (PROXY, X, ", ".join([OWN, CLIENT] + [SECOND] * 50_000), SECOND),  # more hops than anybody has
    ("", X, f"{OWN}, {CLIENT}", CLIENT),  # a proxy on a socket file
    ("", X, "", str(UNKNOWN)),
    ("garbage", X, OWN, str(UNKNOWN)),
    (PROXY, F, f"for={CLIENT}", CLIENT),
    (PROXY, F, f"for={OWN}, for={CLIENT}", CLIENT),
    (PROXY, F, f"For={OWN};proto=http, FOR={CLIENT};proto=https;by={PROXY}", CLIENT),
    (PROXY, F, f"for={OWN}, for={CLIENT}, for={SECOND}", CLIENT),
    (PROXY, F, f'for={OWN}, for="{CLIENT}:4711"', CLIENT),
    (PROXY, F, f'for={OWN}, for="[{CLIENT6}]"', CLIENT6),
    (PROXY, F, f'for={OWN}, for="[{CLIENT6}]:4711"', CLIENT6),
    (PROXY, F, f"for={OWN}, for={CLIENT6}", PROXY),  # RFC 7239 section 6: brackets and quotes are required
    (PROXY, F, f"for={OWN}, for=_hidden", PROXY),
    (PROXY, F, f"for={OWN}, for=unknown", PROXY),
    (PROXY, F, f'for="{OWN}, for={CLIENT}', CLIENT),  # a quote that the client left open
    (PROXY, F, f'for={OWN};x=", for="[{CLIENT6}]"', CLIENT6),
    (PROXY, F, f'for="\\", for={CLIENT}', CLIENT),
    (PROXY, F, f'for={CLIENT};host="a, for={OWN}"', CLIENT),  # a comma inside a quoted string
    (PROXY, F, f'host="a;for={OWN};b";for={CLIENT}', CLIENT),
    (PROXY, F, f"for={OWN};for={CLIENT}", PROXY),  # two in one element: malformed
    (PROXY, F, f"by={OWN}", PROXY),
    (PROXY, F, f"{OWN}", PROXY),
    (PROXY, F, ", ".join([f"for={OWN}"] * 20_000 + [f"for={CLIENT}"]), CLIENT),
    (PROXY, F, '"' * 100_000, PROXY),
]


@pytest.mark.parametrize(("peer", "header", "value", "expected"), CASES, ids=range(len(CASES)))
def test_no_header_and_peer_get_round_the_rule(peer: str, header: str, value: str, expected: str):
    found = client_address(peer=peer, forwarded=value, header=header, trusted=parse_networks(TRUSTED))

    assert expected == str(found)
    assert str(found) != OWN


def test_at_least_forty_cases_of_header_and_peer_are_tried():
    assert len(set(CASES)) >= 40
    assert {X, F} == {header for _, header, _, _ in CASES}


def test_without_known_proxies_no_header_is_read():
    found = client_address(peer=PROXY, forwarded=OWN, header=X, trusted=parse_networks(()))

    assert PROXY == str(found)


def test_repeated_header_lines_are_one_list(settings: object):
    settings.GATEKEEPER = {"TRUSTED_PROXIES": ["10.0.0.0/8"]}
    # As a WSGI server hands on two lines: RFC 3875 section 4.1.18
    request = RequestFactory().get("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=f"{OWN},{CLIENT}")

    assert CLIENT == str(of_request(request))


def test_only_the_header_that_the_proxies_write_is_read(settings: object):
    headers = {"HTTP_X_FORWARDED_FOR": CLIENT, "HTTP_FORWARDED": f"for={OWN}"}
    settings.GATEKEEPER = {"TRUSTED_PROXIES": ["10.0.0.0/8"]}
    by_default = of_request(RequestFactory().get("/", REMOTE_ADDR=PROXY, **headers))
    settings.GATEKEEPER = {"TRUSTED_PROXIES": ["10.0.0.0/8"], "FORWARDED_HEADER": "Forwarded"}
    other = of_request(RequestFactory().get("/", REMOTE_ADDR=PROXY, **headers))

    assert (CLIENT, OWN) == (str(by_default), str(other))


def test_an_ipv6_host_counts_as_its_network():
    first, second, neighbour = (
        group_of(ipaddress.ip_address(text))
        for text in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1")
    )

    assert "2001:db8::/64" == first == second
    assert "2001:db8:0:1::/64" == neighbour
    assert "203.0.113.9" == group_of(ipaddress.ip_address("203.0.113.9"))


def test_an_anonymous_address_has_lost_its_last_part():
    assert "203.0.113.0" == str(anonymous(ipaddress.ip_address("203.0.113.9")))
    assert "2001:db8:1::" == str(anonymous(ipaddress.ip_address("2001:db8:1:2::9")))


def test_a_network_with_host_bits_is_refused():
    with pytest.raises(ValueError, match="has host bits set"):
        parse_networks(("10.0.0.1/8",))


def test_a_mapped_address_and_its_ipv4_address_are_one():
    assert parse_address("::ffff:203.0.113.9") == parse_address("203.0.113.9")
