"""Step-up: what is sensitive asks for a log-in of the last five minutes, with the strongest means that the user has.

A stolen access token, or a browser left open, then cannot take the account over (OWASP ASVS 5.0, 7.5.1).
How and when somebody logged in stands in the claims `acr` and `auth_time` of a token, and under these names in a
session.
"""

from collections.abc import Mapping
from datetime import datetime

from conventions import problems
from conventions.spec import problem_response
from django.apps import apps
from django.contrib.sessions.backends.base import SessionBase
from rest_framework.request import Request

from shop.accounts.models import User

FRESH_SECONDS = 300
PASSWORD, SECOND_FACTOR, PROVIDER = "password", "second-factor", "provider"
KIND = "insufficient-authentication"
TITLE = "Log in again first"
FRESH = problem_response(
    "No valid access token was sent, or the log-in is older than five minutes or too weak: step up.",
    kind=KIND,
    title=TITLE,
)


def authentication(acr: str, at: datetime) -> dict[str, object]:
    """What a token or a session keeps of a log-in.

    Args:
        acr: `PASSWORD`, `SECOND_FACTOR` or `PROVIDER`.
        at: when the user proved it.
    """
    return {"acr": acr, "auth_time": int(at.timestamp())}


class SecondFactorNeeded(Exception):
    """The password was right and does not suffice: a code must follow."""


def second_factor_challenge(user: User, *, now: datetime) -> str:
    """What a right password is exchanged for where a code must follow; empty where `user` has no second factor."""
    if not apps.is_installed("shop.accounts.otp"):
        return ""
    from shop.accounts.otp import services

    return services.new_challenge(user=user, now=now)


def has_second_factor(user: User) -> bool:
    """Whether `user` has a second factor in force."""
    if not apps.is_installed("shop.accounts.otp"):
        return False
    from shop.accounts.otp import services

    return services.is_enrolled(user)


# --8<-- [start:require_fresh]
def accepted_means(user: User) -> tuple[str, ...]:
    """The strongest means that `user` has."""
    return (SECOND_FACTOR,) if has_second_factor(user) else (PASSWORD, PROVIDER)


def is_fresh(held: Mapping[str, object], *, accepted: tuple[str, ...], now: datetime) -> bool:
    """Whether a token or a session was begun, or stepped up, within five minutes by one of the `accepted` means."""
    age_seconds = now.timestamp() - held.get("auth_time", 0)
    return held.get("acr") in accepted and age_seconds <= FRESH_SECONDS


def require_fresh(request: Request, *, now: datetime) -> None:
    """Let through whoever logged in, or stepped up, within five minutes by the strongest means that the user has.

    Raises:
        Problem: 401, with the challenge of RFC 9470 section 3: what is wanted, and how recent.
    """
    held = request.session if request.auth is None else request.auth
    accepted = accepted_means(request.user)
    if is_fresh(held, accepted=accepted, now=now):
        return
    wanted = f'acr_values="{accepted[0]}", max_age="{FRESH_SECONDS}"'
    raise problems.Problem(
        status=401,
        kind=KIND,
        title=TITLE,
        detail=f"This asks for a log-in by {accepted[0]} within the last {FRESH_SECONDS} seconds. "
        "Log in again, or POST /api/v1/users/step-up/.",
        headers={
            "WWW-Authenticate": f'{problems.challenge()}, error="insufficient_user_authentication", {wanted}'
        },
    )


# --8<-- [end:require_fresh]


def step_up(request: Request, proof: dict[str, object]) -> dict[str, str]:
    """Note in the session, or in a new access token, how the user was just recognised.

    Args:
        request: of a user who is logged in.
        proof: what `authentication` returned.

    Returns:
        `{"access": …}` where a token was sent: the same one with `proof`, and with an end of its own. Nothing where
        a session was: it gets a new id (OWASP ASVS 5.0, 7.2.4).
    """
    if request.auth is None:
        step_up_session(request.session, proof)
        return {}
    access = type(request.auth)()
    for name, value in (request.auth.payload | proof).items():
        if name not in ("exp", "iat", "jti"):
            access[name] = value
    return {"access": str(access)}


def step_up_session(session: SessionBase, proof: dict[str, object]) -> None:
    """Note in `session`, under a new id, how its user was just recognised."""
    session.cycle_key()
    session.update(proof)
