"""Read page 1 and page 5,000 of a list: how many rows the database touches with a cursor, and with an offset."""

from conventions.keyset import read_page
from conventions.throwaway import throwaway

PRODUCTS, SIZE = 100_100, 20


def fill() -> None:
    """Make products whose names are in another order than their ids."""
    category = Category.objects.create(name="Mugs", slug="mugs")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalogue_product"
            " (name, slug, category_id, price_minor, currency, stock, is_active, version)"
            " SELECT 'Mug ' || lpad((n * 7919 %% %s)::text, 6, '0'), 'mug-' || n, %s, n %% 997, 'EUR', 1, true, 1"
            " FROM generate_series(1, %s) n",
            [PRODUCTS, category.pk, PRODUCTS],
        )
        cursor.execute("VACUUM ANALYZE catalogue_product")


def touched(plan: dict) -> int:
    """The rows that the scan of the products handed on or threw away."""
    scans = [plan] if plan.get("Relation Name") == "catalogue_product" else []
    own = sum(
        scan["Actual Loops"] * (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)) for scan in scans
    )
    return round(own) + sum(touched(child) for child in plan.get("Plans", ()))


def cost(read: object) -> str:
    """What PostgreSQL says of the statement that `read` runs."""
    plans = []

    def explain(execute: object, sql: str, params: object, many: bool, context: dict) -> object:
        if not sql.startswith("EXPLAIN"):
            with context["connection"].cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", params)
                plans.extend(cursor.fetchone()[0])
        return execute(sql, params, many, context)

    read()  # once before, so that everything is in memory
    with connection.execute_wrapper(explain):
        read()
    (plan,) = (each["Plan"] for each in plans)
    return f"{touched(plan):>7,} rows, {plan['Shared Hit Blocks'] + plan['Shared Read Blocks']:>7,} blocks"


# --8<-- [start:pages]
def by_cursor(cursor: str | None) -> object:
    return list_products(ordering="name", page_size=SIZE, cursor=cursor).rows


def by_offset(page: int) -> object:
    products = Product.objects.filter(is_active=True).select_related("category").order_by("name", "id")
    return list(products[(page - 1) * SIZE : page * SIZE])


# --8<-- [end:pages]

if __name__ == "__main__":
    with throwaway("shop", postgresql=True):
        from django.db import connection

        from shop.catalogue.models import Category, Product
        from shop.catalogue.services import list_products

        fill()
        before = read_page(Product.objects.all(), ordering="name", cursor=None, size=4999 * SIZE).next_cursor
        assert [row.pk for row in by_cursor(before)] == [row.pk for row in by_offset(5000)]
        print(f"{PRODUCTS:,} products by name, {SIZE} a page")
        print(f"cursor, page     1: {cost(lambda: by_cursor(None))}")
        print(f"cursor, page 5,000: {cost(lambda: by_cursor(before))}")
        print(f"offset, page     1: {cost(lambda: by_offset(1))}")
        print(f"offset, page 5,000: {cost(lambda: by_offset(5000))}")
