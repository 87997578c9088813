"""Log in by a provider, message by message: what each side sends, and what a thief of a code would get."""

import json
import re
import secrets
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from shop.accounts.oidc import provider
from shop.provider.people import PASSWORD
from shop.provider.running import Person, running

CALLBACK = "http://127.0.0.1:8000/api/v1/oidc/callback/"
RANDOM = ("state", "nonce", "code", "code_challenge")


def show(title: str, url: str, sent: dict[str, str]) -> dict[str, str]:
    """Print an address with its parameters, and say which came back as they were `sent`."""
    parts, parameters = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
    print(f"{title}\n  {at_port_8002(parts.netloc)}{parts.path}")
    for name, value in parameters.items():
        shown = (
            "as it was sent" if sent.get(name) == value else "…" if name in RANDOM else at_port_8002(value)
        )
        print(f"    {name} = {shown}")
    return parameters


def at_port_8002(text: str) -> str:
    return re.sub(r"127\.0\.0\.1:(?!8000)\d+", "127.0.0.1:8002", text)


# --8<-- [start:flow]
def flow(client: provider.Client, grace: Person, now: datetime) -> None:
    url, kept = provider.begin(client, new_secret=lambda: secrets.token_urlsafe(32))
    sent = show("the shop sends the browser to the provider", url, {})
    back = grace.go(url)
    answer = show("Grace logs in and consents, and the provider sends the browser back", back, sent)
    claims = provider.finish(client, kept, answer, now=now)
    print("the shop exchanges code and verifier, and reads in the ID token")
    print("    " + shortened(claims))
    try:
        provider.finish(client, kept, answer, now=now)
    except provider.BadAnswer as error:
        print(f"the same code again: {error}")
    _, of_a_thief = provider.begin(client, new_secret=lambda: secrets.token_urlsafe(32))
    stolen = dict(parse_qsl(urlsplit(grace.go(url)).query))
    try:
        provider.finish(client, of_a_thief, stolen | {"state": of_a_thief.state}, now=now)
    except provider.BadAnswer as error:
        print(f"a stolen code with the thief's verifier: {error}")


# --8<-- [end:flow]


def shortened(claims: dict[str, object]) -> str:
    told = {name: claims[name] for name in ("iss", "aud", "sub", "email", "email_verified") if name in claims}
    return at_port_8002(json.dumps(told)).replace(', "email"', ',\n     "email"', 1)


if __name__ == "__main__":
    with running(CALLBACK) as started:
        here = provider.Client(started.issuer, "shop", started.client_secret, CALLBACK)
        flow(here, Person("grace", PASSWORD), datetime.now(UTC))
