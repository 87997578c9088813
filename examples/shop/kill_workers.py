"""Kill Celery workers while they handle messages of the outbox, let the broker forget one, and count what is lost."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import servers

EXAMPLES = Path(__file__).resolve().parents[1]
sys.path.append(str(EXAMPLES / "async" / "delivery-idempotency"))
from kill_switch import SCHEMA, closing, connect, count, note, wait_until  # noqa: E402

CASES = {
    "nobody dies": "",
    "the child dies before the work": "child before",
    "the child dies after the work": "child after",
    "the worker dies before the work": "worker before",
    "the worker dies after the work": "worker after",
}
FORGOTTEN = "the broker forgets the message"


# --8<-- [start:handler]
def handler(payload: dict, *, now: datetime) -> None:  # noqa: ARG001
    """Charge once by key, and die at the first attempt where the message says so."""
    key, dies = payload["key"], payload["dies"]
    note("runs", key, "")
    first = count("runs", key) == 1
    if first and dies.endswith("before"):
        die(dies)
    with closing(connect()) as ledger:
        ledger.execute("INSERT INTO charges_by_key VALUES (?) ON CONFLICT DO NOTHING", [key])
    if first and dies.endswith("after"):
        die(dies)


def die(who: str) -> None:
    if who.startswith("worker"):
        os.killpg(os.getpgrp(), signal.SIGKILL)  # the worker and its children, at once
    os.kill(os.getpid(), signal.SIGKILL)


# --8<-- [end:handler]
class Worker:
    """A Celery worker in a process group of its own; a new one is started where it has died."""

    def __init__(self, folder: Path) -> None:
        self.log = (folder / "worker.log").open("a+", encoding="utf-8")
        self.process = None

    def keep_alive(self) -> None:
        if self.process is None or self.process.poll() is not None:
            command = [sys.executable, "-m", "celery", "--app=shop.worker", "worker", "--concurrency=1"]
            self.process = subprocess.Popen(
                [*command, "--without-gossip", "--without-mingle", "--loglevel=WARNING"],
                cwd=EXAMPLES,
                stdout=subprocess.DEVNULL,
                stderr=self.log,
                start_new_session=True,
            )

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self) -> str:
        self.log.seek(0)
        return self.log.read()[-3000:]


def handle_all(worker: Worker, but: int = 0) -> None:
    """Keep a worker alive until every message is done or given up, `but` so many."""

    def settled() -> bool:
        worker.keep_alive()
        return Message.objects.filter(state=Message.State.WAITING).count() <= but

    if not wait_until(settled):
        raise TimeoutError(f"a message is still waiting\n{worker.last_words()}")


def tell(cases: dict[str, str]) -> None:
    """Publish a message for each case, and hand all of them to the broker."""
    for key, dies in cases.items():
        with transaction.atomic():
            publish(topic="test.kill", payload={"key": key, "dies": dies}, key=key, now=timezone.now())
    relay(now=timezone.now(), send=tasks.send)


def dead_letters(channel) -> int:
    """How many messages lie in the queue of those that nobody could handle."""
    return DEAD_LETTERS(channel).queue_declare(passive=True).message_count


def consumers(channel) -> int:
    """How many workers the broker takes for alive."""
    return sum(queue(channel).queue_declare(passive=True).consumer_count for queue in app.conf.task_queues)


def run(broker: str, folder: Path) -> None:
    worker = Worker(folder)
    with app.connection_for_write() as connection, connection.channel() as channel:
        for queue in (*app.conf.task_queues, DEAD_LETTERS):
            queue(channel).declare()
        try:
            tell(CASES)
            handle_all(worker)
            worker.kill()

            tell({FORGOTTEN: ""})
            for queue in app.conf.task_queues:
                queue(channel).purge()
            # No sleep: the time at which it is handed over again is an argument.
            resend_at = timezone.now() + timedelta(seconds=settings.OUTBOX_RESEND_SECONDS + 1)
            relay(now=resend_at, send=tasks.send)
            handle_all(worker)

            print(f"{'':34}runs  charges by key")
            for key in (*CASES, FORGOTTEN):
                print(f"{key:34}{count('runs', key):4}{count('charges_by_key', key):16}")
            lost = Message.objects.exclude(state=Message.State.DONE).count()
            print(f"{Message.objects.count()} messages, {lost} lost")
            if broker == "rabbitmq":
                app.send_task("shop.nobody_knows_this", queue=QUEUES["payments"].name)
                found = wait_until(lambda: dead_letters(channel))
                print(f"a task that nobody knows: {'kept as a dead letter' if found else 'lost'}")
        finally:
            worker.kill()
            worker.log.close()
            if broker == "rabbitmq":  # a queue that is deleted while its consumer dies leaves a trace
                wait_until(lambda: not consumers(channel))
            for queue in (*app.conf.task_queues, DEAD_LETTERS):
                queue(channel).delete()
            if broker == "rabbitmq":
                DEAD_LETTERS.exchange(channel).delete()


# --8<-- [start:restart]
def restart(redis: servers.RedisProcess, folder: Path) -> None:
    """Kill a Redis with a log of its own while messages wait in it, start it again, and count."""
    from kombu.exceptions import OperationalError

    queue, worker = QUEUES["payments"], Worker(folder)
    try:
        tell({f"message {number}": "" for number in range(3)})
        redis.kill()
        try:
            tell({"published meanwhile": ""})
        except OperationalError:
            print("the broker is down, and the message is written down")
        redis.start()
        with app.connection_for_write() as connection, connection.channel() as channel:
            print(f"{queue(channel).queue_declare().message_count} messages came back with it")
        handle_all(worker, but=1)
        resend_at = timezone.now() + timedelta(seconds=settings.OUTBOX_RESEND_SECONDS + 1)
        relay(now=resend_at, send=tasks.send)
        handle_all(worker)
        lost = Message.objects.exclude(state=Message.State.DONE).count()
        keys = [message.payload["key"] for message in Message.objects.all()]
        charges = [count("charges_by_key", key) for key in keys]
        print(f"{len(keys)} messages, {lost} lost, charges: {charges}")
    finally:
        worker.kill()
        worker.log.close()


# --8<-- [end:restart]


@contextlib.contextmanager
def redis_of_its_own(folder: Path) -> Iterator[servers.RedisProcess]:
    redis = servers.RedisProcess(folder)
    redis.start()
    try:
        yield redis
    finally:
        redis.kill()


if __name__ == "__main__":
    if not hasattr(os, "killpg"):
        sys.exit("Windows has neither SIGKILL nor Celery's prefork pool: run this under WSL.")
    broker = sys.argv[1]
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        if broker == "restart":
            redis = stack.enter_context(redis_of_its_own(Path(name)))
            url = redis.url
        else:
            url_of = {"redis": servers.redis_url, "rabbitmq": servers.rabbitmq_url}[broker]
            url = stack.enter_context(url_of())
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "shop.kill_settings",
            "KILL_QUEUES": servers.new_name("shop"),
            "SHOP_BROKER_URL": url,
            "SHOP_DATABASE_URL": f"sqlite:///{name}/shop.sqlite3",
            "PAYMENTS_LEDGER": f"{name}/ledger.sqlite",
        }
        with closing(connect()) as ledger:
            ledger.executescript(f"PRAGMA journal_mode = WAL; {SCHEMA}")
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connections, transaction
        from django.utils import timezone

        from shop import tasks
        from shop.outbox.models import Message
        from shop.outbox.services import publish, relay
        from shop.worker import DEAD_LETTERS, QUEUES, app

        call_command("migrate", verbosity=0)
        if broker == "restart":
            restart(redis, Path(name))
        else:
            run(broker, Path(name))
        connections.close_all()
