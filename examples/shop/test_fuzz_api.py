"""The API keeps to its specification, and the gate that says so goes red when it does not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
OPERATIONS = 8


def run(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "fuzz_api.py", *arguments],
        cwd=FOLDER,
        env=os.environ | ({"PYTHONPATH": str(path)} if path else {}),
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    "options",
    [("1", "2", "3"), pytest.param(("4", "--postgresql"), marks=pytest.mark.postgresql)],
    ids=" ".join,
)
def test_no_seed_finds_an_answer_that_the_specification_does_not_allow(options: tuple[str, ...]):
    seeds = [option for option in options if option.isdigit()]

    ran = run(*(f"--seed={option}" if option in seeds else option for option in options))

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    requests = re.findall(r"^seed \d: (\d+) requests, 0 failures$", ran.stdout, re.MULTILINE)
    assert len(seeds) == len(requests)
    assert min(map(int, requests)) > 300, "a run that asks little proves little"
    reports = re.findall(r"^  (?:GET|POST) (\S+): (.+)$", ran.stdout, re.MULTILINE)
    assert len(seeds) * OPERATIONS == len(reports)
    for path, answers in reports:
        counts = {int(status): int(count) for count, status in re.findall(r"(\d+) x (\d+)", answers)}
        assert any(200 <= status < 300 for status in counts), f"{path} never succeeded: {answers}"
        assert any(status >= 400 for status in counts), f"{path} never refused anything: {answers}"


PLANTED = """
from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response

import shop.urls
from shop.orders.api import EXAMPLE
from shop.views import OpenView


class UndocumentedStatus(OpenView):
    def get(self, request, **_): return Response({}, status=418)


class Crash(OpenView):
    def get(self, request): raise RuntimeError


class OtherShape(OpenView):
    def get(self, request): return Response({"results": "none"})


class WithoutToken(OpenView):
    def get(self, request, **_): return Response(EXAMPLE)


class OtherMediaType(OpenView):
    def post(self, request): return HttpResponse("{}", content_type="text/html")


class AcceptsAnything(OpenView):
    def post(self, request): return Response({"id": 1, "email": "a@example.com"}, status=201)


urlpatterns = [
    path("api/v1/products/<id:product_id>/", UndocumentedStatus.as_view()),
    path("api/v1/categories/", Crash.as_view()),
    path("api/v1/products/", OtherShape.as_view()),
    path("api/v1/orders/<id:order_id>/", WithoutToken.as_view()),
    path("api/v1/users/refresh/", OtherMediaType.as_view()),
    path("api/v1/users/register/", AcceptsAnything.as_view()),
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
}


def test_each_planted_fault_turns_the_gate_red_and_no_other_operation_does(tmp_path: Path):
    (tmp_path / "planted_urls.py").write_text(PLANTED)

    ran = run("--seed", "1", "--examples", "1", "--urlconf", "planted_urls", path=tmp_path)

    assert 1 == ran.returncode, ran.stdout + ran.stderr
    failed = re.findall(r"^  FAILED (\w+ \S+): (.+?)(?::|$)", ran.stdout, re.MULTILINE)
    assert set(FOUND.items()) <= set(failed), ran.stdout
    assert set(FOUND) == {operation for operation, _ in failed}, ran.stdout
