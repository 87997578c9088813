"""Say which account a request tries to log in to. Without models, so that any view may import it."""

import hashlib
import hmac

from django.conf import settings
from django.http import HttpRequest


def note_login(request: HttpRequest, account: str) -> None:
    """Say that this request tries to log in to `account`, so that guessing can be detected.

    Only a keyed digest is kept (HMAC-SHA-256, RFC 2104): enough to count accounts, not to read them.

    Args:
        request: of Django or of REST framework.
        account: the name that was sent, such as an e-mail address; whether it exists does not matter.
    """
    digest = hmac.new(
        settings.SECRET_KEY.encode(), account.casefold().encode("utf-8", "replace"), hashlib.sha256
    )
    getattr(request, "_request", request).gatekeeper_account = digest.hexdigest()[:16]
