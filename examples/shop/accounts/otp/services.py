"""Enrol a second factor, check its codes, and log in with one.

The factor is a secret that the shop and an authenticator app share. Its code is HOTP (RFC 4226) over the number of half
minutes since 1970, which makes it TOTP (RFC 6238), with six digits and SHA-1, since most apps know nothing else.
"""

import base64
import hashlib
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django_otp.oath import TOTP
from gatekeeper.buckets import Decision, bucket

from shop.accounts.models import User
from shop.accounts.otp.models import Factor, RecoveryCode
from shop.accounts.otp.secrets import UnreadableSecret, decrypt, encrypt
from shop.accounts.step_up import PASSWORD, SECOND_FACTOR

SECRET_BYTES = 20  # RFC 4226 section 4, R6 recommends 160 bits
RECOVERY_CODES = 10
RECOVERY_BYTES = 15  # 120 bits: enough for a plain hash (OWASP ASVS 5.0, 6.5.2)
CHALLENGE_LIFETIME = timedelta(minutes=5)
SALT = "shop.accounts.otp.challenge"
# Five tries at once, then one in five minutes: 288 a day, each of which hits one of three valid codes of a million.
TRIES = bucket("second-factor", capacity=5, refill_per_second=Fraction(1, 300))
logger = logging.getLogger(__name__)


class AlreadyEnrolled(Exception):
    """The user has a confirmed factor; it is removed before another one is enrolled."""


class NotEnrolled(Exception):
    """The user has no factor that this could be done to."""


class WrongCode(Exception):
    """No code of this moment and no unused recovery code is this one, or it was used before."""


class TooManyTries(Exception):
    """The user's tries are used up; `decision` says when the next one is let through."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"wait {decision.retry_after_seconds} seconds")
        self.decision = decision


class BadChallenge(Exception):
    """The challenge is not ours, has ended, was answered, or the password has changed since."""


# --8<-- [start:matching_step]
def matching_step(*, secret: bytes, code: str, now: datetime, after: int) -> int | None:
    """The time step whose code is `code`: this one, the one before or the next; None where it is none of them.

    Args:
        secret: what the app has too.
        code: six digits.
        now: the shop's time, never the client's (OWASP ASVS 5.0, 6.5.8).
        after: the last step that was accepted. A code works once (RFC 6238 section 5.2), and the steps before it
            are over.
    """
    totp = TOTP(secret)
    totp.time = now.timestamp()
    return totp.t() if totp.verify(int(code), tolerance=1, min_t=after + 1) else None


# --8<-- [end:matching_step]


def is_enrolled(user: User) -> bool:
    """Whether `user` has a factor that was confirmed."""
    return Factor.objects.filter(user=user, confirmed_at__isnull=False).exists()


def enrol(*, user: User, secret: bytes, now: datetime) -> str:
    """Give `user` a factor that guards nothing until a first code confirms it.

    Args:
        user: whose it is; an earlier factor that was never confirmed is forgotten.
        secret: `SECRET_BYTES` from a cryptographic source (OWASP ASVS 5.0, 6.5.3).
        now: when.

    Returns:
        The address that an authenticator app reads from a QR code. It holds the secret and is never shown again.

    Raises:
        AlreadyEnrolled: `user` has a confirmed factor.
    """
    values = {"secret": encrypt(secret), "created_at": now, "last_step": -1}
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two enrolments at one moment: one after the other
        if is_enrolled(user):
            raise AlreadyEnrolled
        Factor.objects.update_or_create(user=user, defaults=values)
    query = {"secret": base32(secret), "issuer": "Shop", "algorithm": "SHA1", "digits": 6, "period": 30}
    return f"otpauth://totp/Shop:{quote(user.email)}?{urlencode(query)}"


def base32(secret: bytes) -> str:
    """`secret` as people type it into an app."""
    return base64.b32encode(secret).decode()


def confirm(*, user: User, code: str, now: datetime, random_bytes: Callable[[int], bytes]) -> list[str]:
    """Put the enrolled factor into force, since its app shows the right code.

    Returns:
        The recovery codes, in clear for the only time.

    Raises:
        AlreadyEnrolled: it is in force.
        NotEnrolled: nothing is enrolled.
        TooManyTries: five tries were made, and the next is not due yet.
        WrongCode: the app has another secret, or another time.
    """
    _take_a_try(user.pk, now)
    with transaction.atomic():
        factor = Factor.objects.select_for_update().filter(user=user).first()
        if factor is None:
            raise NotEnrolled
        if factor.confirmed_at is not None:
            raise AlreadyEnrolled
        if not _accept(factor, code, now):
            raise WrongCode
        factor.confirmed_at = now
        factor.save()
        return _replace_recovery_codes(factor, random_bytes)


def remove(*, user: User) -> None:
    """Forget the factor of `user` and its recovery codes. Raises `NotEnrolled`."""
    deleted, _ = Factor.objects.filter(user=user).delete()
    if not deleted:
        raise NotEnrolled


def new_recovery_codes(*, user: User, random_bytes: Callable[[int], bytes]) -> list[str]:
    """Replace all recovery codes of `user`, used or not, and return them for the only time. Raises `NotEnrolled`."""
    with transaction.atomic():
        factor = Factor.objects.select_for_update().filter(user=user, confirmed_at__isnull=False).first()
        if factor is None:
            raise NotEnrolled
        return _replace_recovery_codes(factor, random_bytes)


# --8<-- [start:check]
def check(*, user_id: int, code: str, now: datetime, accepted: int | None = None) -> None:
    """Accept a code once: six digits of the app, or a recovery code.

    Args:
        user_id: whose factor.
        code: what the user typed; the case of a recovery code is ignored.
        now: the shop's time.
        accepted: how many codes were accepted when a challenge was made; None where there is none.

    Raises:
        NotEnrolled: there is no confirmed factor.
        BadChallenge: another code was accepted since `accepted` were.
        TooManyTries: five tries were made, and the next is not due yet.
        WrongCode: it is none, or was used (OWASP ASVS 5.0, 6.5.1).
    """
    _take_a_try(user_id, now)
    with transaction.atomic():
        # Locked, so that of two requests with one code the second sees what the first wrote.
        factor = Factor.objects.select_for_update().filter(pk=user_id, confirmed_at__isnull=False).first()
        if factor is None:
            raise NotEnrolled
        if accepted not in (None, factor.accepted):
            raise BadChallenge
        if not _accept(factor, code, now):
            raise WrongCode
        factor.save()


# --8<-- [end:check]


def new_challenge(*, user: User, now: datetime) -> str:
    """What a right password is exchanged for, where a code must follow; empty where `user` has no factor.

    It names the user and ends in five minutes, with the next code that is accepted, or with a change of the password.
    """
    accepted = (
        Factor.objects.filter(user=user, confirmed_at__isnull=False)
        .values_list("accepted", flat=True)
        .first()
    )
    if accepted is None:
        return ""
    until = int((now + CHALLENGE_LIFETIME).timestamp())
    return signing.dumps([user.pk, accepted, until, user.get_session_auth_hash()], salt=SALT)


def answer_challenge(*, challenge: str, code: str, now: datetime) -> User:
    """The user who may be logged in: the password was right before, and the code is now.

    Raises:
        BadChallenge: start again with the password.
        TooManyTries: five tries were made, and the next is not due yet.
        WrongCode: the challenge holds, the code does not.
    """
    try:
        user_id, accepted, until, password = signing.loads(challenge, salt=SALT)
    except signing.BadSignature as error:
        raise BadChallenge from error
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or now.timestamp() >= until:
        raise BadChallenge
    if not constant_time_compare(password, user.get_session_auth_hash()):
        raise BadChallenge
    try:
        check(user_id=user.pk, code=code, now=now, accepted=accepted)
    except NotEnrolled as error:
        raise BadChallenge from error
    return user


def recognise(*, user: User, credential: str, now: datetime) -> str:
    """Check again that it is `user`: by a code of the second factor, or by the password where there is none.

    Args:
        user: who sends the request.
        credential: a code, a recovery code, or the password.
        now: the shop's time.

    Returns:
        `SECOND_FACTOR` or `PASSWORD`, for the claim `acr`.

    Raises:
        TooManyTries: five tries were made, and the next is not due yet.
        WrongCode: it does not hold.
    """
    try:
        check(user_id=user.pk, code=credential, now=now)
    except NotEnrolled as error:
        if user.check_password(credential):
            return PASSWORD
        raise WrongCode from error
    return SECOND_FACTOR


def _take_a_try(user_id: int, now: datetime) -> None:
    # Before the code is looked at: tries at one moment cannot all be the fifth.
    if not settings.RATE_LIMITED:
        return
    decision = TRIES.take(user_id, now.timestamp())
    if not decision.allowed:
        raise TooManyTries(decision)


def _accept(factor: Factor, code: str, now: datetime) -> bool:
    """Use `code` up, on the locked `factor`, which the caller saves."""
    if not re.fullmatch("[0-9]{6}", code):
        used, _ = factor.recovery_codes.filter(digest=_digest(code)).delete()
        factor.accepted += used
        return used == 1
    try:
        secret = decrypt(factor.secret)
    except UnreadableSecret:
        logger.exception("The second factor of user %s cannot be read; recovery codes still work.", factor.pk)
        return False
    step = matching_step(secret=secret, code=code, now=now, after=factor.last_step)
    if step is None:
        return False
    factor.last_step = step
    factor.accepted += 1
    return True


def _replace_recovery_codes(factor: Factor, random_bytes: Callable[[int], bytes]) -> list[str]:
    codes = [_grouped(base32(random_bytes(RECOVERY_BYTES)).lower()) for _ in range(RECOVERY_CODES)]
    factor.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(factor=factor, digest=_digest(code)) for code in codes)
    return codes


def _grouped(text: str) -> str:
    return "-".join(re.findall(".{6}", text))


def _digest(recovery_code: str) -> str:
    return hashlib.sha256(recovery_code.lower().encode()).hexdigest()
