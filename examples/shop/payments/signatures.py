"""Sign a message between the shop and the payment provider, and refuse one that is forged or old.

The header is `Shop-Signature: t=<seconds since 1970>,v1=<HMAC-SHA-256, in hexadecimal>`, over the time, a dot and
the body as it was sent.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence

HEADER = "Shop-Signature"
FORM = r"^t=[0-9]{1,12},v1=[0-9a-f]{64}$"
TOLERANCE_SECONDS = 300


class BadSignature(Exception):
    """Nobody who knows a secret has signed this, or it was signed too long ago."""


# --8<-- [start:signatures]
def sign(body: bytes, *, secret: str, now: float) -> str:
    """The value of the header for `body`, sent at `now`, in seconds since 1970."""
    text = f"{int(now)}.".encode() + body
    return f"t={int(now)},v1={hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}"


def verify(body: bytes, signature: str, *, secrets: Sequence[str], now: float) -> None:
    """Check the signature of a body before anybody reads what is in it (RFC 2104; OWASP ASVS 5.0, 11.2.4).

    Args:
        body: as it came, byte by byte: JSON that is read and written again has other bytes.
        signature: the header's value.
        secrets: any of them may have signed, so that one can be changed without losing a message.
        now: in seconds since 1970.

    Raises:
        BadSignature: no secret fits, or the time is more than `TOLERANCE_SECONDS` away.
    """
    if not re.fullmatch(FORM, signature):
        raise BadSignature("no signature of the form t=…,v1=…")
    sent = int(signature[2:].partition(",")[0])
    # Every secret is tried and compared in constant time: how long it takes tells nothing about them.
    fits = [
        hmac.compare_digest(sign(body, secret=secret, now=sent), signature) for secret in secrets if secret
    ]
    if not any(fits):
        raise BadSignature("signed by nobody we know")
    if abs(now - sent) > TOLERANCE_SECONDS:
        raise BadSignature("signed too long ago, or in the future")


# --8<-- [end:signatures]
