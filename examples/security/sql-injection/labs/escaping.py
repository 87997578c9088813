"""LAB: deliberately vulnerable. Double every quote, then put the text where no quotes stand."""

import os
from sqlite3 import Connection

if os.environ.get("NEXUS_LAB") != "1":
    raise ImportError("escaping is deliberately vulnerable. To run it: python run_lab.py labs/escaping.py")

from shop_tables import new_shop


# fmt: off
# --8<-- [start:escaped]
def escaped(text: str) -> str:
    return text.replace("'", "''")


def by_name(shop: Connection, name: str):
    return shop.execute(
        "SELECT name FROM product"
        f" WHERE name = '{escaped(name)}'"
    ).fetchall()


def by_id(shop: Connection, product_id: str):
    return shop.execute(
        "SELECT name FROM product"
        f" WHERE id = {escaped(product_id)}"
    ).fetchall()


# --8<-- [end:escaped]
# fmt: on
ATTACKS = {
    "by name": (by_name, "' OR 1=1 -- "),
    "by id": (by_id, "0 OR 1=1"),
    "by id, UNION": (by_id, "0 UNION SELECT password_hash FROM account"),
}


def rows() -> dict[str, int]:
    return {name: len(query(new_shop(), text)) for name, (query, text) in ATTACKS.items()}


if __name__ == "__main__":
    for name, found in rows().items():
        print(f"{name:14} {ATTACKS[name][1]:42} {found} rows")
