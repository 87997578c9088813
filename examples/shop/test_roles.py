"""Who may call what: denied by default, named by roles, method by method and field by field."""

from typing import ClassVar

import pytest
from conventions.permissions import check_fields
from conventions.problems import Problem
from conventions.views import TokenView
from django.db import IntegrityError, transaction
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from shop.accounts.models import Role, User
from shop.accounts.services import log_in
from shop.conftest import PASSWORD, ApiClient
from shop.roles import ADMIN, EVERYBODY, LOGGED_IN, SELLER


class Answers(TokenView):
    """Says yes to each method that gets through."""

    def get(self, request: Request) -> Response:
        return Response({"user": request.user and request.user.email})

    def post(self, request: Request) -> Response:
        return Response({"user": request.user.email})


class Named(Answers):
    roles: ClassVar = {"get": EVERYBODY, "post": {SELLER, ADMIN}}


class ForUsers(Answers):
    roles: ClassVar = {"get": LOGGED_IN}


urlpatterns = [
    path("", include("shop.urls")),
    path("unnamed/", Answers.as_view()),
    path("named/", Named.as_view()),
    path("for-users/", ForUsers.as_view()),
]


@pytest.fixture
def clients(db: None, settings: object) -> dict[str, ApiClient]:
    """A client for each role, and one for a person without a token."""
    settings.ROOT_URLCONF = __name__
    found = {"anonymous": ApiClient()}
    for role in Role:
        User.objects.create_user(f"{role}@example.com", PASSWORD, role)
        found[role] = ApiClient(log_in(email=f"{role}@example.com", password=PASSWORD).access)
    return found


def statuses(clients: dict[str, ApiClient], method: str, address: str) -> dict[str, int]:
    return {name: client.generic(method, address).status_code for name, client in clients.items()}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_view_that_names_no_role_is_nobodys(clients: dict[str, ApiClient], method: str):
    expected = {"anonymous": 401, "admin": 403, "seller": 403, "customer": 403}

    assert expected == statuses(clients, method, "/unnamed/")


def test_each_method_lets_in_the_roles_that_are_named_for_it(clients: dict[str, ApiClient]):
    everybody = dict.fromkeys(clients, 200)

    assert everybody == statuses(clients, "GET", "/named/")
    assert everybody == statuses(clients, "HEAD", "/named/")
    assert everybody | {"anonymous": 401, "customer": 403} == statuses(clients, "POST", "/named/")
    assert everybody | {"anonymous": 401} == statuses(clients, "GET", "/for-users/")
    assert dict.fromkeys(clients, 405) == statuses(clients, "DELETE", "/named/")


def test_what_is_open_to_everybody_does_not_look_at_tokens(clients: dict[str, ApiClient]):
    answers = [client.get("/named/") for client in (ApiClient("nonsense"), clients["admin"])]

    assert [(200, {"user": None})] * 2 == [(answer.status_code, answer.json()) for answer in answers]


def test_a_role_that_changes_counts_from_the_next_request(clients: dict[str, ApiClient]):
    User.objects.filter(role=Role.SELLER).update(role=Role.CUSTOMER)

    assert 403 == clients["seller"].post("/named/").status_code


def test_a_field_is_set_by_its_roles_and_the_refusal_names_each_other_field():
    rules = {"name": {SELLER, ADMIN}, "seller_id": {ADMIN}}
    check_fields(rules, rules, ADMIN)

    with pytest.raises(Problem) as refused:
        check_fields(["name", "seller_id", "unnamed"], rules, SELLER)

    assert (403, "field-forbidden") == (refused.value.status_code, refused.value.kind)
    assert ["#/seller_id", "#/unnamed"] == [error["pointer"] for error in refused.value.errors]


def test_the_database_refuses_a_role_that_nobody_knows(customer: User):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=customer.pk).update(role="owner")


def test_a_user_is_a_customer_unless_somebody_says_otherwise(customer: User):
    first = User.objects.create_superuser("root@example.com", PASSWORD)

    assert (Role.CUSTOMER, False) == (customer.role, customer.is_staff)
    assert (Role.ADMIN, True) == (first.role, first.is_staff)
