"""Ask the payment provider: every request is signed, bounded in time, and safe to send again."""

import json
from datetime import datetime

from django.conf import settings

from shop.payments.signatures import HEADER, sign

# To connect, and between two bytes of the answer.
TIMEOUT_SECONDS = (1, 3)


class ProviderFailed(Exception):
    """No answer in time, or none that helps. What was asked may have been done: ask again with the same reference."""


def ask(method: str, path: str, document: dict[str, object] | None = None, *, now: datetime) -> dict | None:
    """Send a signed request; the answer's document, or None where the provider knows nothing of it (404).

    Raises:
        ProviderFailed: no secret is configured, no connection, no answer in time, or a status of 400 and above.
    """
    import requests  # here, so that the shop can be imported where there is no network

    secret = next(iter(settings.PAYMENTS_SECRETS), "")
    if not secret:
        raise ProviderFailed("SHOP_PAYMENTS_SECRETS is not set")
    body = b"" if document is None else json.dumps(document).encode()
    headers = {"Content-Type": "application/json", HEADER: sign(body, secret=secret, now=now.timestamp())}
    try:
        answer = requests.request(
            method,
            f"{settings.PAYMENTS_URL}{path}",
            data=body,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        if answer.status_code == 404 and method == "GET":
            return None
        if not answer.ok:
            raise ProviderFailed(f"the provider answered {answer.status_code}")
        return answer.json()
    except requests.RequestException as error:
        raise ProviderFailed(type(error).__name__) from error
