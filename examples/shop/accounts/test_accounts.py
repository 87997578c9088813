import pytest
from django.conf import settings as configured
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from shop.accounts import services
from shop.accounts.hashers import Argon2id
from shop.accounts.models import User
from shop.conftest import PASSWORD, ApiClient

WRONG = PASSWORD + "!"
HASHERS = list(configured.PASSWORD_HASHERS)  # before the tests' cheap one takes their place


class LessWork(Argon2id):
    """Argon2id as it might have been set years ago."""

    memory_cost = 8 * 1024
    time_cost = 1


def test_a_user_is_registered_with_a_hashed_password(anybody: ApiClient):
    answer = anybody.post_json(
        "/api/v1/users/register/", {"email": "Grace@Example.com", "password": PASSWORD}
    )

    user = User.objects.get()
    assert (201, {"id": user.pk, "email": "grace@example.com"}) == (answer.status_code, answer.json())
    assert PASSWORD not in user.password
    assert user.check_password(PASSWORD)


def test_the_same_address_in_other_capitals_is_taken(anybody: ApiClient, customer: User):
    answer = anybody.post_json("/api/v1/users/register/", {"email": "ADA@example.COM", "password": PASSWORD})

    assert 409 == answer.status_code
    assert answer.json()["type"].endswith(":email-taken")
    assert [customer] == list(User.objects.all())


def test_the_database_itself_refuses_a_second_user_and_an_address_in_capitals(customer: User):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email=customer.email)])
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email="Grace@example.com")])


@pytest.mark.parametrize(
    "email", ["ada", "ada@", "ada@example", "ada@bücher.example", "ada@İ.example", " ", 7]
)
def test_what_is_no_address_in_ascii_is_refused(anybody: ApiClient, email: object):
    answer = anybody.post_json("/api/v1/users/register/", {"email": email, "password": PASSWORD})

    assert (400, ["#/email"]) == (answer.status_code, [error["pointer"] for error in answer.json()["errors"]])


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "at least 10 characters"),
        ("password123", "too common"),
        ("31415926535897", "entirely numeric"),
        ("linus@example.com", "too similar"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(anybody: ApiClient, password: str, reason: str):
    answer = anybody.post_json(
        "/api/v1/users/register/", {"email": "linus@example.com", "password": password}
    )

    assert 400 == answer.status_code
    assert {"#/password"} == {error["pointer"] for error in answer.json()["errors"]}
    assert reason in str(answer.json()["errors"])
    assert not User.objects.exists()


def test_log_in_gives_two_tokens_that_nobody_may_store(anybody: ApiClient, customer: User):
    shouted = {"email": customer.email.upper(), "password": PASSWORD}

    answer = anybody.post_json("/api/v1/users/login/", shouted)

    assert 200 == answer.status_code
    assert {"access", "refresh"} == set(answer.json())
    assert "no-store" == answer.headers["Cache-Control"]


def test_an_unknown_address_a_wrong_password_and_a_closed_account_get_one_answer(
    anybody: ApiClient, customer: User
):
    User.objects.create_user("closed@example.com", PASSWORD)
    User.objects.filter(email="closed@example.com").update(is_active=False)
    tries = [
        ("nobody@example.com", PASSWORD),
        (customer.email, WRONG),
        ("closed@example.com", PASSWORD),
    ]

    answers = [anybody.post_json("/api/v1/users/login/", {"email": e, "password": p}) for e, p in tries]

    assert {401} == {answer.status_code for answer in answers}
    assert 1 == len({answer.content for answer in answers})
    assert {'Bearer realm="shop"'} == {answer.headers["WWW-Authenticate"] for answer in answers}


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is hashed, which is what makes a log-in slow."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashed += 1
        return super().encode(password, salt)


def test_an_unknown_address_costs_as_many_password_hashes_as_a_known_one(customer: User, settings: object):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]

    def hashes(email: str) -> int:
        CountingHasher.hashed = 0
        with pytest.raises(services.WrongCredentials):
            services.log_in(email=email, password=WRONG)
        return CountingHasher.hashed

    assert (1, 1) == (hashes(customer.email), hashes("nobody@example.com"))


def test_the_unique_index_decides_and_no_look_before_it(customer: User):
    with pytest.raises(services.EmailTaken):
        services.register(email=customer.email, password=WRONG)

    assert 1 == User.objects.count()


@pytest.mark.parametrize(("path", "statements"), [("login", 3), ("register", 3)])
def test_accounts_stay_within_their_query_budgets(
    anybody: ApiClient, customer: User, path: str, statements: int, django_assert_num_queries: object
):
    email = customer.email if path == "login" else "grace@example.com"

    # A registration: SAVEPOINT here, INSERT, RELEASE. A log-in: the user, a second factor?, the new family.
    with django_assert_num_queries(statements):
        anybody.post_json(f"/api/v1/users/{path}/", {"email": email, "password": PASSWORD})


def test_a_password_is_stored_as_argon2id_with_the_work_that_owasp_asks_for(settings: object, db: None):
    settings.PASSWORD_HASHERS = HASHERS

    user = User.objects.create_user("grace@example.com", PASSWORD)

    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert user.check_password(PASSWORD)
    assert not user.check_password(WRONG)


@pytest.mark.parametrize("older", ["less work", "another function"])
def test_an_older_hash_is_made_anew_when_its_user_logs_in(older: str, settings: object, customer: User):
    settings.PASSWORD_HASHERS = HASHERS
    name = {"less work": f"{__name__}.LessWork", "another function": HASHERS[1]}[older]
    customer.password = import_string(name)().encode(PASSWORD, "a salt of sixteen characters")
    customer.save()

    with pytest.raises(services.WrongCredentials):
        services.log_in(email=customer.email, password=WRONG)
    unchanged = User.objects.get().password
    services.log_in(email=customer.email, password=PASSWORD)

    assert customer.password == unchanged
    assert User.objects.get().password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def change(client: ApiClient, user: User, **changes: object) -> object:
    return client.patch(f"/api/v1/users/{user.pk}/", changes, content_type="application/json")


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("root@example.com", PASSWORD)


def test_an_admin_gives_a_role_and_what_began_with_the_old_one_ends(
    admin: User, customer: User, logged_in: ApiClient
):
    client = ApiClient(services.log_in(email=admin.email, password=PASSWORD).access)

    answer = change(client, customer, role="seller")

    expected = {"id": customer.pk, "email": customer.email, "role": "seller", "is_active": True}
    assert (200, expected) == (answer.status_code, answer.json())
    assert 401 == logged_in.get(f"/api/v1/users/{customer.pk}/").status_code


def test_an_admin_closes_an_account_and_opens_it_again(admin: User, customer: User, logged_in: ApiClient):
    client = ApiClient(services.log_in(email=admin.email, password=PASSWORD).access)

    change(client, customer, is_active=False)
    with pytest.raises(services.WrongCredentials):
        services.log_in(email=customer.email, password=PASSWORD)
    change(client, customer, is_active=True)

    assert services.log_in(email=customer.email, password=PASSWORD)
    assert 401 == logged_in.get(f"/api/v1/users/{customer.pk}/").status_code


def test_admins_leave_their_own_account_to_another_admin(admin: User):
    client = ApiClient(services.log_in(email=admin.email, password=PASSWORD).access)

    answer = change(client, admin, role="customer")

    assert (409, True) == (answer.status_code, answer.json()["type"].endswith(":own-account"))
    admin.refresh_from_db()
    assert admin.is_staff


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"role": "owner"}, "#/role"),
        ({"is_active": 1}, "#/is_active"),
        ({"email": "new@example.com"}, "#/email"),
        ({}, "#"),
    ],
)
def test_a_change_of_access_is_taken_literally(
    admin: User, customer: User, changes: dict[str, object], pointer: str
):
    client = ApiClient(services.log_in(email=admin.email, password=PASSWORD).access)

    answer = change(client, customer, **changes)

    assert (400, [pointer]) == (
        answer.status_code,
        [error["pointer"] for error in answer.json()["errors"]],
    )


def test_nobody_registers_with_a_role_of_their_choice(anybody: ApiClient):
    body = {"email": "eve@example.com", "password": PASSWORD, "role": "admin"}

    answer = anybody.post_json("/api/v1/users/register/", body)

    assert (400, "#/role") == (answer.status_code, answer.json()["errors"][0]["pointer"])
    assert not User.objects.exists()
