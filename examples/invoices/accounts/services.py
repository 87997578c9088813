"""Log in, renew a token."""

from dataclasses import dataclass

from django.contrib.auth import authenticate
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from invoices.accounts.models import User


class WrongCredentials(Exception):
    """No active user has this address and this password; which of the two is wrong is not told."""


class BadToken(Exception):
    """The token is not ours, not of this kind, out of date, or its user may no longer log in."""


@dataclass(frozen=True)
class Tokens:
    """A pair of JSON Web Tokens (RFC 7519): `access` opens the API, `refresh` renews `access`."""

    access: str
    refresh: str


def log_in(*, email: str, password: str) -> Tokens:
    """Exchange credentials for tokens.

    An unknown address costs one password hash too, so neither the answer nor its time tells whether it is
    registered (OWASP ASVS 5.0, 6.3.8).

    Raises:
        WrongCredentials: the address is unknown, the password is wrong, or the user is not active.
    """
    user = authenticate(username=email, password=password)
    if user is None:
        raise WrongCredentials
    refresh = RefreshToken.for_user(user)
    return Tokens(access=str(refresh.access_token), refresh=str(refresh))


def renew(*, refresh: str) -> str:
    """A new access token for a refresh token.

    Raises:
        BadToken: the signature, issuer, audience, kind or expiry does not hold (RFC 8725 section 3), or the user
            is gone or not active.
    """
    try:
        token = RefreshToken(refresh)
    except TokenError as error:
        raise BadToken from error
    if not User.objects.filter(pk=token["sub"], is_active=True).exists():
        raise BadToken
    return str(token.access_token)
