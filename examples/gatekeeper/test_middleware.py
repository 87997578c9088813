"""Who is turned away and how, and what is kept of a request."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from conventions.problems import MEDIA_TYPE
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone

from gatekeeper.log import BACKGROUND, LOG
from gatekeeper.logins import note_login
from gatekeeper.models import LoggedRequest
from gatekeeper.rules import WATCHER, add_rule, parse_network

SECRET = "never-in-the-log"  # noqa: S105


def answer(request: HttpRequest, **_: str) -> HttpResponse:
    if request.POST:
        note_login(request, "Ada@example.com")
    return HttpResponse("hello", status=int(request.GET.get("status", 200)))


urlpatterns = [path("", answer), path("<path:anything>", answer)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def rule(action: str, network: str, **expiry: object) -> None:
    now = timezone.now()
    add_rule(
        action=action,
        network=parse_network(network),
        reason="a test",
        created_by="test",
        now=now,
        expires_at=now + timedelta(**expiry) if expiry else None,
    )
    WATCHER.refresh()


def get(address: str, **headers: str) -> HttpResponse:
    return Client().get("/", REMOTE_ADDR=address, **headers)


def rows() -> list[LoggedRequest]:
    LOG.flush()
    return list(LoggedRequest.objects.order_by("id"))


def test_a_blocked_address_gets_403_and_no_reason():
    rule("block", "203.0.113.0/24")

    refused, served = get("203.0.113.9"), get("198.51.100.1")

    assert (403, 200) == (refused.status_code, served.status_code)
    assert MEDIA_TYPE == refused.headers["Content-Type"]
    document = json.loads(refused.content)
    assert "tag:gatekeeper.example,2026:blocked" == document["type"]
    assert "a test" not in refused.content.decode()
    assert [True, False] == [row.refused for row in rows()]


def test_a_paused_address_is_told_how_long():
    rule("pause", "203.0.113.9", seconds=600)

    refused = get("203.0.113.9")

    assert 429 == refused.status_code
    assert 590 <= int(refused.headers["Retry-After"]) <= 600
    assert refused.json()["type"].endswith(":paused")


def test_a_throttled_network_gets_a_burst_and_then_header_fields():
    rule("throttle", "2001:db8::/64")

    answers = [get(f"2001:db8::{number:x}") for number in range(1, 31)]

    statuses = [each.status_code for each in answers]
    assert [200] * 20 == statuses[:20], "all of these hosts are one client"
    assert 429 in statuses[20:]
    refused = answers[statuses.index(429)]
    assert '"throttled";q=20;w=40' == refused.headers["RateLimit-Policy"]
    assert refused.headers["RateLimit"].startswith('"throttled";r=0;t=')
    assert 0 < int(refused.headers["Retry-After"]) <= 2


def test_an_allowed_address_is_let_past_every_rule():
    for action in ("block", "pause", "throttle"):
        rule(action, "203.0.113.0/24")
    rule("allow", "203.0.113.9")

    assert [200] * 30 == [get("203.0.113.9").status_code for _ in range(30)]


def test_a_spoofed_header_neither_frees_nor_blocks_anybody(settings: object):
    rule("block", "203.0.113.9")
    settings.GATEKEEPER |= {"TRUSTED_PROXIES": ["10.0.0.0/8"]}

    spoofs = {"HTTP_X_FORWARDED_FOR": "198.51.100.1"}
    assert 403 == get("203.0.113.9", **spoofs).status_code
    assert 403 == get("10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.9").status_code
    assert 200 == get("198.51.100.1", HTTP_X_FORWARDED_FOR="203.0.113.9").status_code


def test_it_adds_no_query_to_a_request():
    get("203.0.113.9")

    with CaptureQueriesContext(connection) as queries:
        for _ in range(50):
            get("203.0.113.9")

    assert 0 == len(queries)
    with CaptureQueriesContext(connection) as queries:
        LOG.flush()
    assert 1 == sum("INSERT" in query["sql"] for query in queries), "51 rows in one statement"
    assert 51 == LoggedRequest.objects.count()


def test_a_row_holds_no_query_no_body_and_no_header():
    Client().post(
        f"/orders/?token={SECRET}",
        {"password": SECRET},
        headers={"Authorization": f"Bearer {SECRET}", "Cookie": f"session={SECRET}"},
        REMOTE_ADDR="203.0.113.9",
    )

    (row,) = rows()
    assert ("POST", "/orders/", 200, "203.0.113.9") == (row.method, row.path, row.status, row.address)
    kept = json.dumps({field.name: str(getattr(row, field.name)) for field in row._meta.fields})
    assert SECRET not in kept
    assert "ada" not in kept.lower(), "an account is a digest"
    assert 16 == len(row.account)


def test_an_account_has_one_digest_however_it_is_written():
    request, other = HttpRequest(), HttpRequest()
    note_login(request, "Ada@Example.com")
    note_login(other, "ada@example.com")

    assert request.gatekeeper_account == other.gatekeeper_account


def test_text_that_no_database_takes_is_kept_all_the_same():
    Client().get("/%00/" + "x" * 500, REMOTE_ADDR="203.0.113.9")

    (row,) = rows()
    assert ("/\ufffd/xx", 200) == (row.path[:5], len(row.path))


def test_of_static_files_one_request_in_a_hundred_is_kept():
    for _ in range(250):
        Client().get("/static/site.css", REMOTE_ADDR="203.0.113.9")

    assert 3 == len(rows())


class Down:
    """A database that refuses every statement."""

    def __call__(self, *_: object) -> None:
        raise DatabaseError("the database is down")


@pytest.mark.django_db(transaction=True)
def test_with_the_database_down_requests_are_answered_and_rows_wait():
    with connection.execute_wrapper(Down()):
        assert 200 == get("203.0.113.9").status_code
        LOG.flush()
        assert 200 == get("203.0.113.9").status_code
    assert (2, 0, 0) == (len(LOG), LOG.written, LOG.dropped)

    assert ["203.0.113.9"] * 2 == [row.address for row in rows()]


def test_what_does_not_fit_is_dropped_and_counted_and_nobody_waits(settings: object):
    settings.GATEKEEPER |= {"BUFFER_ROWS": 3}
    for _ in range(5):
        assert 200 == get("203.0.113.9").status_code

    assert (3, 2) == (len(LOG), LOG.dropped)
    assert 3 == len(rows())


def test_many_rows_are_written_in_batches(settings: object):
    settings.GATEKEEPER |= {"BATCH_ROWS": 10}
    for _ in range(25):
        get("203.0.113.9")

    assert 25 == len(rows())
    assert 25 == LOG.written


def test_switched_off_it_is_not_there(settings: object):
    settings.GATEKEEPER = {"ENABLED": False}
    rule("block", "203.0.113.9")

    assert 200 == get("203.0.113.9").status_code
    assert [] == rows()


def test_a_misspelt_setting_stops_the_start(settings: object):
    for wrong, message in (
        ({"TRUSTED_PEERS": []}, "has no setting 'TRUSTED_PEERS'"),
        ({"TRUSTED_PROXIES": ["10.0.0.1/8"]}, "has host bits set"),
        ({"FORWARDED_HEADER": "X-Real-IP"}, "is none of X-Forwarded-For, Forwarded"),
    ):
        settings.GATEKEEPER = wrong
        with pytest.raises(SystemCheckError, match=message):
            call_command("check")


SERVE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "gatekeeper.settings"
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
for number in range(7):
    Client().get("/api/v1/stats/", REMOTE_ADDR="203.0.113.9", HTTP_HOST="localhost")
"""


def test_what_waits_is_written_when_the_process_ends(tmp_path: Path):
    database = f"sqlite:///{(tmp_path / 'log.sqlite3').as_posix()}"
    environment = os.environ | {"GATEKEEPER_DATABASE_URL": database}
    folder = Path(__file__).resolve().parent.parent
    subprocess.run([sys.executable, "-c", SERVE], cwd=folder, env=environment, check=True, timeout=60)

    import sqlite3

    with sqlite3.connect(tmp_path / "log.sqlite3") as written:
        found = written.execute("SELECT status, count(*) FROM gatekeeper_loggedrequest GROUP BY status")
        assert [(401, 7)] == found.fetchall()


def test_the_thread_survives_whatever_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail() -> None:
        raise RuntimeError("a planted fault")

    monkeypatch.setattr(LOG, "flush", fail)
    BACKGROUND.turn()

    assert "the gatekeeper's thread goes on after this" in caplog.text
