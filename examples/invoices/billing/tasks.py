from celery import shared_task
from django.utils import timezone


@shared_task
def forget_answers() -> None:
    """Delete answers that nobody may ask for again."""
    from invoices.billing import services

    services.forget_answers(now=timezone.now())
