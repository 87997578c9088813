"""Find out which address a request came from, behind proxies that add to a header anybody can send.

Each proxy writes the address it was asked from at the right end of the header; what stands further left was there
before, and may be invented. So the header is read from the right, past the proxies that are known, and the first
address that is not one of them is the client. A peer that is no known proxy is the client itself, whatever its
header says.
"""

import functools
import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MOST_HOPS = 20  # more proxies than anybody has, so a long header costs no time
UNKNOWN = ipaddress.IPv6Address("::")  # the unspecified address: nobody can have it

# RFC 7239 section 4: pairs with `;` between them; RFC 9110 section 5.6: tokens and quoted strings.
_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - of a grammar
_VALUE = rf'(?:{_TOKEN}|"(?:[^"\\]|\\.)*")'
_PAIR = re.compile(rf"({_TOKEN})=({_VALUE})")
_ELEMENT = re.compile(rf"[ \t]*{_TOKEN}={_VALUE}(?:[ \t]*;[ \t]*{_TOKEN}={_VALUE})*[ \t]*")
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


@dataclass(frozen=True)
class Proxies:
    """The proxies that are believed: their networks, and whether a peer on a socket file (no address) is one."""

    networks: tuple[Network, ...]
    unix: bool

    def __contains__(self, address: Address | None) -> bool:
        if address is None:
            return self.unix
        return any(address in network for network in self.networks)


def parse_networks(networks: Iterable[str]) -> Proxies:
    """Read CIDR blocks and the word `unix`. Raises `ValueError` for anything else, host bits included."""
    return _parse_networks(tuple(networks))


@functools.lru_cache(maxsize=16)
def _parse_networks(networks: tuple[str, ...]) -> Proxies:
    return Proxies(
        tuple(ipaddress.ip_network(each) for each in networks if each != "unix"), unix="unix" in networks
    )


def parse_address(text: str) -> Address | None:
    """Read an address as peers and proxies write it; None where it is none.

    Ports and brackets are left away (RFC 7239 section 6), and the zone of a link-local address (RFC 4007), which
    means something on one machine only. An IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4
    address, so that nobody gets round a rule by writing it in the other way.
    """
    text = text.strip()
    if match := _WITH_PORT.fullmatch(text):
        text = match[1] or match[2] or ""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


# --8<-- [start:client_address]
def client_address(*, peer: str, forwarded: str, header: str, trusted: Proxies) -> Address:
    """The address of the client.

    Args:
        peer: who opened the connection, as the server says; empty for a socket file.
        forwarded: the value of `header`; several header lines are joined by commas (RFC 9110 section 5.3).
        header: `X-Forwarded-For` or `Forwarded` (RFC 7239): the one that the proxies write.
        trusted: the proxies.

    Returns:
        The rightmost address that is not a trusted proxy's. Where the header ends before one is found, or goes on
        with something that is no address, the last proxy that was passed: an address that is known beats one that
        somebody may have invented. `UNKNOWN` where not even the peer has one.
    """
    last = parse_address(peer)
    if last not in trusted or (last is None and peer):
        return last or UNKNOWN
    hops = _forwarded_from_right(forwarded) if header == "Forwarded" else _listed_from_right(forwarded)
    for _, hop in zip(range(MOST_HOPS), hops, strict=False):
        address = parse_address(hop)
        if address is None:
            break
        last = address
        if address not in trusted:
            break
    return last or UNKNOWN


# --8<-- [end:client_address]


def _listed_from_right(value: str) -> Iterator[str]:
    while value:
        value, _, last = value.rpartition(",")
        yield last


def _forwarded_from_right(value: str) -> Iterator[str]:
    """The `for` of each element. The shortest end that is an element is one: a quote further left changes nothing."""
    end = len(value)
    while end > 0:
        start = value.rfind(",", 0, end)
        for _ in range(MOST_HOPS):
            if start < 0 or _ELEMENT.fullmatch(value, start + 1, end):
                break
            start = value.rfind(",", 0, start)
        yield _for_of(value[start + 1 : end])
        end = start


def _for_of(element: str) -> str:
    """The one `for` of an element; empty where there is none, or several."""
    if not _ELEMENT.fullmatch(element):
        return ""
    found = [value for name, value in _PAIR.findall(element) if name.lower() == "for"]
    if len(found) != 1:
        return ""
    return re.sub(r"\\(.)", r"\1", found[0].strip('"'))


def of_request(request: HttpRequest) -> Address:
    """The client's address of a request; worked out once and kept with the request."""
    from gatekeeper.conf import option

    if not hasattr(request, "client_address"):
        header = option("FORWARDED_HEADER")
        request.client_address = client_address(
            peer=request.META.get("REMOTE_ADDR", ""),
            forwarded=request.headers.get(header, ""),
            header=header,
            trusted=parse_networks(option("TRUSTED_PROXIES")),
        )
    return request.client_address


def group_of(address: Address) -> str:
    """Whom to count as one client: an IPv4 address, or the /64 of an IPv6 address.

    A host chooses the lower 64 bits of its IPv6 address itself (RFC 4291 section 2.5.4) and changes them as it
    likes (RFC 8981), so counting single addresses would count nothing.
    """
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


def anonymous(address: Address) -> Address:
    """The address with its last part zeroed: the first 24 bits of IPv4, the first 48 of IPv6 stay."""
    return ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False).network_address
