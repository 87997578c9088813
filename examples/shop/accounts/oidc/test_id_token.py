"""An ID token is believed only if everything in it holds: each test changes one thing of one that does."""

import base64
import hmac
import json
from datetime import UTC, datetime

import pytest
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from shop.accounts.oidc.provider import BadAnswer, Client, read_id_token

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
CLIENT = Client("https://id.example", "shop", "secret", "https://shop.example/callback/")
KEY = RSAKey.generate_key(2048, {"kid": "one"})  # which does not say for which algorithm it is
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})
KEYS = {"keys": [KEY.as_dict(private=False)]}
CLAIMS = {
    "iss": CLIENT.issuer,
    "aud": CLIENT.client_id,
    "sub": "7",
    "nonce": "the nonce",
    "exp": SECONDS + 300,
    "iat": SECONDS,
    "at_hash": create_half_hash("the access token", "RS256").decode(),
}


def signed(
    changes: dict[str, object], *, key: object = KEY, algorithm: str = "RS256", kid: str = "one"
) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": kid}, claims, key, algorithms=[algorithm])


def by_hand(password: bytes) -> str:
    """HS256 with a password that no library would take for one."""
    parts = ({"alg": "HS256", "kid": "one"}, CLAIMS)
    text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(password, text, "sha256")).rstrip(b"=")
    return (text + b"." + signature).decode()


def read(id_token: str) -> dict[str, object]:
    return read_id_token(
        id_token, keys=KEYS, client=CLIENT, nonce="the nonce", access_token="the access token", now=NOW
    )


def test_a_token_made_here_as_a_provider_makes_it_is_believed():
    assert "7" == read(signed({}))["sub"]
    assert "7" == read(signed({"at_hash": None}))["sub"]  # optional: OpenID Connect Core 3.1.3.6
    assert "7" == read(signed({"aud": ["shop", "another"], "azp": "shop"}))["sub"]


FORGERIES = {
    "not signed (alg none)": lambda: jwt.encode(
        {"alg": "none"}, CLAIMS, OctKey.import_key("x"), algorithms=["none"]
    ),
    "signed with the public key as a password (HS256)": lambda: by_hand(KEY.as_pem(private=False)),
    "signed with our client secret (HS256)": lambda: signed(
        {}, key=OctKey.import_key(CLIENT.client_secret), algorithm="HS256"
    ),
    "signed with another algorithm of the same key": lambda: signed({"at_hash": None}, algorithm="RS512"),
    "signed with another key of the same name": lambda: signed({}, key=OTHER_KEY),
    "signed with a key that nobody published": lambda: signed({}, key=OTHER_KEY, kid="two"),
    "of another issuer": lambda: signed({"iss": "https://evil.example"}),
    "of an issuer that begins the same": lambda: signed({"iss": CLIENT.issuer + ".evil.example"}),
    "without an issuer": lambda: signed({"iss": None}),
    "for another client": lambda: signed({"aud": "another"}),
    "for nobody": lambda: signed({"aud": None}),
    "for us among others, asked for by another": lambda: signed(
        {"aud": ["shop", "another"], "azp": "another"}
    ),
    "for us among others, asked for by nobody knows whom": lambda: signed({"aud": ["shop", "another"]}),
    "for another client, asked for by us": lambda: signed({"aud": "another", "azp": "shop"}),
    "with the nonce of another flow": lambda: signed({"nonce": "another"}),
    "without a nonce": lambda: signed({"nonce": None}),
    "with an empty nonce": lambda: signed({"nonce": ""}),
    "expired": lambda: signed({"exp": SECONDS - 30}),
    "without an end": lambda: signed({"exp": None}),
    "from the future": lambda: signed({"iat": SECONDS + 31}),
    "not valid yet": lambda: signed({"nbf": SECONDS + 31}),
    "without a subject": lambda: signed({"sub": None}),
    "of another access token": lambda: signed({"at_hash": "x" * 22}),
    "of another person under the same signature": lambda: ".".join(
        [*signed({"sub": "8"}, key=OTHER_KEY).split(".")[:2], signed({}).rpartition(".")[2]]
    ),
    "no token": lambda: "",
    "not even close": lambda: "mug",
}


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("name", FORGERIES)
def test_a_token_that_does_not_hold_is_refused(name: str):
    with pytest.raises(BadAnswer):
        read(FORGERIES[name]())
