"""Send three requests with secrets in them, and show what the log keeps."""

import io
import json
import logging
import textwrap

from conventions.throwaway import throwaway

ID = "0af7651916cd43dd8448eb211c80319c"


# --8<-- [start:crash]
def crash(_: object) -> None:
    """A view that fails as a database does: its words quote the row."""
    raise ValueError("Key (email)=(ada@example.com) already exists")


# --8<-- [end:crash]


def __getattr__(name: str) -> object:
    """What Django looks for in a URL configuration, made when Django is set up."""
    if name == "urlpatterns":
        from django.urls import include, path

        return [path("", include("shop.urls")), path("crash/", crash)]
    raise AttributeError(name)


def send() -> None:
    from django.test import Client

    client = Client(SERVER_NAME="localhost", raise_request_exception=False, headers={"X-Request-ID": ID})
    credentials = {"email": "ada@example.com", "password": "correct horse battery"}
    client.post("/api/v1/users/login/?card=4111111111111111", credentials, content_type="application/json")
    client.get("/4111111111111111/", headers={"Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"})
    client.get("/crash/?recovery=k7wq-9m2x")


def shown(line: str) -> str:
    """One line of the log on several; what differs from run to run is replaced."""
    event = json.loads(line) | {"timestamp": "…"}
    event |= {"milliseconds": 1.0} if "milliseconds" in event else {}
    for error in event.get("exception", ()):
        error["at"] = [place.rpartition("/")[2].split(":")[0] for place in error["at"]][-1:]
    return textwrap.fill(json.dumps(event, ensure_ascii=False), 76, subsequent_indent="  ")


if __name__ == "__main__":
    with throwaway("shop", urlconf="one_log"):
        from conventions.logs import JsonLines

        from shop.management.commands.seed import seed

        seed()
        out = io.StringIO()
        handler = logging.StreamHandler(out)
        handler.setFormatter(JsonLines())
        logging.disable(logging.NOTSET)
        logging.getLogger().handlers = [handler]
        send()
        logging.disable(logging.CRITICAL)
        print("\n\n".join(map(shown, out.getvalue().splitlines())))
