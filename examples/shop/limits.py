"""How often somebody may ask the shop anything: a token bucket for each user, and for each address without one."""

from collections.abc import Callable
from fractions import Fraction

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from gatekeeper.addresses import group_of, of_request
from gatekeeper.buckets import bucket, headers
from rest_framework_simplejwt.exceptions import TokenError

from shop.accounts.tokens import Access

# --8<-- [start:limit]
REQUESTS = bucket("requests", capacity=600, refill_per_second=Fraction(10))


class RateLimitMiddleware:
    """Takes a token for each request, before anything is looked up for it, and tells what is left."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.RATE_LIMITED:
            return self.get_response(request)
        decision = REQUESTS.take(_who(request))
        # Refused without a body: the middleware around this one makes it a problem document.
        answer = self.get_response(request) if decision.allowed else HttpResponse(status=429)
        for name, value in headers(decision).items():
            # Lists of structured fields: a view that has a limit of its own has said so already.
            answer.headers[name] = f"{answer.headers[name]}, {value}" if name in answer.headers else value
        return answer


def _who(request: HttpRequest) -> str:
    """The user of an access token that we signed, whether or not it still opens anything; else the address."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer":
        try:
            return f"user:{Access(token)['sub']}"
        except TokenError:
            pass
    return f"address:{group_of(of_request(request))}"


# --8<-- [end:limit]
