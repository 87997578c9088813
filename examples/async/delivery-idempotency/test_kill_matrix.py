import os
import runpy
import sys
from pathlib import Path

import kill_matrix
import pytest
from crash_points import cells


def test_every_cell_has_a_task_with_its_settings():
    from payment_tasks import app

    for cell in cells():
        task = app.tasks[kill_matrix.TASKS[cell.ack, cell.requeue]]

        assert (cell.ack == "late") == bool(task.acks_late)
        assert cell.requeue == bool(task.reject_on_worker_lost)


def test_windows_is_told_what_runs_there(monkeypatch):
    monkeypatch.delattr(os, "killpg")
    monkeypatch.setattr(sys, "argv", ["kill_matrix.py", "redis"])

    with pytest.raises(SystemExit, match=r"run this under WSL\. .* python crash_points\.py"):
        runpy.run_path(str(Path(kill_matrix.__file__)), run_name="__main__")


def test_the_summary_counts_effects_and_agreement(tmp_path, monkeypatch):
    import kill_switch
    from crash_points import counts

    monkeypatch.setenv("PAYMENTS_LEDGER", str(tmp_path / "ledger.sqlite"))
    with kill_switch.closing(kill_switch.connect()) as ledger:
        ledger.executescript(kill_switch.SCHEMA)
    counted = [(cell, counts(cell, "redis")) for cell in cells()]
    counted[0][1]["charges"] = 2

    lines = kill_matrix.summary("redis", counted)

    assert "no key: 3 lost, 6 once, 5 twice" == lines[1]
    assert "the simulator agrees in 13 of 14 cells" == lines[-1]


def test_what_does_not_happen_in_time_is_told_with_the_log_of_the_workers(tmp_path, monkeypatch):
    monkeypatch.setattr(kill_matrix, "wait_until", lambda condition: condition())
    workers = kill_matrix.Workers(tmp_path)
    workers.log.write("the worker's last words")

    with pytest.raises(RuntimeError, match="a worker was not killed\nthe worker's last words"):
        workers.wait_until(lambda: False, "a worker was not killed")
    workers.kill_all()

    assert workers.log.closed
