"""Note what a payment's message has reached, and kill the process at one exact step of its first delivery."""

import os
import signal
import sqlite3
import time
from contextlib import closing

DEADLINE_SECONDS = 90
SCHEMA = """
    CREATE TABLE runs (payment_id TEXT, task_id TEXT);
    CREATE TABLE acks (payment_id TEXT);
    CREATE TABLE reports (payment_id TEXT);
    CREATE TABLE charges (payment_id TEXT);
    CREATE TABLE charges_by_key (payment_id TEXT PRIMARY KEY);
"""


def connect() -> sqlite3.Connection:
    """The ledger, in autocommit mode: the file that PAYMENTS_LEDGER names."""
    return sqlite3.connect(os.environ["PAYMENTS_LEDGER"], timeout=DEADLINE_SECONDS, isolation_level=None)


def note(table: str, *values: str) -> None:
    with closing(connect()) as ledger:
        ledger.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608


def count(table: str, payment_id: str) -> int:
    with closing(connect()) as ledger:
        query = f"SELECT count(*) FROM {table} WHERE payment_id = ?"  # noqa: S608
        return ledger.execute(query, [payment_id]).fetchone()[0]


def wait_until(condition, *, seconds: float = DEADLINE_SECONDS) -> bool:
    """Poll until `condition` holds; False when the time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class KillSwitch:
    """Let a step of the first delivery happen in its turn, and die when the planned number is done."""

    def __init__(self, payment_id: str, plan: dict, *, redelivered: bool, in_child: bool) -> None:
        self.payment_id = payment_id
        self.steps, self.done, self.dies = plan["steps"], plan["done"], plan["dies"]
        self.early, self.patience_seconds = plan["ack"] == "early", plan["patience_seconds"]
        self.armed = not redelivered
        self.mine = self.dies == "worker" or (self.dies == "child" and in_child)

    # --8<-- [start:switch]
    def before(self, step: str) -> None:
        if not self.armed:
            return
        if self.early:  # here parent and child race: let the planned one go first
            self.wait_for("runs")
            for earlier in self.steps[: self.steps.index(step)]:
                self.wait_for(f"{earlier}s")
        self.die_if_done(self.steps.index(step))

    def after(self, step: str) -> None:
        if not self.armed:
            return
        self.die_if_done(self.steps.index(step) + 1)
        if self.dies == "nobody" and step == "charge":  # slow: still running when the broker loses patience
            wait_until(lambda: count("runs", self.payment_id) > 1, seconds=self.patience_seconds)

    def die_if_done(self, steps_done: int) -> None:
        if self.mine and steps_done == self.done:
            if self.dies == "worker":
                os.killpg(os.getpgrp(), signal.SIGKILL)  # the worker and its children, at once
            self.wait_for("reports")
            os.kill(os.getpid(), signal.SIGKILL)

    # --8<-- [end:switch]
    def wait_for(self, table: str) -> None:
        if not wait_until(lambda: count(table, self.payment_id)):
            raise TimeoutError(f"{self.payment_id}: no row in {table}")
