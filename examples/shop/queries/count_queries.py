"""Count the queries of a list of orders, written in four ways; then read the plans of a page of the catalogue."""

import argparse
import re
from collections.abc import Callable

from conventions.throwaway import throwaway
from django.db.models import QuerySet

PAGE = 20


# --8<-- [start:count]
def count_queries(way: Callable, size: int) -> int:
    newest = Order.objects.order_by("-created_at")[:size]
    with CaptureQueriesContext(connection) as queries:
        way(newest)
    return len(queries)


# --8<-- [end:count]


# --8<-- [start:plan]
def plan(page: QuerySet) -> str:
    if connection.vendor == "sqlite":
        return re.sub(r"(?m)^(\d+ ){3}", "", page.explain())  # numbers of nodes, which differ by version
    options = {"analyze": True, "buffers": True, "costs": False, "timing": False, "summary": False}
    page.explain(**options)  # of two runs the second counts: everything is in memory then
    return page.explain(**options)


# --8<-- [end:plan]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL (default: SQLite)")
    with throwaway("shop", postgresql=parser.parse_args().postgresql):
        import order_lists
        from django.db import connection
        from django.test.utils import CaptureQueriesContext
        from many_orders import add_orders, add_products
        from shop.accounts.models import User
        from shop.orders.models import Order

        products = add_products(2000)
        ada = User.objects.create_user("ada@example.com", "unused")
        add_orders(ada, products, count=30, items=3)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE catalogue_product")

        print(f"{'Queries, ' + connection.display_name:<24} 5 orders  25 orders")
        for name in ("one_by_one", "items_prefetched", "products_prefetched", "products_joined"):
            way = getattr(order_lists, name)
            print(f"{name:<24}{count_queries(way, 5):>9}{count_queries(way, 25):>11}")

        last = products[1799]
        print(
            "\nPage 91, after the last product of page 90\n"
            + plan(order_lists.page_after(last.name, last.pk, PAGE))
        )
        print("\nPage 91, by its number\n" + plan(order_lists.page_number(91, PAGE)))
