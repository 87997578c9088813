"""What the tests of the second factor share: a clock that they move, and a user with an authenticator app."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as configured
from django.utils import timezone
from django_otp.oath import hotp
from gatekeeper.buckets import MEMORY

from shop.accounts.models import User
from shop.conftest import PASSWORD, ApiClient

collect_ignore = [] if "postgresql" in configured.DATABASES["default"]["ENGINE"] else ["test_race.py"]


@pytest.fixture(autouse=True)
def _full_buckets(settings: object) -> Iterator[None]:
    settings.RATE_LIMITED = True
    yield
    MEMORY.clear()


class Clock:
    """The shop's time. It starts ten minutes ago, ten seconds into a step, so that no token comes from the future."""

    def __init__(self) -> None:
        self.now = datetime.fromtimestamp(datetime.now(UTC).timestamp() // 30 * 30 - 590, UTC)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@dataclass
class App:
    """An authenticator app, which knows a secret and has a clock."""

    secret: bytes
    clock: Clock

    def code(self, steps: int = 0) -> str:
        """The code of this moment, or of so many steps later."""
        return f"{hotp(self.secret, int(self.clock.now.timestamp()) // 30 + steps):06}"


@dataclass
class Person:
    """A user who logs in by hand: `client` has the access token."""

    user: User
    client: ApiClient
    app: App | None = None
    recovery_codes: tuple[str, ...] = ()

    def post(self, path: str, body: object = None) -> object:
        return self.client.post_json(f"/api/v1/users/{path}", {} if body is None else body)

    def challenge(self) -> str:
        answer = ApiClient().post_json(
            "/api/v1/users/login/", {"email": self.user.email, "password": PASSWORD}
        )
        assert 202 == answer.status_code, answer.content
        return answer.json()["challenge"]


@pytest.fixture
def ada(customer: User, clock: Clock) -> Person:  # noqa: ARG001
    """A customer who has logged in a moment ago, without a second factor."""
    answer = ApiClient().post_json("/api/v1/users/login/", {"email": customer.email, "password": PASSWORD})
    return Person(customer, ApiClient(answer.json()["access"]))


@pytest.fixture
def guarded(ada: Person, clock: Clock) -> Person:
    """A customer with a second factor in force, who has used no code but the first, five minutes ago."""
    clock.wait(-300)
    shown = ada.client.post("/api/v1/users/me/second-factor/").json()
    ada.app = App(base64.b32decode(shown["secret"]), clock)
    confirmed = ada.post("me/second-factor/confirm/", {"code": ada.app.code()})
    ada.recovery_codes = tuple(confirmed.json()["recovery_codes"])
    clock.wait(300)
    MEMORY.clear()
    return ada
