"""A worker is killed while it makes a PDF, or right after: the next one makes it, and there is exactly one."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import servers

EXAMPLES = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 120
ISSUE = """
import django
django.setup()
from invoices.sample import new_sample
new_sample().issued()
"""
# Loaded by the worker that is to die: it kills itself before or after the row of the PDF is written.
DIES = """
import os, signal
from celery.signals import task_prerun

@task_prerun.connect
def patch(**_):
    from invoices.papers import services
    make = services.make_paper
    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)
    def make_and_die(invoice_id):
        make(invoice_id)
        die()
    if os.environ["DIES"] == "before":
        services.draw = die
    else:
        services.make_paper = make_and_die
"""


def wait_until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    import amqp
    from kombu import Connection

    queue = servers.new_name("invoices")
    with servers.rabbitmq_url() as url:
        yield {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "invoices.settings",
            "INVOICES_DATABASE_URL": f"sqlite:///{(tmp_path / 'db.sqlite3').as_posix()}",
            "INVOICES_BROKER_URL": url,
            "INVOICES_QUEUE": queue,
            "PYTHONPATH": os.pathsep.join([str(EXAMPLES), str(tmp_path)]),
        }
        with Connection(url) as connection, connection.channel() as channel:
            try:
                channel.queue_delete(queue)
                channel.exchange_delete(queue)
            except amqp.NotFound:
                pass


@pytest.mark.rabbitmq
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
@pytest.mark.parametrize(("dies", "papers_then"), [("before", 0), ("after", 1)])
def test_a_killed_worker_costs_nothing(environment: dict, tmp_path: Path, dies: str, papers_then: int):
    (tmp_path / "dies.py").write_text(DIES, encoding="utf-8")
    worker = [sys.executable, "-m", "celery", "--app=invoices.worker", "worker", "--pool=solo"]

    def run(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], env=environment, cwd=tmp_path, check=True, timeout=60)

    def start(*options: str) -> subprocess.Popen:
        command = [*worker, "--without-gossip", "--without-mingle", "--loglevel=WARNING", *options]
        return subprocess.Popen(command, env=environment | {"DIES": dies}, cwd=tmp_path)

    def papers() -> int:
        with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
            return database.execute("SELECT count(*) FROM papers_paper").fetchone()[0]

    run(str(EXAMPLES / "invoices" / "manage.py"), "migrate", "--verbosity=0")
    run("-c", ISSUE)
    victim = start("--include=dies")
    wait_until(lambda: victim.poll() is not None, "the worker was not killed")
    assert (-signal.SIGKILL, papers_then) == (victim.returncode, papers())

    survivor = start()
    try:
        wait_until(lambda: papers() == 1 and held(environment) == 0, "the message was not delivered again")
    finally:
        survivor.terminate()
        survivor.wait(DEADLINE_SECONDS)

    assert (1, 0) == (papers(), held(environment))


def held(environment: dict[str, str]) -> int:
    """Messages that wait in the queue."""
    from kombu import Connection

    with Connection(environment["INVOICES_BROKER_URL"]) as connection, connection.channel() as channel:
        return channel.queue_declare(environment["INVOICES_QUEUE"], passive=True).message_count
