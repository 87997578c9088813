"""Compare the throughput of a page of products: from the cache, from the database, and with a query a row.

    python throughput.py                    counts the statements of each
    python throughput.py --measure          and compares their requests a second, in one run

The three stand in one server, so they share its interpreter, its database and its bad moments: what is worth
something is their ratio. It needs gunicorn, so Linux or macOS; `wrk` makes the requests where it is installed.
"""

import argparse
import contextlib
import http.client
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import servers
from conventions.throwaway import throwaway

WAYS = {
    "from the cache": "/api/v1/products/?page_size=50",
    "one statement": "/plain/products/?page_size=50",
    "a statement a row": "/naive/products/",
}


# --8<-- [start:naive]
def naive_view() -> object:
    """The same page as it is written when nobody looks at the statements."""
    from conventions.views import TokenView
    from rest_framework.request import Request
    from rest_framework.response import Response

    from shop.catalogue.models import Product
    from shop.catalogue.serializers import ProductOut
    from shop.roles import EVERYBODY

    class NaiveProductListView(TokenView):
        roles = {"get": EVERYBODY}  # noqa: RUF012

        def get(self, _: Request) -> Response:
            products = Product.objects.filter(is_active=True).order_by("name", "id")[:50]
            return Response({"results": ProductOut(products, many=True).data})

    return NaiveProductListView.as_view()


# --8<-- [end:naive]


def __getattr__(name: str) -> object:
    """What a URL configuration and gunicorn look for in this module, made when Django is set up."""
    if name == "application":
        os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
        from django.conf import settings

        settings.ROOT_URLCONF = __name__
        settings.RATE_LIMITED = False
        from django.core.wsgi import get_wsgi_application

        return get_wsgi_application()
    if name == "urlpatterns":
        from django.urls import include, path

        from shop.catalogue.api import ProductListView

        return [
            path("", include("shop.urls")),
            path("plain/products/", ProductListView.as_view()),
            path("naive/products/", naive_view()),
        ]
    raise AttributeError(name)


def statements(address: str) -> int:
    """How many statements the second of two requests takes."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="localhost")
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    if answer.status_code != 200 or len(answer.json()["results"]) != 50:
        raise RuntimeError(f"{address} answered {answer.status_code}: {answer.content[:200]!r}")
    return len(captured)


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """A gunicorn with one worker on this machine; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "shop.throughput:application", "--bind", f"127.0.0.1:{port}"]
    threads = ["--worker-class", "gthread", "--threads", "2", "--log-level", "critical"]
    path = str(Path(__file__).resolve().parents[1])
    with subprocess.Popen(
        [*command, *threads], env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError):
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            line.request("GET", "/livez")
            if line.getresponse().status == 200:
                return
        if time.monotonic() > deadline:
            raise RuntimeError("the server did not start")
        time.sleep(0.05)


def measure(url: str, *, seconds: float) -> float:
    """Requests a second that four connections get through. Raises `RuntimeError` where one is not answered 200."""
    return (_by_wrk if shutil.which("wrk") else _by_threads)(url, seconds)


def _by_wrk(url: str, seconds: float) -> float:
    command = ["wrk", "--threads", "1", "--connections", "4", "--duration", f"{max(1, round(seconds))}s", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def _by_threads(url: str, seconds: float) -> float:
    host, _, path = url.removeprefix("http://").partition("/")
    ends, answered, failed = time.monotonic() + seconds, [0] * 4, []

    def ask(place: int) -> None:
        line = http.client.HTTPConnection(host, timeout=10)
        while time.monotonic() < ends:
            line.request("GET", f"/{path}")
            answer = line.getresponse()
            answer.read()
            if answer.status != 200:
                failed.append(answer.status)
            answered[place] += 1
        line.close()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"answers other than 200: {failed[:5]}")
    return sum(answered) / seconds


def rounds(*, seconds: float, times: int) -> dict[str, float]:
    """The median of several turns of each way, which take turns so that a bad moment hits all."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with serving() as server:
        for address in WAYS.values():
            measure(server + address, seconds=min(1, seconds))  # the first requests are slow everywhere
        for _ in range(times):
            for way, address in WAYS.items():
                found[way].append(measure(server + address, seconds=seconds))
    return {way: statistics.median(rates) for way, rates in found.items()}


@contextlib.contextmanager
def shop(products: int) -> Iterator[None]:
    """A shop on a new PostgreSQL database with so many products, and a Redis of its own."""
    with servers.redis_url() as url:
        os.environ["SHOP_REDIS_URL"] = url
        with throwaway("shop", postgresql=True, urlconf="shop.throughput"):
            from shop.large_seed import fill

            fill(products=products, lines=products)
            yield


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--products", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with shop(options.products):
        print("50 products a page, statements a request")
        for way, address in WAYS.items():
            print(f"  {way:20}{statements(address):3}")
        if options.measure:
            rates = rounds(seconds=options.seconds, times=options.rounds)
            slowest = rates["a statement a row"]
            print(f"requests a second, by {'wrk' if shutil.which('wrk') else 'threads'}")
            for way, rate in rates.items():
                print(f"  {way:20}{rate:7.0f}, {rate / slowest:.1f} times the slowest")
