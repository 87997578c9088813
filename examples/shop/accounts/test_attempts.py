"""How often somebody may try passwords, and that nobody is kept out of their account for good."""

from collections import Counter
from collections.abc import Iterator

import pytest
from gatekeeper.buckets import MEMORY, bucket

from shop.accounts.attempts import BY_ACCOUNT, BY_ADDRESS, BY_BOTH
from shop.accounts.models import User
from shop.conftest import PASSWORD, ApiClient

LOGIN = "/api/v1/users/login/"
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture(autouse=True)
def limited(settings: object) -> Iterator[None]:
    """Limits as in a live shop, with full buckets of this process."""
    settings.RATE_LIMITED = True
    settings.GATEKEEPER = settings.GATEKEEPER | {"REDIS_URL": ""}
    MEMORY.clear()
    yield
    MEMORY.clear()


def attempt(email: str, password: str, address: str = HOME) -> object:
    client = ApiClient(REMOTE_ADDR=address)
    return client.post_json(LOGIN, {"email": email, "password": password})


def test_one_address_tries_one_account_ten_times(customer: User):
    tries = [attempt(customer.email, f"wrong {number}") for number in range(10)]

    refused = attempt(customer.email, PASSWORD)

    assert {401} == {answer.status_code for answer in tries}
    assert 429 == refused.status_code
    assert refused.json()["type"].endswith(":too-many-attempts")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert '"login-account-address";q=10;w=600' in refused.headers["RateLimit-Policy"]


def test_each_answer_tells_how_many_tries_are_left(customer: User):
    wrong, right = attempt(customer.email, "wrong words"), attempt(customer.email, PASSWORD)

    assert (401, 200) == (wrong.status_code, right.status_code)
    for answer, left in ((wrong, 9), (right, 8)):
        assert f'"login-account-address";r={left};' in answer.headers["RateLimit"]


def test_the_owner_gets_in_from_elsewhere_while_somebody_tries(customer: User):
    for number in range(30):
        attempt(customer.email, f"wrong {number}")

    assert 429 == attempt(customer.email, PASSWORD).status_code
    assert 200 == attempt(customer.email, PASSWORD, ELSEWHERE).status_code


def test_one_address_does_not_try_many_accounts(db: None):
    statuses = Counter(
        attempt(f"user{number}@example.com", "wrong words").status_code for number in range(90)
    )

    # 30, and one more for every two seconds that this took
    assert 30 <= statuses[401] < 60
    assert 90 == statuses[401] + statuses[429]


def test_many_addresses_together_try_one_account_a_hundred_times_and_nobody_longer_than_they_try(
    customer: User,
):
    tries = [
        attempt(customer.email, "wrong words", f"203.0.113.{number}").status_code
        for number in range(1, 13)
        for _ in range(10)
    ]

    refused = attempt(customer.email, PASSWORD, ELSEWHERE)

    assert 100 <= Counter(tries)[401] < 120
    assert 429 == refused.status_code
    assert '"login-account";q=100;w=3600' in refused.headers["RateLimit-Policy"]
    assert int(refused.headers["Retry-After"]) <= 36  # and not an hour: one more try every 36 seconds


def test_capitals_and_another_way_in_are_the_same_account(customer: User):
    for _ in range(10):
        attempt(customer.email.upper(), "wrong words")
    client = ApiClient(REMOTE_ADDR=HOME)

    answer = client.post_json("/api/v1/session/", {"email": customer.email, "password": PASSWORD})

    assert 429 == answer.status_code


def test_a_stolen_access_token_does_not_find_out_the_password(logged_in: ApiClient, customer: User):
    body = {"current_password": "wrong words", "new_password": "nine lives of a cat"}

    statuses = Counter(logged_in.post_json("/api/v1/users/password/", body).status_code for _ in range(15))

    assert {403: 10, 429: 5} == statuses


def test_who_is_logged_in_stays_logged_in(logged_in: ApiClient, customer: User):
    bucket(**BY_ADDRESS).take("127.0.0.1", tokens=BY_ADDRESS["capacity"])
    assert 429 == attempt(customer.email, PASSWORD, "127.0.0.1").status_code

    assert 404 == logged_in.get("/api/v1/orders/1/").status_code


def test_no_bucket_can_be_emptied_for_longer_than_a_minute_a_try():
    for limit in (BY_ADDRESS, BY_BOTH, BY_ACCOUNT):
        assert 1 / limit["refill_per_second"] <= 60, limit["name"]
