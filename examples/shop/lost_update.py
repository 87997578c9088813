"""Two people change one product: the second overwrites what it has not read, or is told so by If-Match."""

from conventions.throwaway import throwaway


# --8<-- [start:change]
def change(client: "Client", price_minor: int, tag: str) -> str:
    answer = client.patch(
        "/api/v1/products/1/",
        {"price_minor": price_minor},
        content_type="application/json",
        headers={"If-Match": tag},
    )
    return f"{answer.status_code} {answer.json().get('title', '')}".rstrip()


def both_read_and_write(client: "Client", *, say_what_was_read: bool) -> None:
    tag = client.get("/api/v1/products/1/").headers["ETag"]  # both have the page open
    match = tag if say_what_was_read else "*"
    print(f"  Ada sends If-Match: {match} and 800: {change(client, 800, match)}")
    print(f"  Ben sends If-Match: {match} and 850: {change(client, 850, match)}")
    print(f"  the price is {client.get('/api/v1/products/1/').json()['price_minor']}")


# --8<-- [end:change]

if __name__ == "__main__":
    with throwaway("shop"):
        from django.test import Client

        from shop.accounts.models import Role, User
        from shop.accounts.services import log_in
        from shop.management.commands.seed import seed

        seed()
        User.objects.create_user("root@example.com", "a key to every door", Role.ADMIN)
        token = log_in(email="root@example.com", password="a key to every door").access  # noqa: S106
        client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {token}"})
        print("any version will do:")
        both_read_and_write(client, say_what_was_read=False)
        print("only the version that was read:")
        both_read_and_write(client, say_what_was_read=True)
        tag = client.get("/api/v1/products/1/").headers["ETag"]
        again = client.get("/api/v1/products/1/", headers={"If-None-Match": tag})
        print(f"read again with If-None-Match: {tag}: {again.status_code}, {len(again.content)} bytes")
