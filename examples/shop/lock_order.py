"""Take two products for two orders at once: as the customers list them they deadlock, by id they do not."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from conventions.throwaway import throwaway


def take_both(product_ids: list[int], both_hold_one: Barrier | None) -> str:
    """Take a piece of each product in the order given; "taken", or how the database ended the transaction."""
    try:
        with transaction.atomic():
            for product_id in product_ids:
                Product.objects.filter(pk=product_id, stock__gte=1).update(stock=F("stock") - 1)
                if both_hold_one and product_id == product_ids[0]:
                    both_hold_one.wait()
    except OperationalError as error:
        return type(error.__cause__).__name__
    else:
        return "taken"
    finally:
        connection.close()


def outcomes(orders: list[list[int]], *, meet: bool) -> str:
    """What became of all `orders`, run at once; with `meet` each waits until the other holds its first row."""
    barrier = Barrier(len(orders)) if meet else None
    with ThreadPoolExecutor(len(orders)) as threads:
        return ", ".join(sorted(threads.map(lambda order: take_both(order, barrier), orders)))


if __name__ == "__main__":
    with throwaway("shop", postgresql=True):
        from django.db import OperationalError, connection, transaction
        from django.db.models import F

        from shop.catalogue.models import Category, Product

        category = Category.objects.create(name="Mugs", slug="mugs")
        ids = [
            Product.objects.create(name=name, slug=name, category=category, price_minor=900, stock=100).pk
            for name in ("blue", "red")
        ]
        listed = [ids, ids[::-1]]
        print(f"as listed: {outcomes(listed, meet=True)}")
        print(f"by id: {outcomes([sorted(each) for each in listed], meet=False)}")
