"""What the gatekeeper's tests share: an empty start, clients with roles, and times."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty_start(settings: object) -> Iterator[None]:
    from gatekeeper.buckets import MEMORY
    from gatekeeper.log import LOG
    from gatekeeper.rules import WATCHER

    settings.GATEKEEPER = {"BACKGROUND": False}
    for forget in (MEMORY.clear, LOG.__init__, WATCHER.forget):
        forget()
    yield
    WATCHER.forget()


class ApiClient(Client):
    """Django's test client, speaking JSON and knowing a token."""

    def __init__(self, token: str = "", **settings: object) -> None:
        super().__init__(headers={"Authorization": f"Bearer {token}"} if token else None, **settings)

    def post_json(self, path: str, body: object) -> object:
        return self.post(path, body, content_type="application/json")

    def patch_json(self, path: str, body: object) -> object:
        return self.patch(path, body, content_type="application/json")


@pytest.fixture
def clients(db: None) -> dict[str, ApiClient]:  # noqa: ARG001
    """A client for each role, and one for nobody."""
    from django.utils import timezone

    from gatekeeper.models import ApiToken
    from gatekeeper.tokens import add_token

    tokens = {role.value: add_token(name=role.value, role=role, now=timezone.now()) for role in ApiToken.Role}
    return {"nobody": ApiClient()} | {role: ApiClient(token) for role, token in tokens.items()}
