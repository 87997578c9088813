"""What the shop's tests share: cheap password hashes, and something to buy with somebody to buy it."""

import pytest
from django.conf import settings as configured
from django.test import Client

collect_ignore = (
    []
    if "postgresql" in configured.DATABASES["default"]["ENGINE"]
    else [
        "accounts/test_renew_at_once.py",
        "catalogue/test_plans.py",
        "orders/test_in_flight.py",
        "outbox/test_relays_at_once.py",
    ]
)


@pytest.fixture(autouse=True)
def _cheap_password_hashes(settings: object) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_limits(settings: object) -> None:
    """Tests ask more often than a person; those of the limits switch them on again."""
    settings.RATE_LIMITED = False


@pytest.fixture(autouse=True)
def _no_gate(settings: object) -> None:
    """The gatekeeper has tests of its own; `test_gate.py` says that it guards the shop."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("gatekeeper.")]


@pytest.fixture(autouse=True)
def _no_cache(settings: object) -> None:
    """Tests write to the database behind the services' back; those of the cache switch it on again."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if ".caching." not in name]


class ApiClient(Client):
    """Django's test client, speaking JSON and knowing a token."""

    def __init__(self, token: str = "", **settings: object) -> None:
        super().__init__(headers={"Authorization": f"Bearer {token}"} if token else None, **settings)

    def post_json(self, path: str, body: object) -> object:
        return self.post(path, body, content_type="application/json")


PASSWORD = "correct horse battery"  # noqa: S105 - of a user who lives for one test


@pytest.fixture
def customer(db: None) -> "User":  # noqa: F821, ARG001
    from shop.accounts.models import User

    return User.objects.create_user("ada@example.com", PASSWORD)


@pytest.fixture
def anybody(db: None) -> ApiClient:  # noqa: ARG001
    """A client without a token."""
    return ApiClient()


@pytest.fixture
def logged_in(customer: "User") -> ApiClient:  # noqa: F821
    """A client with the customer's access token."""
    from shop.accounts.services import log_in

    return ApiClient(log_in(email=customer.email, password=PASSWORD).access)


@pytest.fixture
def mugs(db: None) -> "Category":  # noqa: F821, ARG001
    from shop.catalogue.models import Category

    return Category.objects.create(name="Mugs", slug="mugs")


@pytest.fixture
def mug(mugs: "Category") -> "Product":  # noqa: F821
    from shop.catalogue.models import Product

    return Product.objects.create(name="Blue mug", slug="blue-mug", category=mugs, price_minor=900, stock=5)


@pytest.fixture
def red_mug(mugs: "Category") -> "Product":  # noqa: F821
    from shop.catalogue.models import Product

    return Product.objects.create(name="Red mug", slug="red-mug", category=mugs, price_minor=950, stock=5)
