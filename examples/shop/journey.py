"""A customer's journey: register, log in, look around, order, and find the shelf empty."""

import json

from conventions.answering import shown
from conventions.throwaway import throwaway


class Customer:
    """Sends requests like a program of the customer's would, and prints both sides."""

    def __init__(self) -> None:
        from django.test import Client

        self.client = Client(SERVER_NAME="localhost")
        self.token = ""

    def ask(self, method: str, path: str, body: object = None) -> dict:
        print(f"> {method} {path}" + (f"\n> {json.dumps(body)}" if body is not None else ""))
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self.client.generic(
            method, path, json.dumps(body) if body is not None else "", "application/json", headers=headers
        )
        print(f"{answer.status_code} {answer.headers['Content-Type']}\n{shown(answer.json())}\n")
        return answer.json()


# --8<-- [start:journey]
def journey(customer: Customer) -> None:
    credentials = {"email": "linus@example.com", "password": "nine lives of a cat"}
    customer.ask("POST", "/api/v1/users/register/", credentials)
    customer.token = customer.ask("POST", "/api/v1/users/login/", credentials)["access"]
    page = customer.ask("GET", "/api/v1/products/?category=mugs&search=orange&page_size=1")
    mug = page["results"][0]["id"]
    order = customer.ask("POST", "/api/v1/orders/", {"items": [{"product_id": mug, "quantity": 2}]})
    customer.ask("GET", f"/api/v1/orders/{order['id']}/")
    customer.ask("POST", "/api/v1/orders/", {"items": [{"product_id": mug, "quantity": 2}]})


# --8<-- [end:journey]

if __name__ == "__main__":
    with throwaway("shop"):
        from shop.management.commands.seed import seed

        seed()
        journey(Customer())
