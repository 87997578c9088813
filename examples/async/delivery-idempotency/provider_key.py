"""Charge through a payment provider: which key, made where, and for how long it is known."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count


class Provider:
    """Takes money, and for a key that it remembers gives the first receipt again."""

    def __init__(self) -> None:
        self.charges = 0
        self.receipts: dict[str, str] = {}

    def charge(self, key: str | None = None) -> str:
        if key in self.receipts:
            return self.receipts[key]
        self.charges += 1
        receipt = f"receipt-{self.charges}"
        if key is not None:
            self.receipts[key] = receipt
        return receipt


class Shop:
    """What survives a crash: the provider, the ledger, and the message with its payment id."""

    def __init__(self) -> None:
        self.provider = Provider()
        self.ledger: dict[str, str] = {}
        self.numbers = count(1)

    def random_key(self) -> str:
        """Another one each time, as uuid4() would give; counted, so that a run can be repeated."""
        return f"key-{next(self.numbers)}"


# A task stops at each `yield` when it is killed there.
def no_key(shop: Shop, payment_id: str) -> Iterator[None]:
    if payment_id not in shop.ledger:
        receipt = shop.provider.charge()
        yield
        shop.ledger[payment_id] = receipt


def write_first(shop: Shop, payment_id: str) -> Iterator[None]:
    if payment_id not in shop.ledger:
        shop.ledger[payment_id] = "charging"
        yield
        shop.ledger[payment_id] = shop.provider.charge()


# --8<-- [start:key_in_the_task]
def key_in_the_task(shop: Shop, payment_id: str) -> Iterator[None]:
    if payment_id not in shop.ledger:
        receipt = shop.provider.charge(shop.random_key())
        yield
        shop.ledger[payment_id] = receipt


# --8<-- [end:key_in_the_task]
# --8<-- [start:key_in_the_message]
def key_in_the_message(shop: Shop, payment_id: str) -> Iterator[None]:
    if payment_id not in shop.ledger:
        receipt = shop.provider.charge(payment_id)
        yield
        shop.ledger[payment_id] = receipt


# --8<-- [end:key_in_the_message]
def charges(task: Callable, *, forgets: bool = False) -> Counter[int]:
    """Charges at the provider, for each point where the first delivery can die before a second one runs."""
    ends: Counter[int] = Counter()
    for done in range(3):  # nothing; up to the yield; all
        shop = Shop()
        first = task(shop, "payment-7")
        for _ in range(done):
            next(first, None)
        first.close()
        if forgets:
            shop.provider.receipts.clear()
        for _ in task(shop, "payment-7"):
            pass
        ends[shop.provider.charges] += 1
    return ends


WAYS = {
    "no key": (no_key, {}),
    "ledger first": (write_first, {}),
    "key made in the task": (key_in_the_task, {}),
    "key in the message": (key_in_the_message, {}),
    "same, key forgotten": (key_in_the_message, {"forgets": True}),
}

if __name__ == "__main__":
    print("killed, redelivered     lost  once  twice")
    for name, (task, options) in WAYS.items():
        ends = charges(task, **options)
        print(f"{name:22}{ends[0]:6}{ends[1]:6}{ends[2]:7}")
