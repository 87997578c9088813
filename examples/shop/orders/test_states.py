"""Every state of an order with every event, who may ask for it, and what is written down."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from shop.accounts.models import Role, User
from shop.accounts.services import log_in
from shop.catalogue.models import Product
from shop.conftest import PASSWORD, ApiClient
from shop.orders.models import Order, OrderMove
from shop.orders.services import Line, MoveRefused, list_orders, move_order, place_order
from shop.orders.states import MOVES, Event, Status

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
CELLS = [(state, event) for state in Status for event in Event]


def client_of(user: User) -> ApiClient:
    return ApiClient(log_in(email=user.email, password=PASSWORD).access)


@pytest.fixture
def order(customer: User, mug: Product) -> Order:
    """Two of the five mugs."""
    return place_order(customer=customer, lines=[Line(mug.pk, 2)], now=NOW)


@pytest.fixture
def seller(mug: Product) -> User:
    """Sells the blue mug."""
    seller = User.objects.create_user("seller@example.com", PASSWORD, Role.SELLER)
    Product.objects.filter(pk=mug.pk).update(seller=seller)
    return seller


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_user("admin@example.com", PASSWORD, Role.ADMIN)


@pytest.mark.parametrize(("state", "event"), CELLS)
def test_an_event_moves_an_order_as_the_table_says_and_in_no_other_way(
    order: Order, state: Status, event: Event
):
    Order.objects.update(status=state)
    target = MOVES.get((state, event))

    if target is None:
        with pytest.raises(MoveRefused, match=f"{state} knows no event {event}"):
            move_order(event, order_id=order.pk, actor=None, now=NOW)
    else:
        move_order(event, order_id=order.pk, actor=None, now=NOW)

    order.refresh_from_db()
    assert (target or state) == order.status
    moves = OrderMove.objects.values_list("from_status", "event", "to_status", "moved_at")
    assert list(moves) == ([(state, event, target, NOW)] if target else [])
    assert Product.objects.get().stock == (5 if target == Status.CANCELLED else 3)


def test_the_table_has_a_row_for_each_state_that_can_be_reached_and_no_way_back():
    reached = {Status.PLACED}
    for _ in Status:
        reached |= {target for (state, _), target in MOVES.items() if state in reached}
    order_of_states = list(Status)

    assert set(Status) == reached
    assert all(
        order_of_states.index(state) < order_of_states.index(target) for (state, _), target in MOVES.items()
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"from_status": "placed", "event": "ship", "to_status": "shipped"},
        {"from_status": "placed", "event": "pay", "to_status": "shipped"},
        {"from_status": "lost", "event": "pay", "to_status": "paid"},
    ],
)
def test_the_database_refuses_a_move_that_is_not_in_the_table(order: Order, wrong: dict[str, str]):
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderMove.objects.create(order=order, moved_at=NOW, **wrong)


def test_the_database_refuses_a_second_move_out_of_one_state(order: Order):
    move_order(Event.PAY, order_id=order.pk, actor=None, now=NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        OrderMove.objects.create(
            order=order, from_status="placed", event="cancel", to_status="cancelled", moved_at=NOW
        )


# Who: may read it, may cancel it, may ship it. Of an order with a mug of the seller's.
ASKS = {
    "its customer": (200, 200, 403),
    "another customer": (404, 404, 403),
    "the seller of every line": (200, 403, 200),
    "another seller": (404, 404, 404),
    "an admin": (200, 200, 200),
    "nobody": (401, 401, 401),
}


@pytest.mark.parametrize("who", ASKS)
def test_who_may_read_cancel_and_ship_an_order(
    order: Order, customer: User, seller: User, admin: User, who: str
):
    other = User.objects.create_user("grace@example.com", PASSWORD)
    rival = User.objects.create_user("rival@example.com", PASSWORD, Role.SELLER)
    people = dict(zip(ASKS, (customer, other, seller, rival, admin), strict=False))
    asker = client_of(people[who]) if who in people else ApiClient()
    address = f"/api/v1/orders/{order.pk}/"

    statuses = [asker.get(address).status_code, asker.get(f"{address}history/").status_code]
    cancelled = asker.post(f"{address}cancel/").status_code
    Order.objects.update(status="paid")
    OrderMove.objects.all().delete()
    shipped = asker.post(f"{address}ship/").status_code

    assert [ASKS[who][0]] * 2 == statuses
    assert ASKS[who][1:] == (cancelled, shipped)


def test_a_seller_sees_the_lines_with_its_products_only_and_ships_no_order_with_others(
    customer: User, seller: User, mug: Product, red_mug: Product
):
    order = place_order(customer=customer, lines=[Line(mug.pk, 1), Line(red_mug.pk, 1)], now=NOW)
    move_order(Event.PAY, order_id=order.pk, actor=None, now=NOW)
    asker = client_of(seller)

    read = asker.get(f"/api/v1/orders/{order.pk}/").json()
    listed = asker.get("/api/v1/orders/").json()["results"]
    shipped = asker.post(f"/api/v1/orders/{order.pk}/ship/")

    assert [mug.pk] == [item["product_id"] for item in read["items"]]
    assert (900, [read]) == (read["total_minor"], listed)
    assert (403, True) == (shipped.status_code, shipped.json()["type"].endswith(":not-yours"))


def test_a_refused_move_answers_409_and_names_the_state_and_the_event(logged_in: ApiClient, order: Order):
    Order.objects.update(status="shipped")

    answer = logged_in.post(f"/api/v1/orders/{order.pk}/cancel/")

    assert (409, "tag:shop.example,2026:move-refused") == (answer.status_code, answer.json()["type"])
    assert "shipped" in answer.json()["detail"]
    assert "cancel" in answer.json()["detail"]


def test_the_history_tells_every_move_in_its_order(customer: User, seller: User, order: Order):
    move_order(Event.PAY, order_id=order.pk, actor=None, now=NOW)
    client_of(seller).post(f"/api/v1/orders/{order.pk}/ship/")
    client_of(seller).post(f"/api/v1/orders/{order.pk}/deliver/")

    told = client_of(customer).get(f"/api/v1/orders/{order.pk}/history/").json()

    assert ["pay", "ship", "deliver"] == [move["event"] for move in told]
    assert [None, seller, seller] == [move.actor for move in OrderMove.objects.order_by("id")]


@pytest.mark.parametrize("ordering", ["created_at", "-created_at"])
def test_walking_all_pages_shows_every_order_once_although_one_is_placed_in_between(
    logged_in: ApiClient, customer: User, mug: Product, ordering: str
):
    orders = Order.objects.bulk_create(
        Order(customer=customer, currency="EUR", created_at=NOW.replace(microsecond=number // 3))
        for number in range(20)
    )
    seen, query = [], {"ordering": ordering, "page_size": 7}
    while True:
        page = logged_in.get("/api/v1/orders/", query).json()
        seen += [order["id"] for order in page["results"]]
        if not page["next_cursor"]:
            break
        query["cursor"] = page["next_cursor"]
        if len(seen) == 7:
            place_order(customer=customer, lines=[Line(mug.pk, 1)], now=NOW.replace(year=2027))

    expected = [order.pk for order in orders]
    assert (expected[::-1] if ordering == "-created_at" else [*expected, expected[-1] + 1]) == seen


def test_orders_are_filtered_by_status_and_a_faulty_query_is_refused(logged_in: ApiClient, order: Order):
    assert [order.pk] == [
        each["id"] for each in logged_in.get("/api/v1/orders/?status=placed").json()["results"]
    ]
    assert [] == logged_in.get("/api/v1/orders/?status=paid").json()["results"]
    assert 400 == logged_in.get("/api/v1/orders/?status=lost").status_code
    assert 400 == logged_in.get("/api/v1/orders/?cursor=x").status_code


def test_a_program_may_sort_orders_only_by_what_has_an_index(customer: User):
    with pytest.raises(ValueError, match="not one of created_at"):
        list_orders(user=customer, ordering="status")
