import io
import json
import logging
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from conventions import request_ids, telemetry
from conventions.logs import JsonLines
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.test import Client, TestCase
from django.urls import include, path
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.values import MultiProcessValue

from shop.catalogue.models import Product
from shop.conftest import PASSWORD, ApiClient
from shop.outbox import services as outbox

MADE = re.compile(r"[0-9a-f]{32}")
TRACE = "0af7651916cd43dd8448eb211c80319c"


def crash(request: HttpRequest, number: int) -> HttpResponse:
    """Fails as a database does: the words of the error quote what was sent."""
    try:
        raise DatabaseError(f"Key (value)=({request.META['QUERY_STRING']}) exists: {request.body!r}")
    except DatabaseError as error:
        raise RuntimeError(request.headers.get("Authorization")) from error


urlpatterns = [path("", include("shop.urls")), path("crash/<int:number>/", crash)]


@pytest.fixture
def log() -> Iterator[Callable[[], list[dict]]]:
    """Everything that the shop would write, as it would write it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def test_a_request_is_one_line_that_tells_its_route_and_cost_and_who_asked(
    log: Callable, mug: Product, logged_in: ApiClient
):
    order = logged_in.post_json("/api/v1/orders/", {"items": [{"product_id": mug.pk, "quantity": 1}]}).json()
    logged_in.get(f"/api/v1/orders/{order['id']}/", headers={"X-Request-ID": "from-the-proxy"})

    (line,) = [line for line in log() if line.get("request_id") == "from-the-proxy"]
    assert {
        "event": "request",
        "level": "info",
        "logger": "conventions.telemetry",
        "method": "GET",
        "route": "api/v1/orders/<id:order_id>/",
        "status": 200,
        "user": order["id"] and line["user"],
    }.items() <= line.items()
    assert (3, True, True) == (line["statements"], line["milliseconds"] > 0, line["user"] > 0)
    assert {"request_id", "timestamp", "milliseconds", "statements"} < set(line)


def test_what_reached_no_view_is_a_line_without_its_address(log: Callable, anybody: ApiClient):
    anybody.get("/nowhere/4111111111111111/")

    assert [(None, 404)] == [(line["route"], line["status"]) for line in log() if line["event"] == "request"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Request-ID": "abc-123_4.5"}, re.compile("abc-123_4.5")),
        ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, re.compile(TRACE)),
        (
            {"X-Request-ID": "from-proxy", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"},
            re.compile("from-proxy"),
        ),
        ({}, MADE),
        ({"X-Request-ID": "short"}, MADE),
        ({"X-Request-ID": "x" * 65}, MADE),
        ({"X-Request-ID": 'a", "user": 1, "b": "'}, MADE),
        ({"X-Request-ID": "two\nlines of a log"}, MADE),
        ({"X-Request-ID": "größenwahn"}, MADE),
        ({"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"}, MADE),
        ({"traceparent": "00-xyz-b7ad6b7169203331-01"}, MADE),
    ],
)
@pytest.mark.django_db
def test_an_id_that_is_a_plain_word_is_kept_and_any_other_request_gets_a_new_one(
    log: Callable, anybody: ApiClient, headers: dict, expected: re.Pattern
):
    answer = anybody.get("/api/v1/categories/", headers=headers)

    assert expected.fullmatch(answer.headers["X-Request-ID"])
    assert answer.headers["X-Request-ID"] == log()[-1]["request_id"]
    assert "" == request_ids.current()


@pytest.mark.parametrize("in_a_worker", [False, True])
def test_what_is_done_after_a_request_carries_its_id(
    log: Callable, settings: object, mug: Product, logged_in: ApiClient, in_a_worker: bool
):
    settings.RELAY_ON_COMMIT = not in_a_worker
    order = {"items": [{"product_id": mug.pk, "quantity": 1}]}
    with TestCase.captureOnCommitCallbacks(execute=True):
        logged_in.post(
            "/api/v1/orders/",
            order,
            content_type="application/json",
            headers={"X-Request-ID": "from-the-phone"},
        )

    outbox.relay(now=timezone.now())

    (line,) = [line for line in log() if line["logger"] == "shop.outbox.services"]
    assert {"event": "message", "topic": "order.placed", "state": "done"}.items() <= line.items()
    assert "from-the-phone" == line["request_id"]


def test_every_line_of_a_request_carries_its_id(log: Callable, settings: object, anybody: ApiClient):
    settings.ROOT_URLCONF = __name__
    anybody.raise_request_exception = False
    name = anybody.get("/crash/1/").headers["X-Request-ID"]

    crashed, seen = log()
    assert ("error", "info", name, name) == (
        crashed["level"],
        seen["level"],
        crashed["request_id"],
        seen["request_id"],
    )
    assert ["django.db.utils.DatabaseError", "builtins.RuntimeError"] == [
        each["type"] for each in crashed["exception"]
    ]
    assert crashed["exception"][-1]["at"][-1].endswith(" crash")


SECRETS = {
    "a password": PASSWORD,
    "another password": "nine lives of a cat",
    "a token": f"eyJhbGciOiJIUzI1NiJ9.{'eyJzdWIiOiIxIn0'}.{secrets.token_urlsafe(32)}",
    "a cookie": secrets.token_hex(16),
    "a card number": "4111 1111 1111 1111",
    "a card number without spaces": "5500005555555559",
    "a recovery code": "k7wq-9m2x-4hbn",
    "a one-time code": "287082",
    "an address": "ada.lovelace+mugs@example.com",
}


@pytest.mark.django_db
def test_secrets_sent_everywhere_are_nowhere_in_the_log(
    log: Callable, settings: object, customer: object, capfd: pytest.CaptureFixture
):
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    sent = 0
    for secret in SECRETS.values():
        for method in ("GET", "POST", "PUT"):
            for address in (
                "/api/v1/users/login/",
                "/api/v1/users/register/",
                "/api/v1/users/refresh/",
                "/api/v1/products/",
                "/api/v1/orders/",
                "/crash/1/",
                f"/{secret}/",
            ):
                client.generic(
                    method,
                    f"{address}?{secret}={secret}",
                    json.dumps({"email": secret, "password": secret, "refresh": secret, secret: secret}),
                    content_type="application/json",
                    headers={
                        "Authorization": f"Bearer {secret}",
                        "Cookie": f"sessionid={secret}",
                        "User-Agent": secret,
                        "Referer": f"https://shop.example.com/?{secret}",
                        "X-Request-ID": f"{secret} ",
                        "Host": f"{secret}.example.com".replace(" ", ""),
                    },
                )
                sent += 1

    written = json.dumps(log(), ensure_ascii=False) + "".join(capfd.readouterr())
    assert 9 * 3 * 7 == sent == written.count('"event": "request"')
    assert 9 * 3 <= written.count('"level": "error"')
    assert {} == {name: secret for name, secret in SECRETS.items() if secret in written}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"password": "x"}, {"password": "[removed]"}),
        ({"user": 7, "inner": {"api_key": 1, "kept": [1, "Bearer abc.def"]}},
         {"user": 7, "inner": {"api_key": "[removed]", "kept": [1, "[removed]"]}}),
        ({"event": "paid with 4111-1111-1111-1111 today"}, {"event": "paid with [removed] today"}),
        ({"event": "redis://:hunter2@cache:6379"}, {"event": "redis[removed]cache:6379"}),
        ({"event": "order 1234567 of 2026-01-05"}, {"event": "order 1234567 of 2026-01-05"}),
    ],
)  # fmt: skip
def test_what_any_code_logs_is_scrubbed_by_name_and_by_shape(given: dict, written: dict):
    from conventions.logs import scrub

    assert written == scrub(None, "info", given)


def test_of_what_django_says_about_a_request_only_its_name_is_kept_and_else_the_pattern(log: Callable):
    logging.getLogger("django.request").error("%s: %s", "Internal Server Error", "/reset/k7wq-9m2x-4hbn/")
    logging.getLogger("django.utils.autoreload").warning("Watching %s", "k7wq-9m2x-4hbn")

    lines = log()
    assert ["django.request", "Watching %s"] == [line["event"] for line in lines]
    assert "k7wq" not in json.dumps(lines)


def test_a_traceback_of_a_library_has_no_words_either(log: Callable):
    try:
        raise ValueError("k7wq-9m2x-4hbn")
    except ValueError:
        logging.getLogger("somebody.else").warning("failed", exc_info=True)
        structlog.stdlib.get_logger("of.ours").exception("failed")
    logging.getLogger("somebody.else").warning("failed", exc_info=sys.exc_info())

    first, second, third = log()
    assert ["builtins.ValueError"] * 2 == [line["exception"][0]["type"] for line in (first, second)]
    assert "k7wq" not in json.dumps([first, second, third])


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


@pytest.mark.django_db
def test_requests_statements_and_times_are_counted_by_route(anybody: ApiClient):
    labels = {"route": "api/v1/categories/"}
    before = [
        sample("http_requests_total", method="GET", status="200", **labels),
        sample("sql_statements_total", **labels),
        sample("http_request_seconds_count", **labels),
    ]

    anybody.get("/api/v1/categories/")

    assert [before[0] + 1, before[1] + 1, before[2] + 1] == [
        sample("http_requests_total", method="GET", status="200", **labels),
        sample("sql_statements_total", **labels),
        sample("http_request_seconds_count", **labels),
    ]


@pytest.mark.django_db
def test_a_thousand_addresses_and_made_up_methods_add_one_series_each(anybody: ApiClient):
    anybody.get("/nowhere/")
    anybody.generic("BREW", "/nowhere/")

    def series() -> int:
        return len(telemetry.requests._metrics) + len(telemetry.seconds._metrics)

    before = series()
    for number in range(500):
        anybody.get(f"/{secrets.token_hex(8)}/{number}")
        anybody.generic(f"BREW{number}", f"/{number}")

    assert before == series()


def ask(headers: dict | None = None, method: str = "GET", **environ: str) -> HttpResponse:
    return Client(**environ).generic(method, "/metrics", headers=headers)


@pytest.mark.django_db
def test_this_machine_may_read_the_numbers_of_a_shop_that_serves_nobody_else(anybody: ApiClient):
    anybody.get("/api/v1/categories/")

    answer = ask()
    text = answer.content.decode()
    assert (200, "no-store") == (answer.status_code, answer.headers["Cache-Control"])
    for name in ("http_requests_total", "http_request_seconds_bucket", "sql_statements_total"):
        assert f"{name}{{" in text
    assert "# TYPE cache_answers_total counter" in text


@pytest.mark.django_db
def test_several_workers_add_their_numbers_up_in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for process in (1, 2):
        values = MultiProcessValue(process_identifier=lambda process=process: process)
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
        values("counter", "made_up", "made_up_total", (), (), "Help.").inc(process)

    assert "made_up_total 3.0" in ask().content.decode()


@pytest.mark.parametrize(
    ("token", "public", "address", "sent", "status"),
    [
        ("", False, "127.0.0.1", "", 200),
        ("", False, "192.0.2.1", "", 404),
        ("", True, "127.0.0.1", "", 404),  # it may be a proxy
        ("t" * 40, True, "192.0.2.1", "Bearer " + "t" * 40, 200),
        ("t" * 40, True, "192.0.2.1", "Bearer " + "u" * 40, 401),
        ("t" * 40, True, "192.0.2.1", "Bearer größe", 401),
        ("t" * 40, False, "127.0.0.1", "", 401),
    ],
)
@pytest.mark.django_db
def test_nobody_else_may_read_them(  # noqa: PLR0917 - one row of the table
    settings: object, token: str, public: bool, address: str, sent: str, status: int
):
    settings.METRICS_TOKEN, settings.PUBLIC = token, public

    answer = ask({"Authorization": sent} if sent else None, REMOTE_ADDR=address)

    assert status == answer.status_code
    assert (status == 200) == ("http_requests_total" in answer.content.decode())
    assert (status == 401) == ("WWW-Authenticate" in answer.headers)
    assert status == 200 or status == answer.json()["status"]


@pytest.mark.django_db
def test_the_numbers_can_only_be_read():
    assert (405, "GET, HEAD") == (ask(method="POST").status_code, ask(method="POST").headers["Allow"])
