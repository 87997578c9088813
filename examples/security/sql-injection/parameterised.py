"""Log in, search and look up stock with parameters."""

from sqlite3 import Connection

from shop_tables import hashed


# fmt: off
# --8<-- [start:log_in]
def log_in(shop: Connection, email: str, password: str):
    return shop.execute(
        "SELECT email, role FROM account"
        " WHERE email = ? AND password_hash = ?",
        (email, hashed(password)),
    ).fetchall()


# --8<-- [end:log_in]
# --8<-- [start:search]
def search(shop: Connection, text: str):
    return shop.execute(
        "SELECT name, price FROM product"
        " WHERE name LIKE '%' || ? || '%'",
        (text,),
    ).fetchall()


# --8<-- [end:search]
# --8<-- [start:in_stock]
def in_stock(shop: Connection, product_id: str) -> bool:
    found = shop.execute(
        "SELECT 1 FROM product WHERE id = ? AND stock > 0",
        (product_id,),
    )
    return found.fetchone() is not None


# --8<-- [end:in_stock]
