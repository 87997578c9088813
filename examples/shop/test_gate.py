"""The gatekeeper guards the shop: it stands in the shop's settings, turns away and keeps a log."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone
from gatekeeper.log import LOG
from gatekeeper.models import LoggedRequest
from gatekeeper.rules import WATCHER, add_rule, parse_network

from shop.settings import MIDDLEWARE

GATE = "gatekeeper.middleware.Gatekeeper"
CATALOGUE = "/api/v1/categories/"


@pytest.fixture
def _gate(settings: object) -> Iterator[None]:
    settings.MIDDLEWARE = [GATE, *settings.MIDDLEWARE]
    settings.GATEKEEPER = {"BACKGROUND": False}
    LOG.__init__()
    WATCHER.forget()
    yield
    WATCHER.forget()


def test_it_stands_before_everything_that_costs_time():
    assert MIDDLEWARE.index(GATE) == MIDDLEWARE.index("conventions.problems.ProblemDetailsMiddleware") + 1


@pytest.mark.django_db
@pytest.mark.usefixtures("_gate")
def test_a_blocked_address_is_turned_away_from_the_shop_and_others_are_not():
    network = parse_network("203.0.113.9")
    add_rule(action="block", network=network, reason="a test", created_by="test", now=timezone.now())
    WATCHER.refresh()

    refused, served = (
        Client().get(CATALOGUE, REMOTE_ADDR=address) for address in ("203.0.113.9", "203.0.113.10")
    )

    assert (403, 200) == (refused.status_code, served.status_code)
    assert "tag:shop.example,2026:blocked" == refused.json()["type"]
    LOG.flush()
    assert [("203.0.113.9", 403, True), ("203.0.113.10", 200, False)] == list(
        LoggedRequest.objects.order_by("id").values_list("address", "status", "refused")
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("_gate")
def test_a_try_to_log_in_leaves_a_digest_of_the_account_and_nothing_else():
    body = {"email": "ada@example.com", "password": "a wrong password"}

    Client().post("/api/v1/users/login/", body, content_type="application/json", REMOTE_ADDR="203.0.113.9")

    LOG.flush()
    row = LoggedRequest.objects.get()
    assert (401, 16) == (row.status, len(row.account))
    assert "ada" not in str(vars(row))
