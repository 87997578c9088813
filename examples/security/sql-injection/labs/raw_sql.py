"""LAB: deliberately vulnerable. Put text into the SQL of raw(), extra() and RawSQL."""

import os

if os.environ.get("NEXUS_LAB") != "1":
    raise ImportError("raw_sql is deliberately vulnerable. To run it: python run_lab.py labs/raw_sql.py")

import django
from django.db.models.expressions import RawSQL
from orm_models import Product, new_market


# --8<-- [start:flawed]
def raw(name: str):
    return Product.objects.raw(f"SELECT * FROM market_product WHERE name = '{name}'")


def extra(name: str):
    return Product.objects.extra(where=[f"name = '{name}'"])


def raw_sql(name: str):
    ids = RawSQL(f"SELECT id FROM market_product WHERE name = '{name}'", [])
    return Product.objects.filter(id__in=ids)


# --8<-- [end:flawed]
# fmt: off
# --8<-- [start:fixed]
def raw_bound(name: str):
    return Product.objects.raw(
        "SELECT * FROM market_product WHERE name = %s",
        [name],
    )


def extra_bound(name: str):
    return Product.objects.extra(
        where=["name = %s"], params=[name]
    )


def raw_sql_bound(name: str):
    ids = RawSQL(
        "SELECT id FROM market_product WHERE name = %s",
        [name],
    )
    return Product.objects.filter(id__in=ids)


# --8<-- [end:fixed]
# fmt: on
PAIRS = {"raw()": (raw, raw_bound), "extra()": (extra, extra_bound), "RawSQL()": (raw_sql, raw_sql_bound)}


def rows(text: str) -> dict[str, tuple[int, int]]:
    return {
        name: (len(list(flawed(text))), len(list(fixed(text)))) for name, (flawed, fixed) in PAIRS.items()
    }


if __name__ == "__main__":
    new_market()
    print(f"Django {'.'.join(django.__version__.split('.')[:2])}")
    print(f"{'':9} string-built  parameters")
    for name, (flawed, fixed) in rows("' OR '1'='1").items():
        print(f"{name:9} {flawed:12} {fixed:11}")
