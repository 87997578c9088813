"""The API: literal requests, versions of drafts, keys of requests, pages that inserts do not move, few statements."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import yaml
from conventions.operations import SPECS
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from invoices.billing import examples
from invoices.billing.models import Answer, Invoice, Payment
from invoices.conftest import ApiClient
from invoices.sample import MUGS, Sample
from invoices.worker import app


@pytest.fixture
def new_draft(sample: Sample) -> dict:
    return examples.NEW_DRAFT | {"issuer_id": sample.issuer.pk, "customer_id": sample.customer.pk}


def test_an_invoice_goes_from_draft_to_paid(accountant: ApiClient, new_draft: dict):
    drafted = accountant.send("POST", "/invoices/", new_draft)
    place = drafted.headers["Location"].removeprefix("/api/v1")
    issued = accountant.send("POST", f"{place}issue/", if_match=drafted.headers["ETag"])
    payment = {key: new_draft[key] for key in ("issuer_id", "customer_id", "currency")}
    payment |= {"amount_minor": 2500, "received_on": "2026-03-09", "invoice_id": issued.json()["id"]}
    paid = accountant.send("POST", "/payments/", payment)

    assert ("draft", 2142, None) == tuple(drafted.json()[key] for key in ("state", "total_minor", "number"))
    assert ("issued", 2142) == tuple(issued.json()[key] for key in ("state", "balance_minor"))
    assert issued.json()["number"].endswith("-00001")
    assert "ETag" not in issued.headers
    assert 358 == paid.json()["rest_minor"]
    assert ("paid", 0) == tuple(
        accountant.send("GET", place).json()[key] for key in ("state", "balance_minor")
    )


# Versions


def test_a_change_to_a_draft_that_was_changed_meanwhile_is_refused(accountant: ApiClient, sample: Sample):
    path = f"/invoices/{sample.draft().pk}/"
    body = examples.DRAFT | {"customer_id": sample.customer.pk}
    first = accountant.send("PUT", path, body, if_match='"1"')

    second = accountant.send("PUT", path, body | {"currency": "CHF"}, if_match='"1"')

    assert (200, '"2"') == (first.status_code, first.headers["ETag"])
    assert (412, "EUR") == (second.status_code, accountant.send("GET", path).json()["currency"])


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        (None, 428),
        ('"1"', 204),
        ("*", 204),
        ('"0", "1"', 204),
        ('W/"1"', 412),
        ('"2"', 412),
        ("1", 412),
        ("", 412),
    ],
)
def test_which_versions_match(accountant: ApiClient, sample: Sample, if_match: str | None, status: int):
    headers = {} if if_match is None else {"if_match": if_match}

    answer = accountant.send("DELETE", f"/invoices/{sample.draft().pk}/", **headers)

    assert status == answer.status_code


@pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("DELETE", ""), ("POST", "issue/")])
def test_what_is_issued_is_not_changed_by_the_api(
    accountant: ApiClient, sample: Sample, method: str, path: str
):
    invoice = sample.issued()
    body = examples.DRAFT | {"customer_id": sample.customer.pk} if method == "PUT" else None

    answer = accountant.send(method, f"/invoices/{invoice.pk}/{path}", body, if_match="*")

    assert (409, "tag:invoices.example,2026:not-allowed") == (answer.status_code, answer.json()["type"])


# Keys


def test_a_request_sent_again_gets_the_first_answer_again(accountant: ApiClient, new_draft: dict):
    first = accountant.send("POST", "/invoices/", new_draft, idempotency_key='"a"')
    second = accountant.send("POST", "/invoices/", new_draft, idempotency_key='"a"')

    assert (201, first.content) == (second.status_code, second.content)
    assert (None, "true") == tuple(each.headers.get("Idempotency-Replayed") for each in (first, second))
    assert first.headers["Location"] == second.headers["Location"]
    assert 1 == Invoice.objects.count()


def test_a_key_of_another_request_is_refused(accountant: ApiClient, new_draft: dict):
    accountant.send("POST", "/invoices/", new_draft, idempotency_key='"a"')

    answer = accountant.send("POST", "/invoices/", new_draft | {"currency": "CHF"}, idempotency_key='"a"')

    assert (422, 1) == (answer.status_code, Invoice.objects.count())


def test_keys_of_users_and_operations_are_apart(
    accountant: ApiClient, client_of: Callable[[str], ApiClient], new_draft: dict
):
    other = client_of("clerk")

    statuses = [
        each.send("POST", "/invoices/", new_draft, idempotency_key='"a"').status_code
        for each in (accountant, other)
    ]

    assert ([201, 201], 2) == (statuses, Invoice.objects.count())


def test_a_refused_request_does_not_use_its_key_up(accountant: ApiClient, sample: Sample):
    payment = examples.PAYMENT | {"issuer_id": sample.issuer.pk, "customer_id": sample.customer.pk}
    draft = sample.draft()
    body = payment | {"invoice_id": draft.pk}
    refused = accountant.send("POST", "/payments/", body, idempotency_key='"a"')
    accountant.send("POST", f"/invoices/{draft.pk}/issue/", if_match='"1"')

    accepted = accountant.send("POST", "/payments/", body, idempotency_key='"a"')

    assert (409, 201, 1) == (refused.status_code, accepted.status_code, Payment.objects.count())


@pytest.mark.parametrize("key", ["", "a", '""', '"a', '"a" "b"', f'"{"a" * 65}"', '"ä"'])
def test_a_key_must_be_a_quoted_string(accountant: ApiClient, new_draft: dict, key: str):
    answer = accountant.send("POST", "/invoices/", new_draft, idempotency_key=key)

    assert (400, 0) == (answer.status_code, Invoice.objects.count())


# Bad input


def broken(**changes: object) -> dict:
    return {"lines": [{**examples.LINE, **changes}]}


BAD = [
    (broken(quantity_thousandths=0), "#/lines/0/quantity_thousandths"),
    (broken(quantity_thousandths="2000"), "#/lines/0/quantity_thousandths"),
    (broken(quantity_thousandths=1.5), "#/lines/0/quantity_thousandths"),
    (broken(unit_price_minor=-1), "#/lines/0/unit_price_minor"),
    (broken(unit_price_minor=10**10), "#/lines/0/unit_price_minor"),
    (broken(tax_rate_basis_points=10_001), "#/lines/0/tax_rate_basis_points"),
    (broken(description="請求書"), "#/lines/0/description"),
    (broken(description="a\u0000b"), "#/lines/0/description"),
    (broken(description=""), "#/lines/0/description"),
    (broken(net_minor=1), "#/lines/0/net_minor"),
    ({"lines": []}, "#/lines"),
    ({"lines": [examples.LINE] * 51}, "#/lines"),
    ({"currency": "XYZ"}, "#/currency"),
    ({"currency": ["EUR"]}, "#/currency"),
    ({"rounding": "down"}, "#/rounding"),
    ({"customer_id": 10**17}, "#/customer_id"),
    ({"issuer_id": 10**17}, "#/issuer_id"),
    ({"total_minor": 1}, "#/total_minor"),
]


@pytest.mark.parametrize(("change", "pointer"), BAD)
def test_bad_input_is_named_by_its_place(accountant: ApiClient, new_draft: dict, change: dict, pointer: str):
    answer = accountant.send("POST", "/invoices/", new_draft | change)

    problem = answer.json()
    assert (400, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])
    assert {pointer} == {error["pointer"] for error in problem["errors"]}
    assert not Invoice.objects.exists()


def test_a_credit_beyond_the_rest_names_its_line(accountant: ApiClient, sample: Sample):
    invoice = sample.issued()
    line = invoice.lines.all()[0].pk
    body = {"lines": [{"line_id": line, "quantity_thousandths": 2001}]}

    answer = accountant.send("POST", f"/invoices/{invoice.pk}/credit-notes/", body)

    assert (409, ["#/lines/0"]) == (answer.status_code, [each["pointer"] for each in answer.json()["errors"]])


# Lists


def test_pages_show_every_document_once_while_new_ones_come(accountant: ApiClient, sample: Sample):
    ids = [sample.draft().pk for _ in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = accountant.send("GET", f"/invoices/?page_size=2{cursor and f'&cursor={cursor}'}").json()
        seen += [each["id"] for each in page["results"]]
        cursor = page["next_cursor"]
        sample.draft()

    assert ids[::-1] == seen


def test_a_list_is_filtered(accountant: ApiClient, sample: Sample):
    invoice = sample.issued()  # due in March 2026, long ago
    sample.draft()

    def found(query: str) -> list[int]:
        return [each["id"] for each in accountant.send("GET", f"/invoices/?{query}").json()["results"]]

    assert [invoice.pk] == found("overdue=true")
    assert [] == found("kind=credit_note")
    assert 2 == len(found(f"customer_id={sample.customer.pk}"))
    assert [] == found("customer_id=999999")


SPEC = yaml.safe_load((SPECS / "invoices.yaml").read_text(encoding="utf-8"))
READS = {path.removeprefix("/api/v1") for path, item in SPEC["paths"].items() if "get" in item}
# Statements of each reading operation, that for the token's user included; the same however long the page is.
BUDGETS = {
    "/issuers/": 2,
    "/customers/": 2,
    "/customers/{customer_id}/": 2,
    "/customers/{customer_id}/account/": 4,
    "/invoices/": 3,
    "/invoices/{invoice_id}/": 3,
    "/invoices/{invoice_id}/paper/": 2,
    "/payments/": 3,
    "/payments/{payment_id}/": 3,
}


def test_every_read_has_a_budget():
    assert READS == set(BUDGETS)


@pytest.mark.parametrize("documents", [1, 8])
@pytest.mark.parametrize("path", sorted(BUDGETS))
def test_a_read_keeps_its_budget(
    accountant: ApiClient,
    sample: Sample,
    django_capture_on_commit_callbacks: Callable,
    path: str,
    documents: int,
):
    with django_capture_on_commit_callbacks(execute="paper" in path):
        invoice, *_ = [sample.issued(MUGS, MUGS) for _ in range(documents)]
    payment = examples.PAYMENT | {"issuer_id": sample.issuer.pk, "customer_id": sample.customer.pk}
    payments = [accountant.send("POST", "/payments/", payment).json()["id"] for _ in range(documents)]
    asked = path.format(invoice_id=invoice.pk, customer_id=sample.customer.pk, payment_id=payments[0])

    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = accountant.send("GET", asked)

    assert 200 == answer.status_code
    assert BUDGETS[path] == len(queries), [each["sql"] for each in queries]


@pytest.mark.parametrize("by", ["command", "beat"])
def test_keys_are_forgotten_after_a_day(accountant: ApiClient, new_draft: dict, by: str, settings: object):
    for _ in range(2):
        accountant.send("POST", "/invoices/", new_draft, idempotency_key=f'"{uuid4()}"')
    old = Answer.objects.order_by("id")[:1].values("id")
    Answer.objects.filter(id__in=list(old.values_list("id", flat=True))).update(
        created_at=F("created_at") - timedelta(hours=25)
    )

    if by == "command":
        call_command("forget_answers")
    else:
        app.loader.import_default_modules()  # as a worker does when it starts
        app.tasks[settings.CELERY_BEAT_SCHEDULE["forget answers"]["task"]].delay()

    assert 1 == Answer.objects.count()
