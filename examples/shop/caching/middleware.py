"""Answer for the catalogue from the cache, for readers who send no credentials."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from shop.caching.answers import Answer, slot
from shop.caching.services import catalogue

# What each address is made from. In version 2 an address is the same question in other words.
PARTS: dict[str, Callable[[dict], tuple[str, ...]]] = {
    "products/": lambda _: ("products", "categories"),
    "products/<id:product_id>/": lambda names: (slot(names["product_id"]), "categories"),
    "categories/": lambda _: ("categories",),
    "categories/<slug:slug>/": lambda _: ("categories",),
}
# An allow-list: with a free text or a free number, nobody asks the same question twice.
PARAMETERS = {"category", "in_stock", "ordering", "cursor", "page_size"}
ACCEPTED = (None, "*/*", "application/json")
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")
# Of the answer's headers those that are about the answer; others are about who asked.
KEPT = (
    "Allow",
    "Cache-Control",
    "Content-Type",
    "Deprecation",
    "ETag",
    "Last-Modified",
    "Link",
    "Sunset",
    "Vary",
)


class CatalogueCacheMiddleware:
    """Stands innermost, so that every other middleware sees each request and each answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable, _: tuple, names: dict[str, object]
    ) -> HttpResponse | None:
        route = request.resolver_match.route.removeprefix("api/v1/").removeprefix("api/v2/")
        if route not in PARTS or not _is_public(request):
            return None

        def load() -> Answer:
            response = _unconditional(view, request, names)
            headers = {name: response.headers[name] for name in KEPT if name in response.headers}
            return Answer(response.status_code, headers, response.content.decode())

        question = f"{request.path}?{urlencode(sorted(request.GET.items()))}"
        answer = catalogue.through(question, PARTS[route](names), load)
        response = HttpResponse(answer.body, status=answer.status, headers=answer.headers)
        if answer.status != 200:
            return response
        return get_conditional_response(request, etag=answer.headers.get("ETag"), response=response)


def _is_public(request: HttpRequest) -> bool:
    """Whether the answer may come from a shared cache: RFC 9111 section 3.5 for credentials."""
    return (
        request.method in ("GET", "HEAD")
        and request.META.get("HTTP_ACCEPT") in ACCEPTED
        and "HTTP_AUTHORIZATION" not in request.META
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and not {"HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE"} & set(request.META)
        and set(request.GET) <= PARAMETERS
        and all(len(values) == 1 for _, values in request.GET.lists())
    )


def _unconditional(view: Callable, request: HttpRequest, names: dict[str, object]) -> HttpResponse:
    """The view's whole answer: a 304 for one reader is no answer for the next."""
    conditions = {name: request.META.pop(name) for name in CONDITIONS if name in request.META}
    request.__dict__.pop("headers", None)  # Django reads META once
    try:
        response = view(request, **names)
        return response.render() if hasattr(response, "render") else response
    finally:
        request.META.update(conditions)
        request.__dict__.pop("headers", None)
