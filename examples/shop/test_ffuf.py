"""A tool that tries passwords, let loose on a live shop."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from gatekeeper.buckets import MEMORY

from shop.accounts.models import User
from shop.conftest import PASSWORD

WORDS = 1000


@pytest.fixture
def limited(settings: object) -> Iterator[None]:
    settings.RATE_LIMITED = True
    settings.GATEKEEPER = settings.GATEKEEPER | {"REDIS_URL": ""}
    MEMORY.clear()
    yield
    MEMORY.clear()


@pytest.mark.ffuf
@pytest.mark.django_db(transaction=True)
def test_ffuf_finds_no_password_and_is_answered_429(
    limited: None, live_server: object, customer: User, tmp_path: Path
):
    words = [f"correct horse {number}" for number in range(WORDS)]
    words[WORDS * 3 // 4] = PASSWORD
    (tmp_path / "words.txt").write_text("\n".join(words))

    subprocess.run(
        [
            *("ffuf", "-s", "-t", "4", "-w", "words.txt", "-mc", "all"),
            *("-X", "POST", "-H", "Content-Type: application/json"),
            *("-d", json.dumps({"email": customer.email, "password": "FUZZ"})),
            *("-u", f"{live_server.url}/api/v1/users/login/", "-of", "json", "-o", "found.json"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=300,
    )

    results = json.loads((tmp_path / "found.json").read_text())["results"]
    statuses = Counter(result["status"] for result in results)
    print(f"ffuf: {statuses[200]} found, {statuses[429]} of {len(results)} answered 429")
    assert {401, 429} == set(statuses)
    assert statuses[429] >= 0.95 * WORDS
    assert PASSWORD in {result["input"]["FUZZ"] for result in results}, "the right word was never sent"
