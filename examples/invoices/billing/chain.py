"""Show tampering: each issued document carries a hash of its content and of the document before it.

Triggers refuse a change; whoever may drop triggers can still make one. Then the hash no longer fits, or, where it was
computed anew, no longer fits the next document. Somebody who rewrites all of a series and its last hash leaves no
trace in here: so keep the last hashes elsewhere, and compare.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from invoices.billing.models import Invoice, Line, Series

LINE_FIELDS = (
    "position",
    "credits_id",
    "description",
    "quantity_thousandths",
    "unit_price_minor",
    "tax_rate_basis_points",
    "net_minor",
    "tax_minor",
)


# --8<-- [start:hash_of]
def hash_of(invoice: Invoice, lines: Sequence[Line], previous_hash: str) -> str:
    """SHA-256 of everything that an issued document says, and of the hash before it, in hexadecimal."""
    content = {
        "number": invoice.full_number,
        "kind": invoice.kind,
        "corrects": invoice.corrects_id,
        "customer": invoice.customer_id,
        "seller": invoice.seller,
        "buyer": invoice.buyer,
        "currency": invoice.currency,
        "rounding": invoice.rounding,
        "issued_at": invoice.issued_at.isoformat(),
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "lines": [{field: getattr(line, field) for field in LINE_FIELDS} for line in lines],
        "previous_hash": previous_hash,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


# --8<-- [end:hash_of]


@dataclass(frozen=True)
class Verdict:
    """What `verify` found of one series; `faults` is empty where everything fits."""

    series: Series
    documents: int
    faults: list[str]


def verify(series: Series) -> Verdict:
    """Compute every hash of a series anew, in the order of the numbers, and look for gaps."""
    faults, number, previous = [], 0, "0" * 64
    documents = series.documents.select_related("series__issuer").prefetch_related("lines").order_by("number")
    for number, invoice in enumerate(documents, start=1):
        lines = sorted(invoice.lines.all(), key=lambda line: line.position)
        if invoice.number != number:
            faults.append(f"{invoice}: expected number {number}")
        if invoice.previous_hash != previous:
            faults.append(f"{invoice}: does not follow the document before it")
        if invoice.content_hash != hash_of(invoice, lines, invoice.previous_hash):
            faults.append(f"{invoice}: its content is not what was issued")
        previous = invoice.content_hash
    if (series.last_number, series.last_hash) != (number, previous):
        faults.append(f"{series}: ends at number {number}, expected {series.last_number} and its hash")
    return Verdict(series, number, faults)
