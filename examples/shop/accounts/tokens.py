"""Access and refresh tokens: JSON Web Tokens (RFC 7519) that name the key they were signed with."""

import hashlib

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken


# --8<-- [start:keys]
def key_id(key: str) -> str:
    """A public name for a secret key (the `kid` of RFC 7515 section 4.1.4); it does not tell the key."""
    return hashlib.sha256(b"kid:" + key.encode()).hexdigest()[:8]


class Keys(TokenBackend):
    """Signs with `SECRET_KEY`; verifies with the key that a token names, which may also be an old one.

    The algorithm is never taken from the token (RFC 8725 section 3.1), and a key that it names is looked up in a
    list of ours and nowhere else (section 3.10).
    """

    def encode(self, payload: dict[str, object]) -> str:
        key = settings.SECRET_KEY
        claims = payload | {"aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": key_id(key)})

    def get_verifying_key(self, token: str | bytes) -> str:
        known = {key_id(key): key for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)}
        name = jwt.get_unverified_header(token).get("kid")
        if name not in known:
            raise TokenBackendError("signed with no key of ours")
        return known[name]


# --8<-- [end:keys]

KEYS = Keys(api_settings.ALGORITHM, audience=api_settings.AUDIENCE, issuer=api_settings.ISSUER)


class Access(AccessToken):
    """Opens the API for its user while its family (`sid`) has not ended."""

    _token_backend = KEYS


class Refresh(RefreshToken):
    """Renews both tokens, once."""

    _token_backend = KEYS
    access_token_class = Access
