"""LAB: deliberately vulnerable. Log in, search and look up stock with SQL built from strings."""

import os
from sqlite3 import Connection

if os.environ.get("NEXUS_LAB") != "1":
    raise ImportError(
        "string_built is deliberately vulnerable. To study it: python run_lab.py labs/read_everything.py"
    )

from shop_tables import hashed


# fmt: off
# --8<-- [start:log_in]
def log_in(shop: Connection, email: str, password: str):
    return shop.execute(
        "SELECT email, role FROM account"
        f" WHERE email = '{email}'"
        f" AND password_hash = '{hashed(password)}'"
    ).fetchall()


# --8<-- [end:log_in]
# --8<-- [start:search]
def search(shop: Connection, text: str):
    return shop.execute(
        "SELECT name, price FROM product"
        f" WHERE name LIKE '%{text}%'"
    ).fetchall()


# --8<-- [end:search]
# --8<-- [start:in_stock]
def in_stock(shop: Connection, product_id: str) -> bool:
    found = shop.execute(
        "SELECT 1 FROM product"
        f" WHERE id = {product_id} AND stock > 0"
    )
    return found.fetchone() is not None


# --8<-- [end:in_stock]
