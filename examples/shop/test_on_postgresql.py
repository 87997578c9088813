"""The shop's tests again, on PostgreSQL: they run on SQLite above."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import servers

ROOT = Path(__file__).resolve().parents[2]
# These bring a database of their own or ask for none, so a second run of them would prove nothing new.
ELSEWHERE = (
    "test_on_postgresql.py",
    "accounts/oidc/test_code_flow.py",
    "graphql_api/test_over_http.py",
    "test_concurrency.py",
    "test_ffuf.py",
    "test_fuzz_api.py",
    "test_hostile_payments.py",
    "test_kill_workers.py",
    "test_settings.py",
    "test_throughput.py",
)


@pytest.mark.postgresql
def test_the_shop_passes_its_tests_on_postgresql():
    ignored = [f"--ignore=examples/shop/{name}" for name in ELSEWHERE]

    with servers.postgresql_url() as url:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "examples/shop", "-q", "-p", "no:cacheprovider", *ignored],
            cwd=ROOT,
            env=os.environ | {"SHOP_DATABASE_URL": url},
            check=False,
            capture_output=True,
            text=True,
            timeout=900,
        )

    assert 0 == ran.returncode, ran.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", ran.stdout)[1]) > 150
    assert "skipped" not in ran.stdout.splitlines()[-1]
