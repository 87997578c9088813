"""Kill real Celery workers at every crash point, and count what each message charged."""

import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import crash_points
import servers
from crash_points import Cell
from kill_switch import DEADLINE_SECONDS, SCHEMA, connect, count, wait_until

VISIBILITY_SECONDS = 4
TASKS = {("early", False): "charge_early", ("late", False): "charge_late", ("late", True): "charge_requeue"}


class Workers:
    """Starts Celery workers, each in a process group of its own, and leaves none behind."""

    def __init__(self, folder: Path) -> None:
        self.log = (folder / "workers.log").open("a+", encoding="utf-8")
        self.started: list[subprocess.Popen] = []

    def start(self, *queues: str, children: int = 1, visibility_seconds: int = 3600) -> subprocess.Popen:
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--app=payment_tasks", "worker", "--pool=prefork"),
                *(f"--concurrency={children}", "--without-gossip", "--without-mingle", "--loglevel=WARNING"),
            ],
            cwd=Path(__file__).parent,
            env={
                **os.environ,
                "PAYMENTS_QUEUES": ",".join(queues),
                "PAYMENTS_VISIBILITY_SECONDS": str(visibility_seconds),
            },
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            start_new_session=True,  # a kill of the group reaches this worker and its children, nobody else
        )
        self.started.append(worker)
        return worker

    def wait_until(self, condition, otherwise: str) -> None:
        if not wait_until(condition):
            self.log.seek(0)
            raise RuntimeError(f"{otherwise}\n{self.log.read()[-3000:]}")

    def stop(self, worker: subprocess.Popen) -> None:
        """Let it finish its tasks: Celery's warm shutdown."""
        worker.terminate()
        worker.wait(DEADLINE_SECONDS)

    def kill_all(self) -> None:
        for worker in self.started:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
        self.log.close()


class Broker:
    """The queues of this run, one for each cell, and what the broker still holds of them."""

    def __init__(self, name: str, channel, queues: list) -> None:
        self.name, self.channel = name, channel
        self.queues = [queue.name for queue in queues]
        for queue in queues:
            queue(channel).declare()

    def held(self) -> int:
        """Messages that will be delivered again. Ask when no worker is connected."""
        if self.name == "redis":  # waiting in a list, or delivered and not acknowledged
            waiting = sum(self.channel.client.llen(queue) for queue in self.queues)
            return waiting + self.channel.client.hlen("unacked")
        return sum(each.message_count for each in self.declared())

    def has_consumers(self) -> bool:
        return self.name == "rabbitmq" and any(each.consumer_count for each in self.declared())

    def declared(self) -> list:
        return [self.channel.queue_declare(queue, passive=True) for queue in self.queues]

    def delete(self) -> None:
        for queue in self.queues:
            self.channel.queue_delete(queue)


def send(cells: dict[str, Cell], dies: str, broker: Broker) -> list[str]:
    """Send the messages of the cells in which `dies` is the one that dies; the queues they are in."""
    from payment_tasks import app

    producer = app.amqp.Producer(broker.channel)
    patience_seconds = 60 if broker.name == "redis" else VISIBILITY_SECONDS
    chosen = [queue for queue, cell in cells.items() if cell.dies == dies]
    for queue in chosen:
        plan = {**asdict(cells[queue]), "patience_seconds": patience_seconds}
        task = app.tasks[TASKS[cells[queue].ack, cells[queue].requeue]]
        task.apply_async((queue, plan), queue=queue, producer=producer)
    return chosen


def kill_and_count(cells: dict[str, Cell], broker: Broker, workers: Workers) -> None:
    def acks(queues: list[str]) -> int:
        return sum(count("acks", queue) for queue in queues)

    victims = [workers.start(queue) for queue in send(cells, "worker", broker)]
    nursed = send(cells, "child", broker)
    nurse = workers.start(*nursed, children=len(nursed))  # loses its children and lives on
    workers.wait_until(lambda: all(each.poll() is not None for each in victims), "a worker was not killed")
    assert {-signal.SIGKILL} == {victim.returncode for victim in victims}
    workers.wait_until(
        lambda: acks(nursed) == len(nursed), "a message of a killed child was not acknowledged"
    )
    workers.stop(nurse)

    # Nobody is connected any more: what the broker holds now is what it will deliver again.
    workers.wait_until(lambda: not broker.has_consumers(), "the broker has not noticed the deaths")
    to_come = acks(broker.queues) + broker.held() + sum(
        crash_points.outcome(cell, broker.name).runs for cell in cells.values() if cell.dies == "nobody"
    )  # fmt: skip
    send(cells, "nobody", broker)
    survivor = workers.start(*broker.queues, children=3, visibility_seconds=VISIBILITY_SECONDS)
    workers.wait_until(lambda: acks(broker.queues) >= to_come, "a message was not delivered again")
    workers.stop(survivor)
    workers.wait_until(lambda: not broker.has_consumers(), "the broker has not noticed the end")
    assert 0 == broker.held(), "the broker still holds a message"


def run(name: str, url: str, folder: Path) -> list[tuple[Cell, dict[str, int]]]:
    """Every cell with its numbers of runs, charges and charges with a key."""
    cells = {servers.new_name("payments"): cell for cell in crash_points.cells()}
    os.environ["PAYMENTS_BROKER"], os.environ["PAYMENTS_QUEUES"] = url, ",".join(cells)
    os.environ["PAYMENTS_LEDGER"] = str(folder / "ledger.sqlite")
    from payment_tasks import app

    with closing(connect()) as ledger:
        ledger.executescript(f"PRAGMA journal_mode = WAL; {SCHEMA}")
    workers = Workers(folder)
    with app.connection_for_write() as connection, connection.channel() as channel:
        broker = Broker(name, channel, app.conf.task_queues)
        try:
            kill_and_count(cells, broker, workers)
        finally:
            workers.kill_all()
            broker.delete()
    tables = ("runs", "charges", "charges_by_key")
    return [(cell, {table: count(table, queue) for table in tables}) for queue, cell in cells.items()]


def summary(name: str, counted: list[tuple[Cell, dict[str, int]]]) -> list[str]:
    with closing(connect()) as ledger:
        (task_ids,) = ledger.execute("SELECT count(DISTINCT task_id) FROM runs").fetchone()
    lines = [f"{len(counted)} messages, {task_ids} task ids, {sum(each['runs'] for _, each in counted)} runs"]
    for title, table in (("no key", "charges"), ("key", "charges_by_key")):
        effects = Counter(crash_points.WORD[each[table]] for _, each in counted)
        lines.append(
            f"{title + ':':8}" + ", ".join(f"{effects[word]} {word}" for word in ("lost", "once", "twice"))
        )
    agreed = sum(crash_points.counts(cell, name) == each for cell, each in counted)
    return [*lines, f"the simulator agrees in {agreed} of {len(counted)} cells"]


if __name__ == "__main__":
    if not hasattr(os, "killpg"):
        sys.exit(
            "Windows has neither SIGKILL nor Celery's prefork pool: run this under WSL. "
            "The simulator runs here too: python crash_points.py"
        )
    name = sys.argv[1]
    of_broker = {"redis": servers.redis_url, "rabbitmq": servers.rabbitmq_url}[name]
    with of_broker() as url, tempfile.TemporaryDirectory() as folder:
        counted = run(name, url, Path(folder))
        print(crash_points.HEAD)
        for cell, counts in counted:
            print(crash_points.row(cell, counts))
        print(*summary(name, counted), sep="\n")
