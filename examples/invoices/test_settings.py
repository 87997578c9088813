import os
import subprocess
import sys
from pathlib import Path

import pytest

MANAGE = Path(__file__).with_name("manage.py")
PRODUCTION = {
    "INVOICES_ALLOWED_HOSTS": "invoices.example.com",
    "INVOICES_SECRET_KEY": "an example of fifty characters, in no way a secret: 0123456789",
    "INVOICES_DATABASE_URL": "postgresql://invoices@db.example.com/invoices",
    "INVOICES_BROKER_URL": "amqp://broker.example.com",
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("INVOICES_", "DJANGO_"))
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
        ({"INVOICES_SECRET_KEY": ""}, "INVOICES_ALLOWED_HOSTS is set and INVOICES_SECRET_KEY is not."),
        ({"INVOICES_DEBUG": "1"}, "INVOICES_DEBUG=1 would show settings to strangers."),
    ],
)
def test_a_service_that_others_can_reach_does_not_start_with_unsafe_settings(
    change: dict[str, str], message: str
):
    ran = manage("check", **(PRODUCTION | change))

    assert 1 == ran.returncode
    assert message in ran.stderr


def test_migrations_are_complete():
    ran = manage("makemigrations", "--check", "--dry-run", INVOICES_DATABASE_URL="sqlite://:memory:")

    assert 0 == ran.returncode, ran.stdout
