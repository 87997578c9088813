"""What the invoices' tests share: cheap password hashes, a sample to work with, and a client for each role."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

PASSWORD = "correct horse battery"  # noqa: S105 - of a user who lives for one test


@pytest.fixture(autouse=True)
def _cheap_password_hashes(settings: object) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


class ApiClient(Client):
    """Django's test client, speaking JSON and knowing a token."""

    def __init__(self, token: str = "", **settings: object) -> None:
        super().__init__(headers={"Authorization": f"Bearer {token}"} if token else None, **settings)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> object:
        """Send `body` as JSON, with a new idempotency key; `headers` are named as in Python: `if_match`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.generic(
            method,
            f"/api/v1{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Idempotency-Key": f'"{uuid4()}"'} | named,
        )


@pytest.fixture
def sample(db: None) -> "Sample":  # noqa: F821, ARG001
    from invoices.sample import new_sample

    return new_sample()


@pytest.fixture
def client_of(sample: "Sample") -> Callable[[str], ApiClient]:  # noqa: F821, ARG001
    """Gives a client for a role, or for nobody."""
    from invoices.accounts.models import User
    from invoices.accounts.services import log_in

    def client(role: str) -> ApiClient:
        if role == "nobody":
            return ApiClient()
        email = f"{role}@example.com"
        if not User.objects.filter(email=email).exists():
            User.objects.create_user(email, PASSWORD, role)
        return ApiClient(log_in(email=email, password=PASSWORD).access)

    return client


@pytest.fixture
def accountant(client_of: Callable[[str], ApiClient]) -> ApiClient:
    return client_of("accountant")
