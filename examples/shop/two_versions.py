"""Read one product in both versions of the API, with the headers that say which one will end."""

from conventions.throwaway import throwaway

SHOWN = ("ETag", "Cache-Control", "Deprecation", "Sunset", "Link")


# --8<-- [start:show]
def show(address: str) -> None:
    answer = Client(SERVER_NAME="localhost").get(address)
    print(f"> GET {address}\n{answer.status_code}")
    for name in SHOWN:
        if name in answer.headers:
            print(f"{name}: {answer.headers[name]}")
    print(answer.content.decode() + "\n")


# --8<-- [end:show]

if __name__ == "__main__":
    with throwaway("shop"):
        from django.test import Client

        from shop.management.commands.seed import seed

        seed()
        show("/api/v1/products/10/")
        show("/api/v2/products/10/")
