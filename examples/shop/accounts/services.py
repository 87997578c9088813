"""Register, log in, renew tokens, log out, change a password, an address or a role."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError

from shop.accounts.models import EmailChange, Role, TokenFamily, User
from shop.accounts.step_up import PASSWORD, SecondFactorNeeded, authentication, second_factor_challenge
from shop.accounts.tokens import Refresh
from shop.outbox.services import publish

EMAIL_CHANGE_LIFETIME = timedelta(hours=1)
CURRENT, NEW = "current", "new"
CONFIRMATIONS = signing.Signer(salt="shop.accounts.email_change")
logger = logging.getLogger(__name__)


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


class OwnAccount(Exception):
    """Admins do not change their own role and do not close their own account, so that one is always left."""


# --8<-- [start:log_in]
def log_in(*, email: str, password: str, now: datetime | None = None) -> Tokens:
    """Exchange credentials for tokens, which begin a new family.

    Args:
        now: when it happens; None for this moment.

    Raises:
        WrongCredentials: as `check_credentials` does.
        SecondFactorNeeded: the password is right, and the user has a second factor.
    """
    now = now or timezone.now()
    user = check_credentials(email=email, password=password)
    if second_factor_challenge(user, now=now):
        raise SecondFactorNeeded
    return begin_tokens(user=user, now=now, claims=authentication(PASSWORD, now))


def check_credentials(*, email: str, password: str) -> User:
    """The active user who has this address and this password.

    An unknown address costs one password hash too, so neither the answer nor its time tells whether it is
    registered (OWASP ASVS 5.0, 6.3.8). A hash that is weaker than today's is made anew.

    Raises:
        WrongCredentials: the address is unknown, the password is wrong, or the user is not active.
    """
    user = authenticate(username=email, password=password)
    if user is None:
        raise WrongCredentials
    return user


# --8<-- [end:log_in]


def begin_tokens(*, user: User, now: datetime, claims: Mapping[str, object] | None = None) -> Tokens:
    """Two tokens that begin a new family, for a user who has shown who they are.

    Args:
        claims: more claims for both tokens; every later token of the family has them too.
    """
    refresh = Refresh.for_user(user)
    refresh.payload |= claims or {}
    family = TokenFamily(user=user, began_at=now)
    refresh["sid"] = str(family.pk)
    family.expires_at = _date(refresh, began_at=now, now=now)
    family.newest = refresh["jti"]
    family.save(force_insert=True)
    return Tokens(access=str(refresh.access_token), refresh=str(refresh))


# --8<-- [start:renew]
def renew(*, refresh: str, now: datetime | None = None) -> Tokens:
    """Exchange a refresh token for two new tokens of its family; it can be used once.

    Whoever uses it again has it from somebody else, or somebody else has it: which of the two is not to be told,
    so the whole family ends (RFC 9700 section 4.14.2). It also ends 30 days after the log-in.

    Args:
        now: when it happens; None for this moment.

    Raises:
        BadToken: the signature, issuer, audience, kind or expiry does not hold (RFC 8725 section 3), it was used
            before, its family has ended, or its user is gone or not active.
    """
    now = now or timezone.now()
    try:
        used = Refresh(refresh)
    except TokenError as error:
        raise BadToken from error
    family = TokenFamily.objects.filter(
        pk=used.get("sid"), ended_at=None, expires_at__gt=now, user__is_active=True
    ).first()
    if family is None:
        raise BadToken
    fresh = Refresh()
    fresh.payload |= {
        name: value for name, value in used.payload.items() if name not in Refresh.no_copy_claims
    }
    expires_at = _date(fresh, began_at=family.began_at, now=now)
    # One statement asks whether it is the newest and replaces it, so of two at one moment one is the second.
    newest = TokenFamily.objects.filter(pk=family.pk, newest=used["jti"], ended_at=None)
    if not newest.update(newest=fresh["jti"], expires_at=expires_at):
        TokenFamily.objects.filter(pk=family.pk, ended_at=None).update(ended_at=now)
        logger.warning("a used refresh token came again: user %s, family %s", family.user_id, family.pk)
        raise BadToken
    return Tokens(access=str(fresh.access_token), refresh=str(fresh))


# --8<-- [end:renew]


def _date(token: Refresh, *, began_at: datetime, now: datetime) -> datetime:
    """Say in `token` when it was made and when it ends; the end."""
    end = min(now + token.lifetime, began_at + settings.LONGEST_LOGIN)
    token.current_time = now
    token.set_iat(at_time=now)
    token["exp"] = int(end.timestamp())
    return end


def end_tokens(*, family_id: str | UUID, now: datetime) -> bool:
    """Log out one log-in: every token of the family is refused from now on. Whether this call ended it."""
    return TokenFamily.objects.filter(pk=family_id, ended_at=None).update(ended_at=now) == 1


@transaction.atomic
def log_out_everywhere(*, user: User, now: datetime) -> int:
    """End all tokens and all sessions of `user` (OWASP ASVS 5.0, 7.4.3), and the wish for another address.

    Returns:
        How many families of tokens ended.
    """
    User.objects.filter(pk=user.pk).update(generation=F("generation") + 1)
    EmailChange.objects.filter(user=user).delete()
    return TokenFamily.objects.filter(user=user, ended_at=None).update(ended_at=now)


@transaction.atomic
def change_password(*, user: User, current: str, new: str, now: datetime) -> None:
    """Change a password and end all tokens and sessions, also the one that asks: whoever knew the old one is out.

    Args:
        current: the password until now (OWASP ASVS 5.0, 6.2.3).
        new: in clear; only its hash is stored.

    Raises:
        WrongCredentials: `current` is not the password.
        WeakPassword: `new` breaks a rule of `AUTH_PASSWORD_VALIDATORS`.
    """
    if not user.check_password(current):
        raise WrongCredentials
    try:
        validate_password(new, user=user)
    except ValidationError as error:
        raise WeakPassword(error.messages) from error
    user.set_password(new)
    user.save(update_fields=["password"])
    log_out_everywhere(user=user, now=now)


# --8<-- [start:ask_email]
@transaction.atomic
def ask_email(*, user: User, email: str, by_second_factor: bool, now: datetime) -> EmailChange:
    """Write down that `user` wants another address, and have both addresses told of it.

    The new address must agree. So must the present one, unless the user has just given a code of a second factor:
    a password alone is what a thief has too (OWASP Authentication Cheat Sheet, Changing A User's Registered Email
    Address). What happens here does not depend on whether somebody has the new address already.

    Args:
        user: who asks, freshly logged in.
        email: the address from now on; its case is ignored.
        by_second_factor: whether the user gave a code.
        now: when; what is not confirmed within `EMAIL_CHANGE_LIFETIME` is forgotten.
    """
    User.objects.select_for_update().get(pk=user.pk)  # of two wishes at one moment the second one counts
    EmailChange.objects.filter(user=user).delete()
    change = EmailChange.objects.create(
        user=user, email=User.objects.normalize_email(email), by_second_factor=by_second_factor, asked_at=now
    )
    publish(topic="email.asked", payload={"change": str(change.pk)}, key=f"user:{user.pk}", now=now)
    return change


# --8<-- [end:ask_email]


def confirmation(change: EmailChange, place: str) -> str:
    """The token by which whoever reads the mail of an address agrees; it is signed and kept nowhere.

    Args:
        change: what to agree to.
        place: `CURRENT` or `NEW`, the address that it is sent to.
    """
    return CONFIRMATIONS.sign_object([str(change.pk), place])


# --8<-- [start:confirm_email]
@transaction.atomic
def confirm_email(*, token: str, now: datetime) -> bool:
    """Note that an address agreed; when all have that must, the user has the new one, and every log-in ends.

    Returns:
        Whether the address has changed; False where the other one has to agree too.

    Raises:
        BadToken: it is not ours, has ended, was used, or the user's account is closed.
        EmailTaken: somebody has registered the address meanwhile; whoever asks can read its mail.
    """
    try:
        number, place = CONFIRMATIONS.unsign_object(token)
    except signing.BadSignature as error:
        raise BadToken from error
    agreed = {CURRENT: "current_agreed_at", NEW: "new_agreed_at"}[place]
    # The user's row first, as everywhere: two mails answered at one moment wait for each other, and never in a ring.
    user = User.objects.select_for_update(of=("self",)).filter(email_change=number, is_active=True).first()
    waiting = EmailChange.objects.filter(asked_at__gt=now - EMAIL_CHANGE_LIFETIME, **{agreed: None})
    change = waiting.filter(pk=number).first()
    if user is None or change is None:
        raise BadToken
    setattr(change, agreed, now)
    change.save(update_fields=[agreed])
    if not change.new_agreed_at or not (change.current_agreed_at or change.by_second_factor):
        return False
    old, user.email = user.email, change.email
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError as error:
        raise EmailTaken(change.email) from error
    log_out_everywhere(user=user, now=now)
    told = {"change": str(number), "old": old, "new": user.email}
    publish(topic="email.changed", payload=told, key=f"user:{user.pk}", now=now)
    return True


# --8<-- [end:confirm_email]


def get_user(*, user_id: int, reader: User) -> User:
    """A user, for an admin or for that user.

    Raises:
        User.DoesNotExist: there is no such user, or it is somebody else; which of the two is not told.
    """
    readable = User.objects.all() if reader.role == Role.ADMIN else User.objects.filter(pk=reader.pk)
    return readable.get(pk=user_id)


@transaction.atomic
def change_access(*, user_id: int, admin: User, changes: Mapping[str, object], now: datetime) -> User:
    """Give a user another role, or close or open the account.

    Tokens and sessions of the user end, so that nothing goes on with the rights of before (OWASP ASVS 5.0, 7.2.4
    and 7.4.2).

    Args:
        changes: `role`, `is_active` or both.

    Raises:
        User.DoesNotExist: there is no such user.
        OwnAccount: it is the account of the admin who asks.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if user.pk == admin.pk:
        raise OwnAccount
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=[*changes])
    log_out_everywhere(user=user, now=now)
    return user


def forget_logins(*, now: datetime) -> int:
    """Delete wishes for another address that have ended, and the token families of which no token can be used any more.

    Returns:
        How many families there were.
    """
    EmailChange.objects.filter(asked_at__lte=now - EMAIL_CHANGE_LIFETIME).delete()
    return TokenFamily.objects.filter(expires_at__lte=now).delete()[0]
