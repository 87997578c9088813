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


FIRST_RULES = """
from threading import Barrier, Thread

from conventions.throwaway import throwaway

with throwaway("gatekeeper", postgresql=True):
    from django.db import connection
    from django.utils import timezone
    from gatekeeper.models import Revision, Rule
    from gatekeeper.rules import add_rule, parse_network

    def block(host):
        together.wait()
        network = parse_network(f"203.0.113.{host}")
        add_rule(action="block", network=network, reason="", created_by="test", now=timezone.now())
        connection.close()

    for _ in range(5):
        Rule.objects.all().delete()
        Revision.objects.all().delete()
        together = Barrier(4)
        threads = [Thread(target=block, args=(host,)) for host in range(4)]
        for act in (Thread.start, Thread.join):
            for thread in threads:
                act(thread)
        print(Rule.objects.count(), Revision.objects.get().number)
"""


@pytest.mark.postgresql
def test_the_first_rules_of_four_workers_all_hold():
    ran = subprocess.run(
        [sys.executable, "-c", FIRST_RULES],
        cwd=ROOT / "examples",
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ["4 4"] * 5 == ran.stdout.splitlines(), ran.stderr[-5000:]
