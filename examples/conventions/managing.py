"""Run a command of a system in a process of its own, with no other variables than those that are given."""

import json
import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1]
SYSTEMS = sorted(path.parent.name for path in EXAMPLES.glob("*/settings.py"))
# As on a server that others reach; nothing connects to this database.
PRODUCTION = {
    "ALLOWED_HOSTS": "service.example.com",
    "SECRET_KEY": "an example of fifty characters, in no way a secret: 0123456789",
    "DATABASE_URL": "postgresql://service@db.example.com/service",
}


def manage(system: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` with these arguments; what it printed, and its status.

    Args:
        system: `shop`, `gatekeeper` or `invoices`.
        variables: of the system, without its prefix: `DEBUG` is `SHOP_DEBUG` for the shop.
    """
    prefix = f"{system.upper()}_"
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith((prefix, "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, str(EXAMPLES / system / "manage.py"), *arguments],
        env=inherited | {f"{prefix}{name}": value for name, value in variables.items()},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def settings_of(system: str, *names: str, **variables: str) -> list[object]:
    """The values of these settings in a process that is started with these variables."""
    values = ", ".join(f"settings.{name}" for name in names)
    program = f"import json; from django.conf import settings; print(json.dumps([{values}]))"
    return json.loads(manage(system, "shell", "--no-imports", "-c", program, **variables).stdout)
