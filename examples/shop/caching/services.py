"""The cache of the catalogue: one for the process, and the verb that writers call."""

import random
import uuid
from collections.abc import Iterable

from django.core.cache import cache
from django.db import transaction

from shop.caching.answers import Answers, slot
from shop.caching.guard import CircuitBreaker, GuardedCache

counts: dict[str, int] = {}


def _count(result: str) -> None:
    from shop.metrics import cache_answers  # not in the page, where nobody counts

    cache_answers.labels(result).inc()


catalogue = Answers(
    GuardedCache(cache, CircuitBreaker()),
    count=_count,
    random=random.random,
    new_version=lambda: uuid.uuid4().hex,
)


# --8<-- [start:changed]
def products_changed(product_ids: Iterable[int]) -> None:
    """Drop what the cache keeps of these products and of every list, when the transaction commits."""
    parts = ("products", *sorted({slot(number) for number in product_ids}))
    transaction.on_commit(lambda: catalogue.forget(*parts))


def categories_changed() -> None:
    """Drop the whole catalogue from the cache when the transaction commits: every answer names a category."""
    transaction.on_commit(lambda: catalogue.forget("categories"))


# --8<-- [end:changed]
