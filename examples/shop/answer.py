"""Answer a request that a page shows, by a shop with the data that everybody begins with."""

from conventions.answering import show


def begin() -> str:
    """Fill the shop; the token of the first customer."""
    from shop.accounts.services import log_in
    from shop.management.commands.seed import CUSTOMERS, seed

    seed()
    email, password = CUSTOMERS[0]
    return log_in(email=email, password=password).access


if __name__ == "__main__":
    show("shop", begin)
