"""Tell an orchestrator whether this process lives, and whether it can serve: `/livez` and `/readyz`.

A middleware answers both before anything else looks at the request: a probe comes by address, not by host name,
over plain HTTP, and without a token. The answers name what is missing in one word each and hold no version.
"""

import logging
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from conventions.problems import MEDIA_TYPE, problem_document

logger = logging.getLogger(__name__)
PORTS = {"amqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379}
_migrated: set[str] = set()  # databases that have every migration: none goes back while a process lives


# --8<-- [start:checks]
def check_database() -> None:
    """Raises what the database driver raises where no statement can be run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations() -> None:
    """Raises `RuntimeError` where this code has a migration that the database lacks."""
    if connection.settings_dict["NAME"] in _migrated:
        return
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("migrations are not applied")
    _migrated.add(connection.settings_dict["NAME"])


def check_cache() -> None:
    """Raises what the cache's client raises where the cache does not answer."""
    cache.get("health")


def check_broker() -> None:
    """Raises `OSError` where nobody listens at the broker's address."""
    if url := getattr(settings, "BROKER_URL", ""):
        place = urlsplit(url)
        port = place.port or PORTS[place.scheme]
        socket.create_connection((place.hostname, port), timeout=0.5).close()


NEEDED = {"database": check_database, "migrations": check_migrations}
OPTIONAL = {"cache": check_cache, "broker": check_broker}  # without them the service is slower, or later
# --8<-- [end:checks]


class HealthMiddleware:
    """Answers `/livez` and `/readyz`; stands outermost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.answers = {"/livez": _livez, "/readyz": _readyz}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in self.answers:
            return self.get_response(request)
        if request.method in ("GET", "HEAD"):
            answer = self.answers[request.path_info](request)
        else:
            answer = _problem(request, 405)
            answer.headers["Allow"] = "GET, HEAD"
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _livez(_: HttpRequest) -> HttpResponse:
    """This process can answer. It asks nobody else: a restart mends no database."""
    return JsonResponse({"status": "ok"})


def _readyz(request: HttpRequest) -> HttpResponse:
    """200 and `ok`, or `degraded` where something optional is missing; 503 where something needed is."""
    found = {name: _state(name, check) for name, check in (NEEDED | OPTIONAL).items()}
    lacking = [name for name in NEEDED if found[name] != "ok"]
    if lacking:
        return _problem(request, 503, f"Not ready: {', '.join(lacking)}.")
    status = "ok" if set(found.values()) == {"ok"} else "degraded"
    return JsonResponse({"status": status, "checks": found})


def _state(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:  # each client has exceptions of its own, and their words may hold an address
        logger.warning("the health check %s failed: %s", name, type(error).__name__)
        return "unavailable"
    return "ok"


def _problem(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    document = problem_document(status=status, path=request.path, detail=detail)
    headers = {"Retry-After": "5"} if status == 503 else {}
    return JsonResponse(document, status=status, headers=headers, content_type=MEDIA_TYPE)
