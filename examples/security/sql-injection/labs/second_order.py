"""LAB: deliberately vulnerable. Store a name safely, then build SQL from the stored name."""

import os
from sqlite3 import Connection

if os.environ.get("NEXUS_LAB") != "1":
    raise ImportError(
        "second_order is deliberately vulnerable. To run it: python run_lab.py labs/second_order.py"
    )

from shop_tables import hashed, new_shop


# fmt: off
# --8<-- [start:second_order]
def register(shop: Connection, email: str, password: str) -> int:
    # Parameters: the text is stored as it came.
    return shop.execute(
        "INSERT INTO account (email, password_hash, role)"
        " VALUES (?, ?, 'customer')",
        (email, hashed(password)),
    ).lastrowid


def change_password(shop: Connection, account: int, password: str):
    (email,) = shop.execute(
        "SELECT email FROM account WHERE id = ?", (account,)
    ).fetchone()
    # "It comes from our own database, so it is clean."
    return shop.execute(
        f"UPDATE account SET password_hash = '{hashed(password)}'"
        f" WHERE email = '{email}'"
    ).rowcount


# --8<-- [end:second_order]
# fmt: on
def change_password_bound(shop: Connection, account: int, password: str) -> int:
    return shop.execute(
        "UPDATE account SET password_hash = ? WHERE id = ?", (hashed(password), account)
    ).rowcount


def may_log_in(shop: Connection, email: str, password: str) -> bool:
    return bool(
        shop.execute(
            "SELECT 1 FROM account WHERE email = ? AND password_hash = ?", (email, hashed(password))
        ).fetchone()
    )


def attack(change) -> tuple[int, bool]:
    """Number of passwords changed, and whether the attacker's password opens the admin's account."""
    shop = new_shop()
    attacker = register(shop, "admin@shop.example' --", "first")
    return change(shop, attacker, "mine now"), may_log_in(shop, "admin@shop.example", "mine now")


if __name__ == "__main__":
    print("registered as: admin@shop.example' --")
    for name, change in (("string-built", change_password), ("parameters", change_password_bound)):
        rows, taken = attack(change)
        print(f"{name:12} {rows} row changed, admin", "taken over" if taken else "untouched")
