import json
import socket
import threading

import pytest
from conventions import health
from conventions.problems import MEDIA_TYPE
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop import settings as written


@pytest.fixture
def probe(settings: object) -> Client:
    """Asks as an orchestrator does: by address, over HTTP, of a shop that others can reach."""
    settings.ALLOWED_HOSTS = ["shop.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    health._migrated.clear()
    return Client(SERVER_NAME="10.0.0.7")


def test_a_process_that_lives_says_so_without_asking_the_database(probe: Client):
    answer = probe.get("/livez")

    assert (200, {"status": "ok"}) == (answer.status_code, answer.json())
    assert "no-store" == answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_a_shop_that_can_serve_is_ready_and_says_what_was_looked_at(probe: Client):
    answer = probe.get("/readyz")

    assert 200 == answer.status_code
    assert {"status": "ok", "checks": dict.fromkeys(["database", "migrations", "cache", "broker"], "ok")} == (
        answer.json()
    )
    assert "no-store" == answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_the_second_probe_costs_one_statement(probe: Client):
    probe.get("/readyz")

    with CaptureQueriesContext(connection) as captured:
        probe.get("/readyz")
    assert ["SELECT 1"] == [each["sql"] for each in captured]


def refuse(*_: object, **__: object) -> None:
    raise ConnectionError("postgresql://shop:hunter2@db.example.com/shop refused")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["database", "migrations"])
def test_without_its_database_or_a_migration_it_is_not_ready_and_keeps_the_reason_to_itself(
    probe: Client, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setitem(health.NEEDED, name, refuse)

    answer = probe.get("/readyz")

    assert (503, MEDIA_TYPE, "no-store") == (
        answer.status_code,
        answer.headers["Content-Type"],
        answer.headers["Cache-Control"],
    )
    assert (f"Not ready: {name}.", "/readyz") == (answer.json()["detail"], answer.json()["instance"])
    assert "hunter2" not in answer.content.decode()


@pytest.mark.django_db
def test_a_migration_that_was_not_applied_is_noticed(probe: Client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'orders'")

    assert "Not ready: migrations." == probe.get("/readyz").json()["detail"]


@pytest.mark.django_db
def test_without_a_cache_or_a_broker_it_serves_degraded(
    probe: Client, settings: object, monkeypatch: pytest.MonkeyPatch
):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.BROKER_URL = f"amqp://guest:hunter2@127.0.0.1:{nobody.getsockname()[1]}//"
        monkeypatch.setitem(health.OPTIONAL, "cache", refuse)

        answer = probe.get("/readyz")

    assert (200, "degraded") == (answer.status_code, answer.json()["status"])
    lacking = {name for name, state in answer.json()["checks"].items() if state == "unavailable"}
    assert {"cache", "broker"} == lacking
    assert "hunter2" not in answer.content.decode()


@pytest.mark.django_db
def test_a_broker_that_listens_is_well(probe: Client, settings: object):
    with socket.create_server(("127.0.0.1", 0)) as broker:
        settings.BROKER_URL = f"redis://127.0.0.1:{broker.getsockname()[1]}/0"
        listener = threading.Thread(target=_accept_one, args=(broker,))
        listener.start()

        assert "ok" == probe.get("/readyz").json()["checks"]["broker"]
        listener.join(timeout=10)


def _accept_one(broker: socket.socket) -> None:
    broker.accept()[0].close()


def test_only_reading_is_allowed(probe: Client):
    answer = probe.post("/livez")

    assert (405, "GET, HEAD", MEDIA_TYPE) == (
        answer.status_code,
        answer.headers["Allow"],
        answer.headers["Content-Type"],
    )


@pytest.mark.django_db
def test_nothing_tells_a_version(probe: Client):
    said = json.dumps([probe.get(path).json() for path in ("/livez", "/readyz")])

    assert not any(character.isdigit() for character in said)


def test_health_stands_before_everything_that_may_refuse():
    assert "conventions.health.HealthMiddleware" == written.MIDDLEWARE[0]
