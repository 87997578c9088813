"""Talk to an OpenID provider: authorization code flow with PKCE (OpenID Connect Core 3.1, RFC 7636, RFC 9700).

Nothing that comes back through the browser is believed before it was checked against what the flow began with.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHM = "RS256"  # the only one accepted, whatever a token or the provider says: RFC 8725 section 3.1
SCOPE = "openid email"
LEEWAY_SECONDS = 30  # between the clocks
TIMEOUT_SECONDS = 5


class ProviderDown(Exception):
    """The provider did not answer, or answered something else than it must."""


class BadAnswer(Exception):
    """The answer does not belong to this flow, or does not hold; the message says which rule it broke."""


class Denied(Exception):
    """The person, or the provider, said no."""


@dataclass(frozen=True)
class Client:
    """The shop as the provider knows it.

    Attributes:
        issuer: the provider, as its metadata and its tokens write it, without a slash at the end.
        client_id: our name there.
        client_secret: our password there.
        redirect_uri: where the browser brings the code; the provider has the same string registered.
    """

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True)
class Flow:
    """What one log-in began with; it stays in the session of the browser that began it.

    Attributes:
        state: comes back with the code, so that nobody can bring theirs (RFC 9700 section 4.7.1).
        nonce: comes back in the ID token, so that it is of this flow.
        verifier: the secret behind the `code_challenge`; a stolen code is worth nothing without it.
    """

    state: str
    nonce: str
    verifier: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def discover(client: Client) -> dict[str, object]:
    """The provider's metadata (OpenID Connect Discovery 4). Raises `ProviderDown`."""
    metadata = _get_json(f"{client.issuer}/.well-known/openid-configuration")
    if metadata.get("issuer") != client.issuer:  # OWASP ASVS 5.0, 10.5.3
        raise ProviderDown(f"the metadata of {client.issuer} is that of another issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not _is_safe(str(metadata.get(name, ""))):
            raise ProviderDown(f"{name} is neither HTTPS nor on this machine")
    return metadata


# --8<-- [start:begin]
def begin(client: Client, *, new_secret: Callable[[], str], log_in_again: bool = False) -> tuple[str, Flow]:
    """Where to send the browser, and what to keep until it comes back.

    Args:
        client: the shop, as the provider knows it.
        new_secret: makes 43 random characters or more (RFC 7636 section 4.1).
        log_in_again: have the provider ask for its password even where it knows the browser.

    Raises:
        ProviderDown: there is nowhere to send it.
    """
    flow = Flow(state=new_secret(), nonce=new_secret(), verifier=new_secret())
    url, _ = _session(client).create_authorization_url(
        discover(client)["authorization_endpoint"],
        state=flow.state,
        nonce=flow.nonce,
        code_verifier=flow.verifier,
        **({"prompt": "login"} if log_in_again else {}),
    )
    return url, flow


# --8<-- [end:begin]


# --8<-- [start:finish]
def finish(client: Client, flow: Flow, answer: Mapping[str, str], *, now: datetime) -> dict[str, object]:
    """Exchange the code that the browser brought for the claims of an ID token.

    Args:
        client: the shop, as the provider knows it.
        flow: what this log-in began with.
        answer: the query parameters of the callback.
        now: the shop's time.

    Raises:
        BadAnswer: the answer is not for this flow, or the ID token does not hold.
        Denied: there is no code, because somebody said no.
        ProviderDown: the code could not be exchanged.
    """
    metadata = discover(client)
    if not hmac.compare_digest(answer.get("state", "").encode(), flow.state.encode()):
        raise BadAnswer("state")
    if "error" in answer or "code" not in answer:
        raise Denied(answer.get("error", "no code"))
    names_itself = metadata.get("authorization_response_iss_parameter_supported") or "iss" in answer
    if names_itself and answer.get("iss") != client.issuer:  # a mix-up of providers: RFC 9207 section 2.4
        raise BadAnswer("iss")
    tokens = _exchange(client, metadata["token_endpoint"], code=answer["code"], verifier=flow.verifier)
    return read_id_token(
        str(tokens.get("id_token", "")),
        keys=_get_json(metadata["jwks_uri"]),
        client=client,
        nonce=flow.nonce,
        access_token=str(tokens.get("access_token", "")),
        now=now,
    )


# --8<-- [end:finish]


# --8<-- [start:read_id_token]
def read_id_token(
    id_token: str, *, keys: Mapping[str, object], client: Client, nonce: str, access_token: str, now: datetime
) -> dict[str, object]:
    """The claims of an ID token that is for us, of now and of this flow (OpenID Connect Core 3.1.3.7).

    Raises:
        BadAnswer: the signature, algorithm, issuer, audience, times, `nonce` or `at_hash` does not hold.
    """
    expected = {
        "iss": {"essential": True, "value": client.issuer},
        "aud": {"essential": True, "value": client.client_id},
        "nonce": {"essential": True, "value": nonce},
    }
    parameters = {"client_id": client.client_id, "access_token": access_token}
    try:
        token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=[ALGORITHM])
        claims = CodeIDToken(token.claims, token.header, expected, parameters)
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise BadAnswer("the ID token does not hold") from error
    return dict(claims)


# --8<-- [end:read_id_token]


def _exchange(client: Client, endpoint: str, *, code: str, verifier: str) -> Mapping[str, object]:
    try:
        with _session(client) as session:
            return session.fetch_token(
                endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                allow_redirects=False,
            )
    except AuthlibBaseError as error:
        raise BadAnswer("the provider refused the code") from error
    except (requests.RequestException, ValueError) as error:
        raise ProviderDown("the code could not be exchanged") from error


def _session(client: Client) -> OAuth2Session:
    return OAuth2Session(
        client.client_id,
        client.client_secret,
        scope=SCOPE,
        redirect_uri=client.redirect_uri,
        code_challenge_method="S256",
        default_timeout=TIMEOUT_SECONDS,
    )


def _get_json(url: str) -> dict[str, object]:
    try:
        answer = requests.get(url, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        document = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise ProviderDown(f"{url} cannot be read") from error
    if answer.status_code != requests.codes.ok or not isinstance(document, dict):
        raise ProviderDown(f"{url} is no document")
    return document


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    )
