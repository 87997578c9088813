import pytest
from provider_key import WAYS, Provider, charges


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no key", {1: 2, 2: 1}),
        ("ledger first", {0: 1, 1: 2}),
        ("key made in the task", {1: 2, 2: 1}),
        ("key in the message", {1: 3}),
        ("same, key forgotten", {1: 2, 2: 1}),
    ],
)
def test_only_a_key_that_travels_with_the_message_charges_once_at_every_crash_point(name, expected):
    task, options = WAYS[name]

    assert expected == charges(task, **options)


def test_a_known_key_gives_the_first_receipt_again():
    provider = Provider()

    receipts = {provider.charge("payment-7") for _ in range(3)}

    assert {"receipt-1"} == receipts
    assert 1 == provider.charges
