"""The API keeps to its specification; `shop/test_fuzz_api.py` shows that the gate finds planted faults."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
OPERATIONS = 20


@pytest.mark.parametrize(
    "options",
    [("1", "2", "3"), pytest.param(("4", "--postgresql"), marks=pytest.mark.postgresql)],
    ids=" ".join,
)
def test_no_seed_finds_an_answer_that_the_specification_does_not_allow(options: tuple[str, ...]):
    seeds = [option for option in options if option.isdigit()]
    arguments = [f"--seed={option}" if option in seeds else option for option in options]

    ran = subprocess.run(
        [sys.executable, "fuzz_api.py", *arguments, "--examples=5"],
        cwd=FOLDER,
        env=os.environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=500,
    )

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    requests = re.findall(r"^seed \d: (\d+) requests, 0 failures$", ran.stdout, re.MULTILINE)
    assert len(seeds) == len(requests)
    assert min(map(int, requests)) > 700, "a run that asks little proves little"
    reports = re.findall(r"^  ((?:GET|POST|PUT|DELETE) \S+): (.+)$", ran.stdout, re.MULTILINE)
    assert len(seeds) * OPERATIONS == len(reports)
    for operation, answers in reports:
        statuses = [int(status) for status in re.findall(r"\d+ x (\d+)", answers)]
        assert min(statuses) < 300, f"{operation} never succeeded: {answers}"
        assert max(statuses) >= 400, f"{operation} never refused anything: {answers}"
