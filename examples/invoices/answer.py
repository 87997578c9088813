"""Answer a request that a page shows, by an invoice system that has issued one invoice."""

from conventions.answering import show


def begin() -> str:
    """Issue an invoice; the token of the accountant."""
    from invoices.accounts.services import log_in
    from invoices.management.commands.seed import USERS, seed

    seed(1)
    email, password, _ = USERS[0]
    return log_in(email=email, password=password).access


if __name__ == "__main__":
    show("invoices", begin)
