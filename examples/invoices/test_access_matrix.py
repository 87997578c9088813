"""Who may do what: every operation of the specification, with every role, asked for by a real request."""

from collections.abc import Callable

import pytest
import yaml
from conventions.operations import SPECS

from invoices.accounts.services import log_in
from invoices.billing import examples
from invoices.billing.models import Payment
from invoices.billing.payments import record_payment
from invoices.conftest import PASSWORD, ApiClient
from invoices.sample import NOW, Sample
from invoices.who_may import MATRIX, ROLES

READ = {"if_match": '"1"'}
HEADERS = {"replaceDraft": READ, "discardDraft": READ, "issueInvoice": READ}
SPEC = yaml.safe_load((SPECS / "invoices.yaml").read_text(encoding="utf-8"))
WHERE = {
    operation["operationId"]: (method.upper(), path.removeprefix("/api/v1"))
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
}


def test_the_table_has_every_operation_of_the_specification():
    assert set(WHERE) == set(MATRIX), (
        "add a row to who_may.py for the new operation, with a y for each role that may"
    )


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("operation", MATRIX)
def test_every_cell_of_the_matrix(
    sample: Sample,
    client_of: Callable[[str], ApiClient],
    django_capture_on_commit_callbacks: Callable,
    operation: str,
    role: str,
):
    with django_capture_on_commit_callbacks(execute=operation == "getPaper"):
        payment = overpaid(sample) if operation in ("useCredit", "getPayment") else None
        draft = operation in ("replaceDraft", "discardDraft", "issueInvoice")
        invoice = sample.draft() if draft else sample.issued()
    ids = {"issuer_id": sample.issuer.pk, "customer_id": sample.customer.pk}
    bodies = {
        "logIn": {"email": "ada@example.com", "password": PASSWORD},
        "createCustomer": examples.CUSTOMER,
        "replaceCustomer": examples.CUSTOMER,
        "createInvoice": examples.NEW_DRAFT | ids,
        "replaceDraft": examples.DRAFT | {"customer_id": sample.customer.pk},
        "creditInvoice": {},
        "recordPayment": examples.PAYMENT | ids,
    }
    if operation == "renewAccess":
        bodies[operation] = {"refresh": log_in(**bodies["logIn"]).refresh}
    method, path = WHERE[operation]
    path = path.format(
        invoice_id=invoice.pk, customer_id=sample.customer.pk, payment_id=payment and payment.pk
    )

    answer = client_of(role).send(method, path, bodies.get(operation), **HEADERS.get(operation, {}))

    may = MATRIX[operation][ROLES.index(role)] == "y"
    expected = {200, 201, 204} if may else {401 if role == "nobody" else 403}
    assert answer.status_code in expected, answer.content


def overpaid(sample: Sample) -> Payment:
    return record_payment(
        issuer=sample.issuer,
        customer=sample.customer,
        currency="EUR",
        amount_minor=10_000,
        received_on=NOW.date(),
        reference="",
        author=sample.author,
        now=NOW,
    )


@pytest.mark.parametrize("method", ["patch", "post", "delete"])
def test_a_method_that_no_view_names_is_nobodys(client_of: Callable[[str], ApiClient], method: str):
    answer = client_of("accountant").send(method.upper(), "/issuers/")

    assert 405 == answer.status_code
