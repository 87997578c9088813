"""The models that the pages show: webhooks in every order, and a crash at every step."""

from collections import Counter

import pytest

from shop import notification_window, outbox_crash_points, webhook_orders
from shop.webhook_orders import STORIES, arrivals, wrong


@pytest.mark.parametrize("name", STORIES)
def test_the_highest_status_is_right_in_every_order_of_repeated_webhooks(name: str):
    events, end = STORIES[name]

    assert 0 == wrong(webhook_orders.highest_counts, arrivals(events), end)


def test_the_naive_ways_are_wrong_in_some_order():
    events, end = STORIES["declined, then paid"]

    assert 60 == wrong(webhook_orders.last_one_counts, arrivals(events), end)
    assert 45 == wrong(webhook_orders.never_backwards_from_the_end, arrivals(events), end)


@pytest.mark.parametrize(
    ("way", "faults"),
    [
        ("send after the commit", {"": 2, "an order nobody hears of": 1}),
        ("send before the commit", {"": 2, "news of no order": 1}),
        ("outbox and relay", {"": 3, "told twice": 1}),
    ],
)
def test_only_the_outbox_loses_nothing_and_tells_nothing_untrue(way: str, faults: dict[str, int]):
    assert Counter(faults) == outbox_crash_points.crashes(outbox_crash_points.WAYS[way])


@pytest.mark.parametrize(
    ("way", "knows_ids", "arrive"),
    [
        (notification_window.mark_then_send, False, {0: 1, 1: 2}),
        (notification_window.claim_send_mark, False, {1: 3, 2: 1}),
        (notification_window.claim_send_mark, True, {1: 4}),
    ],
)
def test_one_window_stays_open_until_the_mail_service_knows_its_ids(way, knows_ids, arrive):
    assert Counter(arrive) == notification_window.ends(way, knows_ids=knows_ids)
