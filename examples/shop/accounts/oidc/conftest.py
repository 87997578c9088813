"""What the tests of log-in by a provider share: one real provider for all of them, and people who use it."""

from collections.abc import Iterator

import pytest

from shop.conftest import ApiClient
from shop.provider.people import PASSWORD, PEOPLE
from shop.provider.running import Person, Running, running

CALLBACK = "http://testserver/api/v1/oidc/callback/"


@pytest.fixture(scope="session")
def provider_process() -> Iterator[Running]:
    with running(CALLBACK) as process:
        yield process


@pytest.fixture
def provider(provider_process: Running, settings: object) -> Running:
    """The provider, known to the shop."""
    settings.OIDC = {
        "issuer": provider_process.issuer,
        "client_id": "shop",
        "client_secret": provider_process.client_secret,
    }
    return provider_process


@pytest.fixture(scope="session")
def people(provider_process: Running) -> dict[str, Person]:  # noqa: ARG001
    """Everybody at the provider, whose browsers it knows after their first log-in."""
    return {name: Person(name, PASSWORD) for name in PEOPLE}


@pytest.fixture
def grace(provider: Running, people: dict[str, Person]) -> Person:  # noqa: ARG001
    """Somebody whose address the provider has verified."""
    return people["grace"]


@pytest.fixture
def mallory(provider: Running, people: dict[str, Person]) -> Person:  # noqa: ARG001
    """Somebody whose address it has not."""
    return people["mallory"]


@pytest.fixture
def shop(db: None) -> ApiClient:  # noqa: ARG001
    """A browser at the shop."""
    return ApiClient(enforce_csrf_checks=True)
