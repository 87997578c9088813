"""The gatekeeper's tests again, on PostgreSQL: they run on SQLite above."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import servers

ROOT = Path(__file__).resolve().parents[2]
# These need no database, or start programs that bring their own.
ELSEWHERE = (
    "test_on_postgresql.py",
    "test_addresses.py",
    "test_buckets.py",
    "test_settings.py",
    "test_spec.py",
)


@pytest.mark.postgresql
def test_the_gatekeeper_passes_its_tests_on_postgresql():
    ignored = [f"--ignore=examples/gatekeeper/{name}" for name in ELSEWHERE]
    arguments = ["examples/gatekeeper", "--ds=gatekeeper.settings", "-q", "-p", "no:cacheprovider"]

    with servers.postgresql_url() as url:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments, *ignored],
            cwd=ROOT,
            env=os.environ | {"GATEKEEPER_DATABASE_URL": url},
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )

    assert 0 == ran.returncode, ran.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", ran.stdout)[1]) > 200
    assert "skipped" not in ran.stdout.splitlines()[-1]
