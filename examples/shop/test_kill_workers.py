"""What the records of killed workers must show; the replay of records proves that they still do."""

import contextlib
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shop import kill_workers
from shop.kill_workers import CASES, FORGOTTEN

FOLDER = Path(__file__).parent
NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("broker", ["rabbitmq", "redis"])
def test_whoever_is_killed_nothing_is_lost_and_every_charge_is_made_once(broker: str):
    record = (FOLDER / f"kill_workers_{broker}.out").read_text(encoding="utf-8")

    rows = re.findall(r"^(.+?)  +(\d+) +(\d+)$", record, re.MULTILINE)
    assert {*CASES, FORGOTTEN} == {case for case, _, _ in rows}
    assert {"1"} == {charges for _, _, charges in rows}
    assert {case for case in CASES if "dies" in case} - {"nobody dies"} == {
        case for case, runs, _ in rows if runs == "2"
    }
    assert "\n6 messages, 0 lost\n" in record


def test_nothing_that_answers_requests_needs_celery():
    program = (
        "import django, sys; django.setup(); import shop.urls;"
        "print(sorted({'celery', 'kombu', 'amqp'} & set(sys.modules)))"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "SHOP_BROKER_URL": "amqp://guest:guest@127.0.0.1//",
    }

    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=FOLDER.parent,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )

    assert "[]" == ran.stdout.strip()


def test_a_worker_keeps_to_the_promises_of_the_page():
    program = (
        "from shop.worker import app, QUEUES; c = app.conf;"
        "print(c.task_acks_late, c.task_reject_on_worker_lost, c.accept_content, c.task_ignore_result,"
        " c.result_backend, c.task_time_limit < c.broker_transport_options.get('visibility_timeout', 1e9),"
        " {each.queue_arguments['x-dead-letter-exchange'] for each in QUEUES.values()})"
    )
    for url in ("redis://127.0.0.1/1", "amqp://127.0.0.1//"):
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "shop.settings", "SHOP_BROKER_URL": url}
        ran = subprocess.run(
            [sys.executable, "-c", program],
            cwd=FOLDER.parent,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        assert "True True ['json'] True None True {'shop.dead'}" == ran.stdout.strip()


@pytest.mark.parametrize(
    ("dies", "killed", "charges"),
    [
        ("", [], 1),
        ("child before", ["child"], 0),
        ("child after", ["child"], 1),
        ("worker before", ["group"], 0),
        ("worker after", ["group"], 1),
    ],
)
def test_the_handler_dies_at_its_first_attempt_only_and_where_it_is_told_to(
    dies: str, killed: list[str], charges: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def kill(what: str) -> None:
        deaths.append(what)
        raise SystemExit

    deaths: list[str] = []
    monkeypatch.setenv("PAYMENTS_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setattr(kill_workers.os, "kill", lambda *_: kill("child"))
    monkeypatch.setattr(kill_workers.os, "killpg", lambda *_: kill("group"))
    with kill_workers.closing(kill_workers.connect()) as ledger:
        ledger.executescript(kill_workers.SCHEMA)

    with contextlib.suppress(SystemExit):
        kill_workers.handler({"key": "1", "dies": dies}, now=NOW)
    assert (killed, charges) == (deaths, kill_workers.count("charges_by_key", "1"))

    kill_workers.handler({"key": "1", "dies": dies}, now=NOW)
    assert (killed, 1) == (deaths, kill_workers.count("charges_by_key", "1"))


@pytest.mark.redis
def test_a_redis_that_is_killed_and_starts_again_loses_no_message_and_charges_once():
    ran = subprocess.run(
        [sys.executable, "kill_workers.py", "restart"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )

    if "ServerMissing" in ran.stderr:
        pytest.skip("no redis-server on PATH, and no wheel of one")
    assert [
        "the broker is down, and the message is written down",
        "3 messages came back with it",
        "4 messages, 0 lost, charges: [1, 1, 1, 1]",
    ] == ran.stdout.splitlines(), ran.stderr
