"""Make the PDF of an issued document, once, and hand it out."""

import hashlib

from invoices.billing.models import Invoice
from invoices.papers.drawing import draw
from invoices.papers.models import Paper


def make_paper(invoice_id: int) -> None:
    """Draw and store the PDF of an issued document, unless it is there.

    Two that draw at once draw the same bytes, and the unique index keeps one of them. So a message that is delivered
    twice, or whose worker was killed, does no harm.

    Raises:
        Invoice.DoesNotExist: there is no such issued document.
    """
    from invoices.billing.services import whole

    if Paper.objects.filter(invoice=invoice_id).exists():
        return
    invoice = whole(Invoice.objects.filter(pk=invoice_id, status=Invoice.Status.ISSUED)).get()
    content = draw(invoice)
    paper = Paper(invoice=invoice, sha256=hashlib.sha256(content).hexdigest(), content=content)
    Paper.objects.bulk_create([paper], ignore_conflicts=True)


def get_paper(invoice_id: int) -> Paper:
    """The PDF with its document, in one statement. Raises `Paper.DoesNotExist` where it is not made yet."""
    return Paper.objects.select_related("invoice__series__issuer").get(invoice=invoice_id)


def make_missing() -> int:
    """Make every PDF whose message was lost; how many there were."""
    missing = Invoice.objects.filter(status=Invoice.Status.ISSUED, paper=None).order_by("id")
    invoice_ids = list(missing.values_list("id", flat=True))
    for invoice_id in invoice_ids:
        make_paper(invoice_id)
    return len(invoice_ids)
