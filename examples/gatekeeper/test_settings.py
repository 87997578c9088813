from pathlib import Path

from conventions.managing import PRODUCTION, manage


def test_a_block_of_proxies_that_is_none_stops_the_start():
    ran = manage("gatekeeper", "check", **PRODUCTION, TRUSTED_PROXIES="10.0.0.1/8")

    assert 1 == ran.returncode
    assert "10.0.0.1/8 has host bits set" in ran.stderr


def test_one_command_fills_a_database_and_another_makes_a_token(tmp_path: Path):
    variables = {
        "DATABASE_URL": f"sqlite:///{(tmp_path / 'gate.sqlite3').as_posix()}",
        "PLACES_FILE": str(tmp_path / "places.mmdb"),
    }
    assert 0 == manage("gatekeeper", "migrate", **variables).returncode
    first = manage("gatekeeper", "seed", "--places", variables["PLACES_FILE"], **variables)
    again = manage("gatekeeper", "seed", **variables)
    token = manage("gatekeeper", "add_token", "ada", "admin", **variables)

    assert first.stdout.endswith(" incidents\n"), first.stderr
    assert (tmp_path / "places.mmdb").exists()
    assert "This database is seeded. Fix: delete it" in again.stderr
    assert token.stdout.startswith("gk_")


def test_known_data_is_not_put_into_a_database_that_others_reach():
    ran = manage("gatekeeper", "seed", **PRODUCTION)

    assert "GATEKEEPER_ALLOWED_HOSTS is set" in ran.stderr
