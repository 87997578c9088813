"""Let requests in or turn them away, and log them. It adds no query to a request."""

import math
import time
from collections.abc import Callable
from fractions import Fraction

from conventions.problems import MEDIA_TYPE, problem_document
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from gatekeeper import buckets
from gatekeeper.addresses import group_of, of_request
from gatekeeper.conf import option
from gatekeeper.log import BACKGROUND, LOG, new_row
from gatekeeper.models import Rule
from gatekeeper.rules import WATCHER, Verdict

# A person goes on reading with this; a program that asks as fast as it can does not get far.
THROTTLE = buckets.bucket("throttled", capacity=20, refill_per_second=Fraction(1, 2))


class Gatekeeper:
    """Middleware; put it right after the one that writes problem documents, before everything that costs time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not option("ENABLED"):
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began, now = time.monotonic(), timezone.now()
        address = of_request(request)
        verdict = WATCHER.current().verdict(address, now)
        refusal = self._refusal(request, verdict, group_of(address)) if verdict else None
        response = refusal or self.get_response(request)
        milliseconds = round((time.monotonic() - began) * 1000)
        LOG.add(
            new_row(
                request,
                status=response.status_code,
                milliseconds=milliseconds,
                now=now,
                refused=refusal is not None,
            )
        )
        BACKGROUND.start()
        return response

    def _refusal(self, request: HttpRequest, verdict: Verdict, group: str) -> HttpResponse | None:
        """The answer to a request that is not let in. The reason stays inside: it would teach an attacker."""
        if verdict.action == Rule.Action.BLOCK:
            return _problem(
                request,
                status=403,
                kind="blocked",
                title="This address is blocked",
                detail="Requests from your network are not answered here. If that is wrong, write to us.",
            )
        if verdict.action == Rule.Action.PAUSE:
            seconds = 60
            if verdict.expires_at is not None:
                seconds = max(1, math.ceil((verdict.expires_at - timezone.now()).total_seconds()))
            return _problem(
                request,
                status=429,
                kind="paused",
                title="This address has to wait",
                detail=f"Too many requests of an unusual kind. Try again in {seconds} seconds.",
                headers={"Retry-After": str(seconds)},
            )
        if verdict.action == Rule.Action.THROTTLE:
            decision = THROTTLE.take(group)
            if not decision.allowed:
                return _problem(
                    request,
                    status=429,
                    kind="throttled",
                    title="Too many requests",
                    detail=f"Try again in {decision.retry_after_seconds} seconds.",
                    headers=buckets.headers(decision),
                )
        return None


def _problem(
    request: HttpRequest, *, status: int, headers: dict[str, str] | None = None, **members: str
) -> HttpResponse:
    document = problem_document(status=status, path=request.path, **members)
    return JsonResponse(document, status=status, content_type=MEDIA_TYPE, headers=headers)
