"""Every error is a problem document, whoever answers: a view, the framework, or Django itself."""

from urllib.parse import unquote

import pytest
from conventions.problems import MEDIA_TYPE, pointed
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request

from shop.conftest import ApiClient

SECRET = "a detail that only the log may have"  # noqa: S105


def crash(_: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET)


def suspicious(_: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation(SECRET)


@api_view(["GET"])
@authentication_classes([])
@permission_classes([])
def view_crash(_: Request) -> HttpResponse:
    raise RuntimeError(SECRET)


@api_view(["GET"])
@authentication_classes([])
@permission_classes([])
def view_forbids(_: Request) -> HttpResponse:
    raise PermissionDenied(SECRET)


urlpatterns = [
    path("", include("shop.urls")),
    path("crash/", crash),
    path("suspicious/", suspicious),
    path("view-crash/", view_crash),
    path("view-forbids/", view_forbids),
]
JSON = "application/json"
REGISTER = "/api/v1/users/register/"
FAILING = [
    ("GET", "/", "", JSON, {}, 404),
    ("GET", "/api/v1/products", "", JSON, {}, 404),
    ("GET", "/api/v1/products/999999/", "", JSON, {}, 404),
    ("GET", "/api/v1/products/0/", "", JSON, {}, 404),
    ("GET", f"/api/v1/products/{10**30}/", "", JSON, {}, 404),
    ("GET", "/api/v1/products/%00/", "", JSON, {}, 404),
    ("GET", "/api/v1/products/?page_size=0", "", JSON, {}, 400),
    ("GET", "/api/v1/products/", "", JSON, {"Accept": "text/html"}, 406),
    ("DELETE", "/api/v1/products/", "", JSON, {}, 405),
    ("OPTIONS", "/api/v1/products/", "", JSON, {}, 405),
    ("GET", REGISTER, "", JSON, {}, 405),
    ("POST", REGISTER, "", JSON, {}, 400),
    ("POST", REGISTER, "{", JSON, {}, 400),
    ("POST", REGISTER, "[]", JSON, {}, 400),
    ("POST", REGISTER, b"\xff", JSON, {}, 400),
    ("POST", REGISTER, '{"email": NaN}', JSON, {}, 400),
    ("POST", REGISTER, '{"email": "\\ud800@example.com"}', JSON, {}, 400),
    ("POST", REGISTER, '{"email": "a", "email": "b"}', JSON, {}, 400),
    ("POST", REGISTER, "[" * 50_000, JSON, {}, 400),
    ("POST", REGISTER, "1" * 50_000, JSON, {}, 400),
    ("POST", REGISTER, '"' + "x" * 100_000 + '"', JSON, {}, 413),
    ("POST", REGISTER, "email=a", "application/x-www-form-urlencoded", {}, 415),
    ("POST", "/api/v1/users/login/", '{"email": "a@example.com", "password": "x"}', JSON, {}, 401),
    ("POST", "/api/v1/orders/", "{}", JSON, {}, 401),
    ("GET", "/api/v1/orders/1/", "", JSON, {"Authorization": "Bearer"}, 401),
    ("GET", "/api/v1/orders/1/", "", JSON, {"Authorization": "Bearer a b"}, 401),
    ("GET", "/api/v1/orders/1/", "", JSON, {"Authorization": "Basic YTpi"}, 401),
    ("GET", "/api/v1/products/", "", JSON, {"Host": "elsewhere.example"}, 400),
    ("GET", "/crash/", "", JSON, {}, 500),
    ("GET", "/view-crash/", "", JSON, {}, 500),
    ("GET", "/view-forbids/", "", JSON, {}, 403),
    ("GET", "/suspicious/", "", JSON, {}, 400),
]


@pytest.fixture(params=[False, True], ids=["as in production", "in debug mode"])
def planted(request: pytest.FixtureRequest, settings: object, anybody: ApiClient) -> ApiClient:
    settings.ROOT_URLCONF = __name__
    settings.DEBUG = request.param
    settings.ALLOWED_HOSTS = ["testserver"]
    anybody.raise_request_exception = False
    return anybody


@pytest.mark.parametrize("failing", FAILING, ids=lambda failing: " ".join(map(str, failing))[:60])
def test_every_error_has_the_one_shape_and_tells_no_secret(planted: ApiClient, failing: tuple):
    method, address, body, media_type, headers, status = failing

    answer = planted.generic(method, address, body, content_type=media_type, headers=headers)

    problem = answer.json()
    assert (status, MEDIA_TYPE) == (answer.status_code, answer.headers["Content-Type"])
    assert {"type", "title", "status", "detail", "instance"} <= set(problem)
    assert set(problem) <= {"type", "title", "status", "detail", "instance", "errors"}
    assert status == problem["status"]
    assert unquote(address.partition("?")[0]) == unquote(problem["instance"])
    assert SECRET not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
    assert status != 405 or {"GET, POST, HEAD", "POST"} & {answer.headers["Allow"]}
    assert (status == 401) == ("WWW-Authenticate" in answer.headers)


def test_a_crash_is_logged_with_its_cause(planted: ApiClient, caplog: pytest.LogCaptureFixture):
    planted.get("/view-crash/")

    assert SECRET in caplog.text


def test_a_pointer_escapes_what_a_json_pointer_and_a_uri_fragment_must():
    faults = list(
        pointed({"a/b": {"m~n": ["is wrong"]}, "%": ["is wrong"], "é": [{}, {"x y": ["is wrong"]}]})
    )

    # RFC 6901 section 3 and 6
    assert ["#/a~1b/m~0n", "#/%25", "#/%C3%A9/1/x%20y"] == [fault["pointer"] for fault in faults]


def test_a_browser_is_told_not_to_guess_types_or_frame_answers(planted: ApiClient):
    for address in ("/api/v1/categories/", "/nowhere/"):
        answer = planted.get(address)

        assert ("nosniff", "DENY") == (
            answer.headers["X-Content-Type-Options"],
            answer.headers["X-Frame-Options"],
        )
