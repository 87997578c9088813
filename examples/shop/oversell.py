"""Sell the last mug to several buyers at once: check and then save, or one conditional update."""

import argparse
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from conventions.throwaway import throwaway


# --8<-- [start:check_then_save]
def check_then_save(customer: "User", product_id: int, everybody: Barrier) -> None:
    product = Product.objects.get(pk=product_id)
    everybody.wait()  # the worst moment, every time: all have looked, none has saved
    if product.stock >= 1:
        product.stock -= 1
        product.save()
        Order.objects.create(customer=customer, currency=product.currency)


# --8<-- [end:check_then_save]


def in_a_transaction(customer: "User", product_id: int, everybody: Barrier) -> None:
    with transaction.atomic():
        check_then_save(customer, product_id, everybody)


def conditional_update(customer: "User", product_id: int, everybody: Barrier) -> None:
    everybody.wait()
    place_order(customer=customer, lines=[Line(product_id, quantity=1)], now=timezone.now())


def mugs_sold(way: Callable, threads: ThreadPoolExecutor, *, buyers: int) -> int:
    """How many buyers get the one mug that there is, if all try at once, each in a thread."""
    mug = Product.objects.get()
    mug.stock = 1
    mug.save()
    Order.objects.all().delete()
    everybody = Barrier(buyers)

    def buy(customer: "User") -> None:
        with contextlib.suppress(OutOfStock):
            way(customer, mug.pk, everybody)

    list(threads.map(buy, User.objects.order_by("id")))
    return Order.objects.count()


def close_connections(threads: ThreadPoolExecutor, *, buyers: int) -> None:
    """Close the connection of every thread; the barrier gives each thread one of the calls."""
    everybody = Barrier(buyers)
    list(threads.map(lambda _: (everybody.wait(), connection.close()), range(buyers)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL (default: SQLite)")
    parser.add_argument("--mariadb", action="store_true", help="on MariaDB")
    parser.add_argument("--buyers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with throwaway("shop", postgresql=options.postgresql, mariadb=options.mariadb):
        from django.db import connection, transaction
        from django.utils import timezone

        from shop.accounts.models import User
        from shop.catalogue.models import Category, Product
        from shop.orders.models import Order
        from shop.orders.services import Line, OutOfStock, place_order

        mugs = Category.objects.create(name="Mugs", slug="mugs")
        Product.objects.create(name="Blue mug", slug="blue-mug", category=mugs, price_minor=900, stock=1)
        for number in range(options.buyers):
            User.objects.create_user(f"buyer{number}@example.com", "unused")
        ways = {"check, then save": check_then_save, "one conditional update": conditional_update}
        if (
            options.postgresql or options.mariadb
        ):  # SQLite lets one transaction write at a time, so there it would only wait
            ways["check, then save, in a transaction"] = in_a_transaction
        print(f"{options.rounds} times 1 mug, {options.buyers} buyers at once, {connection.display_name}")
        with ThreadPoolExecutor(options.buyers) as threads:
            for name, way in sorted(ways.items()):
                sold = [mugs_sold(way, threads, buyers=options.buyers) for _ in range(options.rounds)]
                print(f"{name}: {sum(sold)} mugs sold, oversold {sum(count > 1 for count in sold)} times")
            close_connections(threads, buyers=options.buyers)
