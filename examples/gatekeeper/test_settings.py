import os
import subprocess
import sys
from pathlib import Path

import pytest

MANAGE = Path(__file__).with_name("manage.py")
PRODUCTION = {
    "GATEKEEPER_ALLOWED_HOSTS": "gate.example.com",
    "GATEKEEPER_SECRET_KEY": "an example of fifty characters, in no way a secret: 0123456789",
    "GATEKEEPER_DATABASE_URL": "postgresql://gate@db.example.com/shop",
    "GATEKEEPER_TRUSTED_PROXIES": "10.0.0.0/8, unix",
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("GATEKEEPER_", "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, str(MANAGE), *arguments],
        env=inherited | variables,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"GATEKEEPER_SECRET_KEY": ""}, "GATEKEEPER_SECRET_KEY is not. Fix: set it."),
        ({"GATEKEEPER_DEBUG": "1"}, "GATEKEEPER_DEBUG=1 would show settings to strangers. Fix: unset it"),
        ({"GATEKEEPER_TRUSTED_PROXIES": "10.0.0.1/8"}, "10.0.0.1/8 has host bits set"),
    ],
)
def test_a_gatekeeper_that_others_can_reach_does_not_start_with_unsafe_settings(
    change: dict[str, str], message: str
):
    ran = manage("check", **(PRODUCTION | change))

    assert 1 == ran.returncode
    assert message in ran.stderr


def test_migrations_are_complete():
    ran = manage("makemigrations", "--check", "--dry-run", GATEKEEPER_DATABASE_URL="sqlite://:memory:")

    assert 0 == ran.returncode, ran.stdout


def test_one_command_fills_a_database_and_another_makes_a_token(tmp_path: Path):
    variables = {
        "GATEKEEPER_DATABASE_URL": f"sqlite:///{(tmp_path / 'gate.sqlite3').as_posix()}",
        "GATEKEEPER_PLACES_FILE": str(tmp_path / "places.mmdb"),
    }
    assert 0 == manage("migrate", **variables).returncode
    first = manage("seed", "--places", str(tmp_path / "places.mmdb"), **variables)
    again = manage("seed", **variables)
    token = manage("add_token", "ada", "admin", **variables)

    assert first.stdout.endswith(" incidents\n"), first.stderr
    assert (tmp_path / "places.mmdb").exists()
    assert "This database is seeded. Fix: delete it" in again.stderr
    assert token.stdout.startswith("gk_")


def test_known_data_is_not_put_into_a_database_that_others_reach():
    ran = manage("seed", **PRODUCTION)

    assert "GATEKEEPER_ALLOWED_HOSTS is set" in ran.stderr
