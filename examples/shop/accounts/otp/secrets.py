"""Keep a second factor's secret readable for the shop and for nobody who has only the database.

The secret cannot be hashed: each code is computed from it. So it is encrypted (RFC 6238 section 5.1), with a key that
the database does not hold. Whoever takes the running process, or its environment, has the secrets too; a key vault,
which OWASP ASVS 5.0, 13.3.1 asks for, would narrow that.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class UnreadableSecret(Exception):
    """None of the keys that are configured encrypted this secret."""


def encrypt(secret: bytes) -> str:
    """`secret` under the first key, as text."""
    return _keys().encrypt(secret).decode()


def decrypt(text: str) -> bytes:
    """The secret in `text`, whichever key encrypted it. Raises `UnreadableSecret`."""
    try:
        return _keys().decrypt(text)
    except InvalidToken as error:
        raise UnreadableSecret("encrypted under a key that FACTOR_KEYS no longer lists") from error


def _keys() -> MultiFernet:
    derived = map(_derived_key, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    return MultiFernet([Fernet(key) for key in settings.FACTOR_KEYS or derived])


def _derived_key(key: str) -> bytes:
    """A key from `key`, and only for this (RFC 5869 section 3.2)."""
    derived = HKDF(SHA256(), length=32, salt=None, info=b"shop second factor").derive(key.encode())
    return base64.urlsafe_b64encode(derived)
