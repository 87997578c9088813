from django.db import models

from invoices.billing.models import Invoice


class Paper(models.Model):
    """The PDF of an issued document, made once; `sha256` is that of its bytes."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="paper")
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"PDF of {self.invoice_id}"
