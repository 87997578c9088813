"""How often somebody may try passwords: three buckets, of which each stops what the others do not see."""

import hashlib
from fractions import Fraction

from conventions.problems import Problem
from django.conf import settings
from django.http import HttpRequest

# --8<-- [start:attempts]
# One address tries many accounts, one address tries one account, many addresses try one account (ASVS 5.0, 6.3.1).
BY_ADDRESS = {"name": "login-address", "capacity": 30, "refill_per_second": Fraction(30, 60)}
BY_BOTH = {"name": "login-account-address", "capacity": 10, "refill_per_second": Fraction(1, 60)}
BY_ACCOUNT = {"name": "login-account", "capacity": 100, "refill_per_second": Fraction(100, 3600)}


def take_attempt(request: HttpRequest, email: str) -> dict[str, str]:
    """Count one try to log in to the account of `email`, right or wrong.

    A try that one bucket refuses takes nothing from the next, so a single address cannot empty the bucket that
    keeps an account's owner waiting: that takes many addresses, and ends when they end.

    Returns:
        The header fields that tell how many tries are left.

    Raises:
        Problem: 429, with `Retry-After`; the password was not looked at.
    """
    if not settings.RATE_LIMITED:
        return {}
    from gatekeeper.addresses import group_of, of_request  # not in the page, which has no neighbours
    from gatekeeper.buckets import bucket, headers

    address = group_of(of_request(request))
    account = hashlib.sha256(email.lower().encode()).hexdigest()[:32]  # a store of buckets needs no addresses
    decisions = []
    for limit, key in ((BY_ADDRESS, address), (BY_BOTH, f"{account} {address}"), (BY_ACCOUNT, account)):
        decisions.append(bucket(**limit).take(key))
        if not decisions[-1].allowed:
            raise Problem(
                status=429,
                kind="too-many-attempts",
                title="Too many tries to log in",
                detail=f"Wait {decisions[-1].retry_after_seconds} seconds. Who is logged in stays logged in.",
                headers=headers(decisions[-1]),
            )
    return headers(*decisions)


# --8<-- [end:attempts]
