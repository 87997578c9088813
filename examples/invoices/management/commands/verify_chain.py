from django.core.management.base import BaseCommand, CommandError

from invoices.billing.chain import verify
from invoices.billing.models import Series


class Command(BaseCommand):
    help = "Check that issued documents are as they were issued and that no number is missing; prints each last hash."

    def handle(self, *_: object, **__: object) -> None:
        faults = []
        for series in Series.objects.select_related("issuer").order_by("issuer__code", "year", "kind"):
            verdict = verify(series)
            faults += verdict.faults
            self.stdout.write(f"{series}: {verdict.documents} documents, last hash {series.last_hash}")
        if faults:
            raise CommandError("\n".join(["tampered with:", *faults]))
