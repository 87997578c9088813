"""Register, log in, renew a token."""

from dataclasses import dataclass

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from shop.accounts.models import User


class EmailTaken(Exception):
    """Somebody has registered this address, perhaps in other capitals."""


class WeakPassword(Exception):
    """The password breaks a rule of `AUTH_PASSWORD_VALIDATORS`; `reasons` has a sentence for each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class WrongCredentials(Exception):
    """No active user has this address and this password; which of the two is wrong is not told."""


class BadToken(Exception):
    """The token is not ours, not of this kind, out of date, or its user may no longer log in."""


@dataclass(frozen=True)
class Tokens:
    """A pair of JSON Web Tokens (RFC 7519): `access` opens the API, `refresh` renews `access`."""

    access: str
    refresh: str


def register(*, email: str, password: str) -> User:
    """Create a user.

    Args:
        email: a valid address. Its case is ignored: RFC 5321 section 2.4 lets a mail host tell Ada from ada, and
            discourages it, and people write their own address in several ways.
        password: in clear; only its hash is stored (OWASP ASVS 5.0, 11.4.2).

    Raises:
        WeakPassword: the password is too short, too common, all digits or like the address.
        EmailTaken: the address is registered.
    """
    try:
        validate_password(password, user=User(email=email))
    except ValidationError as error:
        raise WeakPassword(error.messages) from error
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password)
    except IntegrityError as error:
        # The unique index decides, so two registrations at one moment cannot both succeed.
        if User.objects.filter(email=User.objects.normalize_email(email)).exists():
            raise EmailTaken(email) from error
        raise


# --8<-- [start:log_in]
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


# --8<-- [end:log_in]


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
