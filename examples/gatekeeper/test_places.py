import ipaddress
from pathlib import Path

import pytest

from gatekeeper.log import BACKGROUND, LOG
from gatekeeper.management.commands.seed import BLOCKS
from gatekeeper.models import LoggedRequest
from gatekeeper.places import UNKNOWN, Place, Places, place_of, places, write_places

GERMANY = Place("DE", 51.0, 9.0)


def address(text: str) -> object:
    return ipaddress.ip_address(text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_places(tmp_path / "places.mmdb", BLOCKS)
    return tmp_path / "places.mmdb"


def opened(path: Path) -> Places:
    found = Places(str(path))
    found.reload()
    return found


def test_addresses_of_both_versions_have_places(path: Path):
    found = opened(path)

    assert GERMANY == found.of(address("198.18.3.4"))
    assert GERMANY == found.of(address("2001:db8::9"))
    assert "JP" == found.of(address("203.0.113.9")).country


@pytest.mark.parametrize("text", ["127.0.0.1", "10.1.2.3", "::1", "fe80::1", "::", "8.8.8.8", "fd00::1"])
def test_what_the_file_does_not_know_is_unknown(path: Path, text: str):
    assert UNKNOWN == opened(path).of(address(text))


def test_without_a_file_everything_is_unknown(tmp_path: Path):
    assert UNKNOWN == place_of(address("198.18.3.4"))
    assert UNKNOWN == opened(tmp_path / "missing.mmdb").of(address("198.18.3.4"))


@pytest.mark.parametrize("damage", ["not a database", "", "half"])
def test_a_damaged_file_is_unknown_and_said(path: Path, damage: str, caplog: pytest.LogCaptureFixture):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage == "half" else damage.encode())

    assert UNKNOWN == opened(path).of(address("198.18.3.4"))
    assert "cannot be read; places are unknown until it is replaced" in caplog.text


def test_a_new_file_is_read_while_the_process_runs(path: Path):
    found = opened(path)
    assert GERMANY == found.of(address("198.18.3.4"))

    write_places(path, BLOCKS | {"198.18.0.0/15": ("FR", 46.0, 2.0)})
    assert GERMANY == found.of(address("198.18.3.4")), "until somebody looks"
    found.reload()

    assert "FR" == found.of(address("198.18.3.4")).country
    path.unlink()
    found.reload()
    assert UNKNOWN == found.of(address("198.18.3.4"))


def test_a_place_is_looked_up_once(path: Path):
    found = opened(path)
    for _ in range(5):
        found.of(address("198.18.3.4"))

    assert (4, 1) == found._cached.cache_info()[:2]


@pytest.mark.django_db
def test_the_log_knows_the_country_and_a_new_file_reaches_it(path: Path, settings: object):
    settings.GATEKEEPER |= {"PLACES_FILE": path}
    for code in ("DE", "FR"):
        write_places(path, {"198.18.0.0/15": (code, 46.0, 2.0)})
        places(str(path)).reload()
        LOG.add(_row())
        BACKGROUND.turn()

    assert ["DE", "FR"] == list(LoggedRequest.objects.order_by("id").values_list("country", flat=True))


def _row() -> LoggedRequest:
    from gatekeeper.conftest import NOW

    return LoggedRequest(
        at=NOW, address="198.18.3.4", group="198.18.3.4", method="GET", path="/", status=200, milliseconds=1
    )
