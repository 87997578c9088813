"""Every system tells what it does in the same way: an id, a line of JSON, numbers."""

import json
from pathlib import Path

import pytest

from conventions.managing import SYSTEMS, manage

ASK = """
from django.test import Client
client = Client(SERVER_NAME="localhost")
answer = client.get("/nowhere/?password=hidden", headers={"X-Request-ID": "from-the-proxy"})
print(answer.status_code, answer.headers["X-Request-ID"])
print(client.get("/livez").status_code)
print(client.get("/metrics").content.decode())
"""


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_request_has_its_id_its_line_and_its_number(system: str, tmp_path: Path):
    url = f"sqlite:///{(tmp_path / 'db.sqlite3').as_posix()}"
    ran = manage(system, "shell", "--no-imports", "-c", ASK, DATABASE_URL=url)

    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert ["404 from-the-proxy", "200"] == ran.stdout.splitlines()[:2]
    (line,) = [each for each in lines if each["event"] == "request"]
    assert (404, "from-the-proxy", None) == (line["status"], line["request_id"], line["route"])
    assert "hidden" not in ran.stderr
    assert 'http_requests_total{method="GET",route="unknown",status="404"} 1.0' in ran.stdout
