"""Answer a request that a page shows, by a shop with the data that everybody begins with."""

import sys
from pathlib import Path

from conventions.throwaway import throwaway


def answer(text: str) -> None:
    """Send a request, written as its line, an empty line and its body; print its status, media type and document.

    It is sent with the token of the first customer.
    """
    from django.test import Client

    from shop.accounts.services import log_in
    from shop.journey import shown
    from shop.management.commands.seed import CUSTOMERS

    line, _, body = text.partition("\n\n")
    method, path = line.split()
    client = Client(SERVER_NAME="localhost")
    email, password = CUSTOMERS[0]
    headers = {"Authorization": f"Bearer {log_in(email=email, password=password).access}"}
    response = client.generic(method, path, body, "application/json", headers=headers)
    print(f"{response.status_code} {response.headers['Content-Type']}\n{shown(response.json())}")


if __name__ == "__main__":
    with throwaway("shop"):
        from shop.management.commands.seed import seed

        seed()
        answer(Path(__file__).with_name(sys.argv[1]).read_text(encoding="utf-8").strip())
