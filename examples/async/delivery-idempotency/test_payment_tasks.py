import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import kill_switch
import payment_tasks
import pytest
from crash_points import EARLY, LATE, Cell
from kill_switch import KillSwitch, connect, count, note

HERE = Path(__file__).parent


class Killed(Exception):
    """Raised where a process would end."""


@pytest.fixture(autouse=True)
def ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("PAYMENTS_LEDGER", str(tmp_path / "ledger.sqlite"))
    with closing(connect()) as connection:
        connection.executescript(kill_switch.SCHEMA)


@pytest.fixture
def kills(monkeypatch):
    seen = []

    def kill(what):
        def killed(*arguments):
            seen.append((what, *arguments))
            raise Killed

        return killed

    monkeypatch.setattr(os, "kill", kill("process"))
    monkeypatch.setattr(os, "killpg", kill("group"), raising=False)
    monkeypatch.setattr(os, "getpgrp", lambda: 77, raising=False)
    monkeypatch.setattr(signal, "SIGKILL", 9, raising=False)
    return seen


def plan(cell: Cell) -> dict:
    return {**asdict(cell), "patience_seconds": 0}


def charge(cell: Cell, **options) -> None:
    payment_tasks.charge_late.apply(("payment-1", plan(cell)), throw=True, **options).get()


def test_the_worker_dies_between_the_charge_and_the_ack(kills):
    with pytest.raises(Killed):
        charge(Cell("late", LATE, "worker", 1))

    assert [("group", 77, 9)] == kills
    assert (1, 1, 1) == tuple(count(table, "payment-1") for table in ("runs", "charges", "charges_by_key"))


def test_the_child_dies_before_the_charge_and_after_its_report_was_read(kills, monkeypatch):
    waits = []
    monkeypatch.setattr(KillSwitch, "wait_for", lambda _, table: waits.append((table, len(kills))))

    with pytest.raises(Killed):
        charge(Cell("late", LATE, "child", 0))

    assert ([("process", os.getpid(), 9)], [("reports", 0)]) == (kills, waits)
    assert (1, 0) == (count("runs", "payment-1"), count("charges", "payment-1"))


def test_the_parent_of_a_child_that_is_to_die_never_kills(kills):
    switch = KillSwitch("payment-1", plan(Cell("late", LATE, "child", 1)), redelivered=False, in_child=False)

    switch.before("ack")
    switch.after("ack")

    assert [] == kills


def test_early_ack_waits_until_the_task_has_begun_and_lets_the_planned_step_go_first(kills):
    switch = KillSwitch(
        "payment-1", plan(Cell("early", LATE, "worker", 1)), redelivered=False, in_child=False
    )
    note("runs", "payment-1", "task-1")
    note("charges", "payment-1")

    with pytest.raises(Killed):
        switch.before("ack")

    assert [("group", 77, 9)] == kills


def test_a_step_that_waits_in_vain_says_for_what(monkeypatch):
    monkeypatch.setattr(kill_switch, "wait_until", lambda condition: condition())
    switch = KillSwitch(
        "payment-1", plan(Cell("early", EARLY, "worker", 2)), redelivered=False, in_child=True
    )
    note("runs", "payment-1", "task-1")

    with pytest.raises(TimeoutError, match="payment-1: no row in acks"):
        switch.before("charge")


def test_two_runs_charge_twice_without_the_key_and_once_with_it():
    for _ in range(2):
        charge(Cell("late", LATE, "nobody", 1))

    assert (2, 2, 1) == tuple(count(table, "payment-1") for table in ("runs", "charges", "charges_by_key"))


def test_the_defaults_of_celery_and_kombu_are_those_that_the_page_names():
    from celery import Celery
    from kombu.transport.redis import Channel

    conf = Celery("shop").conf

    assert conf.task_acks_late is False
    assert not conf.task_reject_on_worker_lost
    assert conf.task_acks_on_failure_or_timeout is True
    assert conf.task_publish_retry is True
    assert 4 == conf.worker_prefetch_multiplier
    assert 10 == conf.worker_lost_wait
    assert 3600 == Channel.visibility_timeout
    assert (10, 10) == (Channel.unacked_restore_interval, Channel.unacked_restore_throttle)


def test_each_broker_gets_the_transport_options_that_the_page_shows():
    program = "import payment_tasks; print(sorted(payment_tasks.app.conf.broker_transport_options))"
    shown = {}
    for url in ("redis://127.0.0.1", "amqp://127.0.0.1"):
        ran = subprocess.run(
            [sys.executable, "-c", program],
            cwd=HERE,
            env={**os.environ, "PAYMENTS_BROKER": url},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        shown[url.partition(":")[0]] = ran.stdout.strip()

    assert "['confirm_publish']" == shown["amqp"]
    assert "['unacked_restore_interval', 'unacked_restore_throttle', 'visibility_timeout']" == shown["redis"]
