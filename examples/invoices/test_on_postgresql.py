"""The invoices' tests again, on PostgreSQL: they run on SQLite above."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import servers

ROOT = Path(__file__).resolve().parents[2]
# These bring their own database, or need none, so a second run of them would prove nothing new.
ELSEWHERE = (
    "test_on_postgresql.py",
    "test_fuzz_api.py",
    "test_spec.py",
    "papers/test_killed_worker.py",
    "billing/test_tax.py",
)


@pytest.mark.postgresql
def test_the_invoices_pass_their_tests_on_postgresql():
    ignored = [f"--ignore=examples/invoices/{name}" for name in ELSEWHERE]
    command = [sys.executable, "-m", "pytest", "examples/invoices", "--ds=invoices.settings", "-q"]

    with servers.postgresql_url() as url:
        ran = subprocess.run(
            [*command, "-p", "no:cacheprovider", *ignored],
            cwd=ROOT,
            env=os.environ | {"INVOICES_DATABASE_URL": url},
            check=False,
            capture_output=True,
            text=True,
            timeout=500,
        )

    assert 0 == ran.returncode, ran.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", ran.stdout)[1]) > 200
    assert "skipped" not in ran.stdout.splitlines()[-1]
