"""Whose account it is that somebody logs in to by a provider."""

from collections.abc import Mapping
from datetime import datetime

from conventions.strict import StrictEmailField
from django.db import IntegrityError, transaction
from rest_framework.exceptions import ValidationError

from shop.accounts.models import User
from shop.accounts.oidc.models import Identity


class EmailNotVerified(Exception):
    """The provider does not vouch for an e-mail address that the shop could use."""


class AccountExists(Exception):
    """There is an account with this address that was never linked: its owner has to do that, logged in."""


class AccountClosed(Exception):
    """The account is not active."""


class NotLinked(Exception):
    """The identity cannot be linked to this account; the message says why."""


# --8<-- [start:user_of]
def user_of(claims: Mapping[str, object], *, now: datetime) -> User:
    """The user of a valid ID token, who is registered where nobody has the address yet.

    `iss` and `sub` say who it is, and never the address: addresses change hands (OpenID Connect Core 5.7).
    An account that exists is not linked by its address alone: whoever got the address at the provider, or
    registered it here before its owner did, would have the account of both.

    Args:
        claims: of an ID token that was checked.
        now: when.

    Raises:
        AccountClosed: the user is not active.
        EmailNotVerified: the identity is new, and the provider does not vouch for its address.
        AccountExists: the identity is new, and its address has an account.
    """
    known = (
        Identity.objects.filter(issuer=claims["iss"], subject=claims["sub"]).select_related("user").first()
    )
    if known is not None:
        if not known.user.is_active:
            raise AccountClosed
        return known.user
    email = _verified_email(claims)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, None)
            _link(user, claims, now)
            return user
    except IntegrityError as error:
        raise AccountExists from error


# --8<-- [end:user_of]


def link(*, user: User, claims: Mapping[str, object], now: datetime) -> None:
    """Let `user`, who is logged in and asked for it, log in by this identity from now on.

    Args:
        user: whose account.
        claims: of an ID token that was checked; its address must be verified, and that of the account.
        now: when.

    Raises:
        EmailNotVerified: the provider does not vouch for an address.
        NotLinked: the address is another one, or the identity or the account is linked already.
    """
    if _verified_email(claims) != user.email:
        raise NotLinked("The provider knows another e-mail address than the account has.")
    try:
        with transaction.atomic():
            _link(user, claims, now)
    except IntegrityError as error:
        raise NotLinked("This account, or this identity, is linked already.") from error


def _link(user: User, claims: Mapping[str, object], now: datetime) -> None:
    Identity.objects.create(user=user, issuer=claims["iss"], subject=claims["sub"], linked_at=now)


def _verified_email(claims: Mapping[str, object]) -> str:
    if claims.get("email_verified") is not True:
        raise EmailNotVerified
    try:
        return User.objects.normalize_email(
            StrictEmailField(max_length=254).run_validation(claims.get("email"))
        )
    except ValidationError as error:
        raise EmailNotVerified from error
