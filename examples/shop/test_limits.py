"""How often somebody may ask: per user, and per address without one."""

import pytest

from shop import limits
from shop.accounts.models import User
from shop.accounts.services import log_in
from shop.conftest import PASSWORD, ApiClient


@pytest.fixture
def two_requests(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket of two, which nothing refills while a test runs."""
    from gatekeeper.buckets import MemoryStore, bucket

    settings.RATE_LIMITED = True
    two = bucket("requests", capacity=2, refill_per_second=1 / 86_400, store=MemoryStore())
    monkeypatch.setattr(limits, "REQUESTS", two)


@pytest.mark.usefixtures("two_requests")
def test_the_third_of_two_requests_gets_429_and_is_told_when_to_come_back(anybody: ApiClient):
    first, second, third = (anybody.get("/api/v1/categories/") for _ in range(3))

    assert [200, 200, 429] == [each.status_code for each in (first, second, third)]
    assert 'requests";q=2;w=' in first.headers["RateLimit-Policy"]
    assert [True, True, True] == [
        f'"requests";r={left};t=' in each.headers["RateLimit"]
        for left, each in ((1, first), (0, second), (0, third))
    ]
    assert "Retry-After" not in second.headers
    assert int(third.headers["Retry-After"]) > 3600
    assert "application/problem+json" == third.headers["Content-Type"]
    assert "Retry-After" in third.json()["detail"]


@pytest.mark.usefixtures("two_requests")
def test_what_is_refused_or_not_found_counts_too(anybody: ApiClient):
    answers = [anybody.get(address) for address in ("/nowhere/", "/api/v1/orders/1/", "/api/v1/categories/")]

    assert [404, 401, 429] == [answer.status_code for answer in answers]
    assert all("RateLimit" in answer.headers for answer in answers)


@pytest.mark.usefixtures("two_requests")
def test_a_user_has_a_bucket_wherever_they_are_and_an_address_another(customer: User, anybody: ApiClient):
    tokens = [log_in(email=customer.email, password=PASSWORD).access for _ in range(2)]
    address = "/api/v1/categories/"

    here = ApiClient(tokens[0], REMOTE_ADDR="192.0.2.1").get(address)
    there = ApiClient(tokens[1], REMOTE_ADDR="192.0.2.2").get(address)
    third = ApiClient(tokens[0], REMOTE_ADDR="192.0.2.3").get(address)

    assert [200, 200, 429] == [each.status_code for each in (here, there, third)]
    assert 200 == anybody.get(address).status_code
    assert 200 == ApiClient(REMOTE_ADDR="192.0.2.1").get(address).status_code


@pytest.mark.usefixtures("two_requests")
def test_a_token_that_we_did_not_sign_opens_no_bucket(db: None):
    answers = [ApiClient(f"invented-{number}").get("/api/v1/categories/") for number in range(3)]

    assert [200, 200, 429] == [answer.status_code for answer in answers]


def test_a_limit_of_a_views_own_stands_before_that_of_the_shop(two_requests: None, anybody: ApiClient):
    answer = anybody.post_json("/api/v1/users/login/", {"email": "a@example.com", "password": "nonsense"})

    names = [item.split(";")[0] for item in answer.headers["RateLimit"].split(", ")]
    assert ('"requests"', True) == (names[-1], len(names) >= 1)


def test_without_a_limit_nothing_is_said(anybody: ApiClient):
    assert "RateLimit" not in anybody.get("/api/v1/categories/").headers
