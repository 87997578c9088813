"""The API keeps to its specification, and the gate that says so goes red when it does not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conventions.management.commands.export_spec import SPECS

FOLDER = Path(__file__).parent
SPEC = yaml.safe_load((SPECS / "shop.yaml").read_text(encoding="utf-8"))
OPERATIONS = sum(len(item) for item in SPEC["paths"].values())
# What needs more than a request: a browser's cookie, a code of this minute, a provider that answers, a thing
# in a state that no request from the specification makes.
NEVER_SUCCEEDS = {
    "DELETE /api/v1/categories/{slug}/",
    "GET /api/v1/oidc/callback/",
    "GET /api/v1/oidc/log-in/",
    "GET /api/v1/users/me/second-factor/",
    "POST /api/v1/oidc/link/",
    "POST /api/v1/session/",
    "POST /api/v1/session/second-factor/",
    "POST /api/v1/users/login/second-factor/",
    "POST /api/v1/users/me/second-factor/confirm/",
    "POST /api/v1/users/me/second-factor/recovery-codes/",
}
# Whoever asks for these has nothing to say that could be wrong.
NEVER_REFUSES = {"GET /api/v1/categories/", "GET /api/v1/session/"}


def run(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "fuzz_api.py", *arguments],
        cwd=FOLDER,
        env=os.environ | ({"PYTHONPATH": str(path)} if path else {}),
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )


@pytest.mark.parametrize(
    "options",
    [("1", "2", "3"), pytest.param(("4", "--postgresql"), marks=pytest.mark.postgresql)],
    ids=" ".join,
)
def test_no_seed_finds_an_answer_that_the_specification_does_not_allow(options: tuple[str, ...]):
    seeds = [option for option in options if option.isdigit()]

    ran = run("--examples=3", *(f"--seed={option}" if option in seeds else option for option in options))

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    requests = re.findall(r"^seed \d: (\d+) requests, 0 failures$", ran.stdout, re.MULTILINE)
    assert len(seeds) == len(requests)
    assert min(map(int, requests)) > 1500, "a run that asks little proves little"
    reports = re.findall(r"^  ([A-Z]+ /\S+): (.+)$", ran.stdout, re.MULTILINE)
    assert len(seeds) * OPERATIONS == len(reports)
    for operation, answers in reports:
        counts = {int(status): int(count) for count, status in re.findall(r"(\d+) x (\d+)", answers)}
        succeeded = any(200 <= status < 400 for status in counts)
        assert succeeded or operation in NEVER_SUCCEEDS, f"{operation} never succeeded: {answers}"
        refused = any(status >= 400 for status in counts)
        assert refused or operation in NEVER_REFUSES, f"{operation} never refused anything: {answers}"


PLANTED = """
from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response

import shop.urls
from shop.catalogue.api import MUG, CategoryListView, CategoryView, ProductListView, ProductView
from shop.orders.api import EXAMPLE
from conventions.views import OpenView


class UndocumentedStatus(ProductView):
    def get(self, request, **_): return Response({}, status=418)


class Crash(CategoryListView):
    def get(self, request): raise RuntimeError


class OtherShape(ProductListView):
    def get(self, request): return Response({"results": "none"})


class WithoutToken(OpenView):
    def get(self, request, **_): return Response(EXAMPLE)


class OtherMediaType(OpenView):
    def post(self, request): return HttpResponse("{}", content_type="text/html")


class AcceptsAnything(OpenView):
    def post(self, request): return Response({"id": 1, "email": "a@example.com"}, status=201)


class WithoutIfMatch(CategoryView):
    def delete(self, request, **_): return Response(status=204)


class OldShape(OpenView):
    def get(self, request, **_): return Response(MUG)


urlpatterns = [
    path("api/v1/products/<id:product_id>/", UndocumentedStatus.as_view()),
    path("api/v1/categories/", Crash.as_view()),
    path("api/v1/products/", OtherShape.as_view()),
    path("api/v1/orders/<id:order_id>/", WithoutToken.as_view()),
    path("api/v1/users/refresh/", OtherMediaType.as_view()),
    path("api/v1/users/register/", AcceptsAnything.as_view()),
    path("api/v1/categories/<slug:slug>/", WithoutIfMatch.as_view()),
    path("api/v2/products/<id:product_id>/", OldShape.as_view()),
    *shop.urls.urlpatterns,
]
"""
FOUND = {
    "GET /api/v1/products/{product_id}/": "Undocumented status code",
    "GET /api/v1/categories/": "Server error",
    "GET /api/v1/products/": "Response violates schema",
    "GET /api/v1/orders/{order_id}/": "API accepts requests without authentication",
    "POST /api/v1/users/refresh/": "Undocumented Content-Type",
    "POST /api/v1/users/register/": "Schema-violating request accepted",
    "DELETE /api/v1/categories/{slug}/": "Missing required header accepted",
    "GET /api/v2/products/{product_id}/": "Response violates schema",
}


def test_each_planted_fault_turns_the_gate_red_and_no_other_operation_does(tmp_path: Path):
    (tmp_path / "planted_urls.py").write_text(PLANTED)

    ran = run("--seed", "1", "--examples", "1", "--urlconf", "planted_urls", path=tmp_path)

    assert 1 == ran.returncode, ran.stdout + ran.stderr
    failed = re.findall(r"^  FAILED (\w+ \S+): (.+?)(?::|$)", ran.stdout, re.MULTILINE)
    assert set(FOUND.items()) <= set(failed), ran.stdout
    assert set(FOUND) == {operation for operation, _ in failed}, ran.stdout
