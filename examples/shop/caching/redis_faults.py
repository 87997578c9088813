"""Read the catalogue while the network to Redis fails in four ways, and count what that costs."""

import os
from collections import Counter
from urllib.parse import urlsplit

import servers
from conventions.throwaway import throwaway

from shop.caching.faulty_network import FaultyNetwork

ADDRESSES = ("products/", "products/?category=mugs", "products/1/", "categories/")


def read_through(network: FaultyNetwork, fault: str) -> tuple[Counter, int]:
    """Read each address five times: the statuses of right answers, and how many calls failed or were slow."""
    from django.test import Client

    from shop.caching.guard import CircuitBreaker
    from shop.caching.services import catalogue

    class CountingBreaker(CircuitBreaker):
        calls = 0

        def failed(self, now: float) -> None:
            self.calls += 1
            super().failed(now)

    client = Client(SERVER_NAME="localhost")
    catalogue.cache.breaker = breaker = CountingBreaker(threshold=3, pause_seconds=3600)
    network.set("")
    right = {address: client.get(f"/api/v1/{address}").content for address in ADDRESSES}
    network.set(fault)
    breaker.calls = 0
    answers: Counter = Counter()
    for address in ADDRESSES * 5:
        answer = client.get(f"/api/v1/{address}")
        answers[answer.status_code if answer.content == right[address] else "wrong"] += 1
    return answers, breaker.calls


if __name__ == "__main__":
    with servers.redis_url() as url:
        place = urlsplit(url)
        with FaultyNetwork(place.hostname, place.port) as network:
            os.environ["SHOP_REDIS_URL"] = f"redis://127.0.0.1:{network.port}{place.path}"
            with throwaway("shop"):
                from django.conf import settings

                from shop.management.commands.seed import seed

                settings.RATE_LIMITED = False
                seed()
                print("network    right answers   calls of Redis that failed or were slow")
                for fault in ("down", "reset", "silent", "slow"):
                    answers, calls = read_through(network, fault)
                    print(f"{fault:10}{answers[200]:5} of {sum(answers.values())}{calls:15}")
