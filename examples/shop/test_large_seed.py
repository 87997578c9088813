import hashlib
from datetime import datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.models import Count, Max, Min

from shop.accounts.models import User
from shop.catalogue.models import Category, Product
from shop.large_seed import END, MODELS, SPAN, fill
from shop.orders.models import Order, OrderItem, OrderMove
from shop.orders.states import MOVES, Status

FIELDS = {
    User: ("id", "email", "role", "created_at"),
    Category: ("id", "slug"),
    Product: ("id", "slug", "category_id", "price_minor", "currency", "stock", "seller_id", "is_active"),
    Order: ("id", "customer_id", "status", "currency", "created_at"),
    OrderItem: ("id", "order_id", "product_id", "quantity", "price_minor"),
    OrderMove: ("id", "order_id", "event", "from_status", "to_status", "moved_at"),
}


def digest() -> str:
    """Of every row, as any database tells it."""
    rows = hashlib.sha256()
    for model in MODELS:
        for row in model.objects.order_by("id").values_list(*FIELDS[model]):
            told = [each.isoformat() if isinstance(each, datetime) else each for each in row]
            rows.update(repr(told).encode())
    return rows.hexdigest()[:16]


@pytest.mark.django_db
def test_the_rows_are_the_same_on_every_machine_and_database():
    fill(products=200, lines=2000, seed=1)

    assert "f123af371afd8895" == digest()


@pytest.mark.django_db
def test_another_seed_gives_other_rows_and_as_many_as_asked_for():
    counts = fill(products=200, lines=2000, seed=2)

    assert "f123af371afd8895" != digest()
    assert (200, 2000) == (counts["products"], counts["order items"])
    assert list(counts.values()) == [model.objects.count() for model in MODELS]


@pytest.mark.django_db
def test_the_rows_are_a_shop_that_could_be():
    fill(products=500, lines=4000)

    by_category = sorted(Category.objects.annotate(size=Count("products")).values_list("size", flat=True))
    assert by_category[-1] > 5 * by_category[len(by_category) // 2]
    times = Order.objects.aggregate(first=Min("created_at"), last=Max("created_at"))
    assert END - SPAN <= times["first"] < times["last"] < END
    later = Order.objects.filter(created_at__gte=END - SPAN / 2).count()
    assert 0.7 < later / Order.objects.count() < 0.8
    assert set(Status.values) - {Status.PLACED} <= set(Order.objects.values_list("status", flat=True))
    assert 0.03 < Product.objects.filter(stock=0).count() / 500 < 0.08
    assert not User.objects.exclude(password="!").exists()
    # Each order stands where its moves led.
    table = {(before, event): after for (before, event), after in MOVES.items()}
    for order in Order.objects.prefetch_related("moves"):
        state = Status.PLACED
        for move in sorted(order.moves.all(), key=lambda move: move.pk):
            assert move.to_status == table[move.from_status, move.event]
            assert (move.from_status, order.created_at < move.moved_at) == (state, True)
            state = move.to_status
        assert state == order.status


@pytest.mark.django_db
def test_indexes_and_foreign_keys_are_as_they_were():
    def constraints() -> dict[str, dict]:
        with connection.cursor() as cursor:
            return {
                model._meta.db_table: connection.introspection.get_constraints(cursor, model._meta.db_table)
                for model in MODELS
            }

    before = constraints()
    fill(products=20, lines=50)

    assert before == constraints()
    assert sum(bool(each["foreign_key"]) for table in before.values() for each in table.values()) >= 7


@pytest.mark.django_db
def test_what_is_added_afterwards_gets_ids_of_its_own():
    fill(products=20, lines=50)

    category = Category.objects.create(name="Socks", slug="socks")
    product = Product.objects.create(name="Sock", slug="sock", category=category, price_minor=1, stock=1)
    assert (37, 21) == (category.pk, product.pk)


@pytest.mark.django_db
def test_the_planner_knows_how_many_rows_there_are():
    fill(products=300, lines=300)

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'catalogue_product'")
            assert 300 == cursor.fetchone()[0]
        else:
            cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'catalogue_product'")
            assert "300" == cursor.fetchone()[0].split()[0]


@pytest.mark.django_db
def test_a_database_with_rows_is_refused_and_left_as_it_was(mugs: Category):
    with pytest.raises(CommandError, match=r"holds rows already: Category. Fix: name an empty one"):
        call_command("seed", products=10)

    assert [mugs] == list(Category.objects.all())


@pytest.mark.django_db
def test_the_command_says_what_it_made(capsys: pytest.CaptureFixture):
    call_command("seed", products=30)

    assert "36 categories, 30 products" in capsys.readouterr().out
    assert 300 == OrderItem.objects.count()


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_size_that_is_none_is_refused(number: str):
    with pytest.raises(CommandError, match="--products"):
        call_command("seed", f"--products={number}")
