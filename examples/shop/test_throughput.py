import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@pytest.mark.postgresql
@pytest.mark.redis
def test_the_cache_beats_the_database_and_that_beats_a_query_a_row():
    options = ["--measure", "--products", "500", "--seconds", "1", "--rounds", "3"]
    command = [sys.executable, "throughput.py", *options]
    ran = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=200)

    assert 0 == ran.returncode, ran.stderr[-2000:]
    counts = [int(count) for count in re.findall(r"(\d+)$", ran.stdout, re.MULTILINE)]
    assert [0, 1, 51] == counts
    cached, plain, naive = (float(times) for times in re.findall(r"([\d.]+) times", ran.stdout))
    assert cached > 1.5 * plain > 1.5 * 1.5 * naive
