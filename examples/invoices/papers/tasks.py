from celery import shared_task


@shared_task
def make_paper(invoice_id: int) -> None:
    """Make the PDF of an issued document; safe to run again, and to be killed at any point."""
    from invoices.papers import services

    services.make_paper(invoice_id)


@shared_task
def make_missing() -> None:
    """Make the PDFs whose message was lost; what it has no time for is left to its next run."""
    from invoices.papers import services

    services.make_missing()
