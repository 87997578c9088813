"""What the record of the hostile provider must show; the replay of records proves that it still does."""

import re
from pathlib import Path

import pytest

from shop.payments.hostile_provider import TRICKS

RECORD = Path(__file__).with_name("hostile_payments.out").read_text(encoding="utf-8")
DECLINED = ("0", "failed", "placed")
PAID = ("1", "paid", "paid")
ENDS = dict.fromkeys(TRICKS, PAID) | {
    "tok_declined": DECLINED,
    "tok_forged": DECLINED,
    "tok_tampered": DECLINED,
    "tok_wrong_amount": ("1", "review", "placed"),
    "tok_wrong_currency": ("1", "review", "placed"),
}


@pytest.mark.parametrize("source", TRICKS)
def test_each_trick_ends_where_it_should_with_at_most_one_charge(source: str):
    rows = re.findall(rf"^{source} +(\d) .*?(\w+) +(\w+)$", RECORD, re.MULTILINE)

    assert ENDS[source] == rows[-1]


@pytest.mark.parametrize(
    ("source", "answers"),
    [
        ("tok_forged", "401 200"),
        ("tok_tampered", "401 200"),
        ("tok_old", "401 200"),
        ("tok_replayed", "200 200 401"),
        ("tok_next_version", "400 200"),
    ],
)
def test_what_is_not_to_be_believed_is_refused(source: str, answers: str):
    assert re.search(rf"^{source} +\d +{answers}  ", RECORD, re.MULTILINE)


def test_every_order_that_was_cancelled_or_given_back_was_refunded_once_and_nobody_was_told_twice():
    paid = sum(end == PAID for end in ENDS.values())

    assert f"{paid} payments and {paid} orders refunded, {paid} refunds made\n" in RECORD
    assert " messages sent, 0 of them twice" in RECORD
