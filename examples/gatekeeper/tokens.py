"""Tokens of the admin API: long random texts with a role, of which only a digest is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from conventions.problems import challenge
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from gatekeeper.models import ApiToken

VIEWER, OPERATOR, ADMIN = ApiToken.Role.VIEWER, ApiToken.Role.OPERATOR, ApiToken.Role.ADMIN
READERS, OPERATORS = frozenset(ApiToken.Role), frozenset({OPERATOR, ADMIN})


def add_token(*, name: str, role: str, now: datetime, valid_days: int = 90) -> str:
    """Make a token and return it; it can never be read again. A token of that name stops working.

    32 random bytes cannot be guessed, so a fast hash is enough to keep them (OWASP ASVS 5.0, 11.4.1).

    Args:
        name: whose it is; it stands in the rules that are made with it.
        role: one of `ApiToken.Role`.
        now: when it begins.
        valid_days: how long it holds.
    """
    token = f"gk_{secrets.token_urlsafe(32)}"
    ApiToken.objects.update_or_create(
        name=name,
        defaults={
            "role": role,
            "digest": _digest(token),
            "created_at": now,
            "expires_at": now + timedelta(days=valid_days),
        },
    )
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer <token>` (RFC 6750 section 2.1)."""

    def authenticate(self, request: Request) -> tuple[ApiToken, None] | None:
        """The token's row; None where the header is missing. Raises `AuthenticationFailed` where it does not hold."""
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        digest = _digest(token.decode("latin-1").strip())
        found = ApiToken.objects.filter(digest=digest, expires_at__gt=timezone.now()).first()
        if found is None:
            raise AuthenticationFailed("The token is not ours or has expired.")
        return found, None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return challenge()


class TokenScheme(OpenApiAuthenticationExtension):
    """How the specification names these tokens."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "description": "A token of `manage.py add_token`."}
