"""Where an address is, from a file in MaxMind's format on this machine: no request leaves it.

A place by address is a guess about a network, not about a person: right for a country most of the time, for a city
often not. So what is not in the file, or cannot be read, is unknown and never a default.
"""

import functools
import ipaddress
import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.addresses import Address

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """A place; `country` is an ISO 3166-1 code and empty where it is not known, and so are the coordinates."""

    country: str = ""
    latitude: float | None = None
    longitude: float | None = None


UNKNOWN = Place()


class Places:
    """Looks addresses up in one file, which may be replaced or missing at any time."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._lock = threading.Lock()
        self._version: object = None
        self._reader = None
        self._cached = functools.lru_cache(maxsize=10_000)(self._look_up)

    def of(self, address: Address) -> Place:
        """The place of `address`; `UNKNOWN` for a private one, one that the file does not know, or without a file."""
        # Documentation's networks (RFC 5737, RFC 3849) count as private, and are what examples are made of.
        if address.is_loopback or address.is_link_local or address.is_unspecified:
            return UNKNOWN
        return self._cached(address)

    def reload(self) -> None:
        """Open the file where it has changed since; the old one is used until the new one can be read."""
        with self._lock:
            try:
                status = self._path.stat()
                version = (status.st_mtime_ns, status.st_size, status.st_ino)
            except OSError:
                version = None
            if version == self._version:
                return
            self._version = version
            self._reader = _open(self._path) if version else None
            self._cached.cache_clear()

    def _look_up(self, address: Address) -> Place:
        import maxminddb

        if self._reader is None:
            return UNKNOWN
        try:
            record = self._reader.get(address)
        except (maxminddb.InvalidDatabaseError, ValueError):
            return UNKNOWN
        return _place(record)


def _open(path: Path) -> object:
    import maxminddb

    try:
        # Into memory: a mapped file that is overwritten in place would change under our hands.
        return maxminddb.open_database(path, maxminddb.MODE_MEMORY)
    except (maxminddb.InvalidDatabaseError, OSError, ValueError):
        logger.warning("%s cannot be read; places are unknown until it is replaced", path, exc_info=True)
        return None


def _place(record: object) -> Place:
    if not isinstance(record, dict):
        return UNKNOWN
    country = record.get("country") or record.get("registered_country") or {}
    location = record.get("location") or {}
    code = country.get("iso_code", "")
    return Place(code if len(code) == 2 else "", location.get("latitude"), location.get("longitude"))


@functools.cache
def places(path: str) -> Places:
    """The one lookup of this process for the file at `path`."""
    found = Places(path)
    found.reload()
    return found


def place_of(address: Address) -> Place:
    """The place of `address` by `GATEKEEPER["PLACES_FILE"]`; `UNKNOWN` without that setting."""
    from gatekeeper.conf import option

    path = option("PLACES_FILE")
    return places(str(path)).of(address) if path else UNKNOWN


def write_places(path: Path, countries: dict[str, tuple[str, float, float]]) -> None:
    """Write a small file in MaxMind's format, for tests and for the seeded data.

    Args:
        path: where; replaced in one step, as a downloader should do it.
        countries: a country's code, latitude and longitude for each CIDR block.
    """
    from mmdb_writer import MMDBWriter
    from netaddr import IPSet

    writer = MMDBWriter(6, "Example-City", ipv4_compatible=True, description="Made for an example")
    for block, (code, latitude, longitude) in countries.items():
        ipaddress.ip_network(block)
        writer.insert_network(
            IPSet([block]),
            {"country": {"iso_code": code}, "location": {"latitude": latitude, "longitude": longitude}},
        )
    fresh = path.with_suffix(".new")
    writer.to_db_file(str(fresh))
    fresh.replace(path)
