"""Fill an empty shop with as much as you ask for, the same rows on every machine.

Categories and products are skewed as sales are: a few have most of it. Orders spread over two years and grow
denser, each in a state that its age makes likely, with the moves that led there. Nobody can log in as these users.
Chance comes from `random.Random(seed).random()`, whose numbers Python promises to keep, and goes through exact
arithmetic only.
"""

import contextlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model

from shop.accounts.models import Role, User
from shop.catalogue.models import Category, Product
from shop.orders.models import Order, OrderItem, OrderMove
from shop.orders.states import MOVES, Status

END = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=730)
COLOURS = ("Blue", "Red", "Green", "White", "Black", "Yellow", "Grey", "Pink", "Brown", "Orange")
MATERIALS = ("oak", "steel", "glass", "wool", "clay", "linen", "paper", "cork", "stone", "copper")
THINGS = (
    *(
        "mug",
        "plate",
        "bowl",
        "lamp",
        "towel",
        "notebook",
        "chair",
        "table",
        "rack",
        "clock",
        "vase",
        "basket",
    ),
    *(
        "kettle",
        "pan",
        "fork",
        "spoon",
        "jar",
        "tray",
        "candle",
        "mirror",
        "rug",
        "cushion",
        "blanket",
        "curtain",
    ),
    *("pen", "pencil", "bag", "shawl", "hat", "glove", "comb", "soap", "sofa", "stool", "frame", "planter"),
)
MODELS = (User, Category, Product, Order, OrderItem, OrderMove)
# Names come quoted. Indexes that a constraint needs stay.
FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s) ORDER BY 1, 2
"""
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid::regclass::text = ANY(%s)
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f') ORDER BY 1
"""
PATHS: dict[str, tuple] = {Status.PLACED: ()}  # the moves that lead to each state
for (_before, _event), _after in MOVES.items():
    PATHS.setdefault(_after, (*PATHS[_before], (_event, _before, _after)))


class NotEmpty(Exception):
    """The database holds rows already; their ids would collide with the new ones."""


@dataclass(frozen=True)
class Rows:
    """Rows of one model, as tuples of `fields`; the other fields get their defaults."""

    model: type[Model]
    fields: tuple[str, ...]
    rows: Iterable[tuple]


# --8<-- [start:fill]
def fill(*, products: int, lines: int, seed: int = 1) -> dict[str, int]:
    """Fill an empty database in one transaction.

    Args:
        products: how many products; one seller for every 500 of them.
        lines: how many order lines; an order has one to ten; one customer for every 20.
        seed: another number gives other rows.

    Returns:
        How many rows each table has.

    Raises:
        NotEmpty: there are rows already. Nothing has changed.
    """
    if found := [model.__name__ for model in MODELS if model.objects.exists()]:
        raise NotEmpty(", ".join(found))
    copy, prepared = (
        (_copy, _bare_tables()) if connection.vendor == "postgresql" else (_insert, contextlib.nullcontext())
    )
    with transaction.atomic(), prepared:
        counts = {
            table.model._meta.verbose_name_plural: copy(table)
            for table in tables(products=products, lines=lines, seed=seed)
        }
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), MODELS):
                cursor.execute(statement)
    if connection.vendor in ("postgresql", "sqlite"):
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # else the planner guesses, until autovacuum comes by
    return counts


def _copy(table: Rows) -> int:
    """The way in that PostgreSQL has for many rows: one statement, and a stream."""
    names, defaults = _columns(table)
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    sql = f"COPY {connection.ops.quote_name(table.model._meta.db_table)} ({quoted}) FROM STDIN"
    count = 0
    with connection.cursor() as cursor, cursor.copy(sql) as stream:
        for count, row in enumerate(table.rows, start=1):  # noqa: B007 - counted
            stream.write_row(row + defaults)
    return count


@contextlib.contextmanager
def _bare_tables() -> Iterator[None]:
    """The tables without indexes and foreign keys, which are made again, and checked, over all rows at once.

    So the manual of PostgreSQL advises: "Populating a Database", 14.4.3 and 14.4.4.
    """
    with connection.cursor() as cursor:
        names = [[model._meta.db_table for model in MODELS]]
        cursor.execute(FOREIGN_KEYS, names)
        keys = cursor.fetchall()
        cursor.execute(INDEXES, names)
        indexes = cursor.fetchall()
        for table, key, _ in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
        for index, _ in indexes:
            cursor.execute(f"DROP INDEX {index}")
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        for table, key, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {key} {definition}")


# --8<-- [end:fill]


def _insert(table: Rows) -> int:
    rows, count = iter(table.rows), 0
    while some := list(islice(rows, 10_000)):
        table.model.objects.bulk_create(
            [table.model(**dict(zip(table.fields, row, strict=True))) for row in some], batch_size=1000
        )
        count += len(some)
    return count


def _columns(table: Rows) -> tuple[list[str], tuple]:
    """All columns in the order of the rows, and the values of those that a row does not name."""
    by_name = {field.attname: field for field in table.model._meta.concrete_fields}
    others = [field for name, field in by_name.items() if name not in table.fields]
    defaults = tuple(field.get_default() for field in others)
    return [field.column for field in (*(by_name[name] for name in table.fields), *others)], defaults


def tables(*, products: int, lines: int, seed: int) -> Iterator[Rows]:
    """The tables in an order that foreign keys allow."""
    sellers = max(1, products // 500)
    customers = max(1, lines // 20)
    yield Rows(User, ("id", "email", "password", "role", "created_at"), _users(sellers, customers))
    yield Rows(
        Category,
        ("id", "name", "slug"),
        [(place, f"{thing.capitalize()}s", f"{thing}s") for place, thing in enumerate(THINGS, start=1)],
    )
    goods = list(_products(products, sellers, _chance(seed, "products")))
    fields = ("id", "name", "slug", "category_id", "price_minor", "stock", "seller_id", "is_active")
    yield Rows(Product, fields, goods)
    sizes = list(_sizes(lines, min(10, products), _chance(seed, "sizes")))
    orders = list(_orders(len(sizes), sellers, customers, _chance(seed, "orders")))
    yield Rows(Order, ("id", "customer_id", "status", "currency", "created_at"), orders)
    prices = [row[4] for row in goods]
    fields = ("order_id", "product_id", "quantity", "price_minor")
    yield Rows(OrderItem, ("id", *fields), _items(sizes, prices, _chance(seed, "items")))
    fields = ("order_id", "event", "from_status", "to_status", "actor_id", "moved_at")
    yield Rows(OrderMove, ("id", *fields), _moves(orders))


def _users(sellers: int, customers: int) -> Iterator[tuple]:
    began = END - SPAN
    for number in range(1, sellers + customers + 1):
        role = Role.SELLER if number <= sellers else Role.CUSTOMER
        # "!" is Django's mark of a password that nobody has.
        yield number, f"{role}-{number}@example.com", "!", str(role), began


def _chance(seed: int, purpose: str) -> Random:
    return Random(f"{seed} {purpose}")  # noqa: S311 - no secret depends on it


def _skewed(chance: Random, count: int) -> int:
    """A number from 0 to count - 1, small ones far more often: half of all come from the first eighth."""
    roll = chance.random()
    return int(count * roll * roll * roll)


def _products(count: int, sellers: int, chance: Random) -> Iterator[tuple]:
    for number in range(1, count + 1):
        place = _skewed(chance, len(THINGS))
        colour = COLOURS[int(chance.random() * len(COLOURS))]
        material = MATERIALS[int(chance.random() * len(MATERIALS))]
        price = 190 + 10 * _skewed(chance, 2000)
        stock = 0 if chance.random() < 0.05 else 1 + _skewed(chance, 400)
        seller = 1 + _skewed(chance, sellers)
        name = f"{colour} {material} {THINGS[place]} {number}"
        slug = name.lower().replace(" ", "-")
        yield number, name, slug, place + 1, price, stock, seller, chance.random() >= 0.02


def _sizes(lines: int, most: int, chance: Random) -> Iterator[int]:
    """How many lines each order has, until `lines` are used up."""
    while lines:
        size = min(1 + _skewed(chance, most), lines)
        lines -= size
        yield size


def _orders(count: int, sellers: int, customers: int, chance: Random) -> Iterator[tuple]:
    seconds = int(SPAN.total_seconds())
    for number in range(1, count + 1):
        # A square root grows fast at first, so the later a day, the more orders it has.
        passed = int(seconds * math.sqrt((number - 1 + chance.random()) / count))
        customer = sellers + 1 + _skewed(chance, customers)
        status = _status(timedelta(seconds=seconds - passed).days, chance.random())
        yield number, customer, str(status), "EUR", END - SPAN + timedelta(seconds=passed)


def _status(age_days: int, roll: float) -> Status:
    """A state that is likely for an order of this age."""
    if roll < 0.06:
        return Status.CANCELLED
    if age_days < 1:
        return Status.PLACED if roll < 0.3 else Status.PAID
    if age_days < 4:
        return Status.PAID if roll < 0.4 else Status.SHIPPED
    if age_days < 10:
        return Status.SHIPPED if roll < 0.4 else Status.DELIVERED
    return Status.REFUNDED if roll < 0.09 else Status.DELIVERED


def _items(sizes: Iterable[int], prices: list[int], chance: Random) -> Iterator[tuple]:
    number = 0
    for order, size in enumerate(sizes, start=1):
        chosen: set[int] = set()
        while len(chosen) < size:
            chosen.add(_skewed(chance, len(prices)))
        for place in sorted(chosen):
            number += 1
            yield number, order, place + 1, 1 + _skewed(chance, 5), prices[place]


def _moves(orders: Iterable[tuple]) -> Iterator[tuple]:
    number = 0
    for order, _, status, _, created_at in orders:
        for hours, move in enumerate(PATHS[status], start=1):
            number += 1
            yield number, order, *map(str, move), None, created_at + timedelta(hours=hours)
