"""See every request: an id that it keeps everywhere, one line in the log, and the numbers of `/metrics`.

- `X-Request-ID` of a request is kept where it is a plain word, else the trace id of `traceparent` (W3C Trace
  Context), else a new one is made. The answer carries it, and so does every line logged meanwhile.
- A request is told by its route and never by its address: an address may hold anything, and there are as many
  as somebody cares to send.
- `/metrics` answers on this machine, or to whoever sends `settings.METRICS_TOKEN`. Besides its own numbers it has
  those of the collectors that `settings.METRICS_COLLECTORS` names.
"""

import os
import re
import time
import uuid
from collections.abc import Callable
from hmac import compare_digest

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import LazyObject
from django.utils.module_loading import import_string
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

from conventions import request_ids
from conventions.problems import MEDIA_TYPE, problem_document

log = structlog.stdlib.get_logger(__name__)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
PLAIN = re.compile(r"[A-Za-z0-9._-]{8,64}")
TRACE = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

requests = Counter("http_requests", "Requests answered.", ["route", "method", "status"])
seconds = Histogram(
    "http_request_seconds",
    "Time from the request to its answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1, 3, 10),
)
statements = Counter("sql_statements", "Statements sent to the database.", ["route"])


def request_id(request: HttpRequest) -> str:
    """The id that `request` brings along where it is harmless, else a new one."""
    if PLAIN.fullmatch(given := request.META.get("HTTP_X_REQUEST_ID", "")):
        return given
    if trace := TRACE.fullmatch(request.META.get("HTTP_TRACEPARENT", "")):
        return trace[1]
    return uuid.uuid4().hex


# --8<-- [start:middleware]
class TelemetryMiddleware:
    """Stands outside everything but health: what others refuse is seen too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/metrics":
            return metrics(request)
        began, count = time.perf_counter(), StatementCount()
        name = request_id(request)
        with request_ids.bound(name), connection.execute_wrapper(count):
            answer = self.get_response(request)
            took = time.perf_counter() - began
            route = request.resolver_match.route if request.resolver_match else None
            method = request.method if request.method in METHODS else "other"
            log.info(
                "request",
                method=method,
                route=route,
                status=answer.status_code,
                milliseconds=round(took * 1000, 1),
                statements=count.total,
                user=_user_id(request),
            )
        requests.labels(route or "unknown", method, answer.status_code).inc()
        seconds.labels(route or "unknown").observe(took)
        statements.labels(route or "unknown").inc(count.total)
        answer.headers["X-Request-ID"] = name
        return answer


# --8<-- [end:middleware]


class StatementCount:
    """A database wrapper that counts."""

    def __init__(self) -> None:
        self.total = 0

    def __call__(self, execute: Callable, sql: str, params: object, many: bool, context: dict) -> object:
        self.total += 1
        return execute(sql, params, many, context)


def _user_id(request: HttpRequest) -> int | None:
    """Who asked, where a view looked; a user that nobody looked at is not fetched for the log."""
    user = request.__dict__.get("_cached_user", request.__dict__.get("user"))
    return None if isinstance(user, LazyObject) else getattr(user, "pk", None)


# --8<-- [start:metrics]
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers in the text format of Prometheus, for whoever may read them."""
    if refusal := _refusal(request):
        return refusal
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # several processes add up their numbers in files
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    asked_now = CollectorRegistry()
    for path in settings.METRICS_COLLECTORS:
        asked_now.register(import_string(path)())
    text = generate_latest(registry) + generate_latest(asked_now)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _refusal(request: HttpRequest) -> HttpResponse | None:
    token = settings.METRICS_TOKEN
    if token:
        given = request.META.get("HTTP_AUTHORIZATION", "")
        status = 0 if compare_digest(given.encode(), f"Bearer {token}".encode()) else 401
    else:  # a proxy on this machine makes everybody local, so a public service has no such exception
        status = 404 if settings.PUBLIC or request.META.get("REMOTE_ADDR") not in ("127.0.0.1", "::1") else 0
    if not status and request.method not in ("GET", "HEAD"):
        status = 405
    if not status:
        return None
    headers = {401: {"WWW-Authenticate": 'Bearer realm="metrics"'}, 405: {"Allow": "GET, HEAD"}}
    document = problem_document(status=status, path=request.path)
    return JsonResponse(document, status=status, headers=headers.get(status, {}), content_type=MEDIA_TYPE)


# --8<-- [end:metrics]
