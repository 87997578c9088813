"""Sort by a column that the client names."""

from sqlite3 import Connection

from shop_tables import new_shop

# fmt: off
# --8<-- [start:orderings]
ALL = "SELECT name, price FROM product ORDER BY "
ORDERINGS = {
    "name": ALL + "name, id",
    "-name": ALL + "name DESC, id",
    "price": ALL + "price, id",
    "-price": ALL + "price DESC, id",
}


class UnknownOrdering(ValueError):
    """Not on the list: a web view answers 400."""


def products(shop: Connection, sort: str):
    if sort not in ORDERINGS:
        raise UnknownOrdering(f"not one of {', '.join(ORDERINGS)}")
    return shop.execute(ORDERINGS[sort]).fetchall()


# --8<-- [end:orderings]
# fmt: on
# fmt: off
# --8<-- [start:bound]
def bound(shop: Connection, sort: str):
    return shop.execute(
        "SELECT name, price FROM product ORDER BY ?",
        (sort,),
    ).fetchall()


# --8<-- [end:bound]
# fmt: on
def prices(rows: list[tuple]) -> str:
    return " ".join(str(price) for _, price in rows)


if __name__ == "__main__":
    shop = new_shop()
    stored = shop.execute("SELECT name, price FROM product").fetchall()
    print("as stored       ", prices(stored))
    print("bound 'price'   ", prices(bound(shop, "price")))
    print("bound 'nonsense'", prices(bound(shop, "nonsense")))
    print("list 'price'    ", prices(products(shop, "price")))
    for sort in ("password_hash", "(CASE WHEN 1 THEN price END)"):
        try:
            products(shop, sort)
        except UnknownOrdering as refusal:
            print(f"list {sort!r}\n  {refusal}")
