from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

FEW = 5  # pieces: what is called low


class Versioned(models.Model):
    """A row that counts its changes, so that a reader can say which one was read.

    `save` counts. Whoever changes rows by `update` adds `version=F("version") + 1`.
    """

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def save(self, **options: object) -> None:
        if not self._state.adding:
            self.version += 1
        super().save(**options)


class Category(Versioned):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(Versioned):
    """One thing for sale. Its price is whole minor units of its currency: 1250 EUR is 12.50 euros.

    Without a seller it is the shop's own. One that is not active is not for sale any more, and stays for its orders.
    """

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    # No index of its own: the two below begin with the category.
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products", db_index=False)
    price_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="EUR", validators=[RegexValidator(r"\A[A-Z]{3}\Z")])
    stock = models.PositiveIntegerField()
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="products", null=True, blank=True
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            # The field types promise this too, but only on the databases that have such a type.
            models.CheckConstraint(condition=models.Q(stock__gte=0), name="product_stock_not_negative"),
            models.CheckConstraint(condition=models.Q(price_minor__gte=0), name="product_price_not_negative"),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="product_currency_code"
            ),
        ]
        # One index for each order that the API offers, over the whole catalogue and within a category.
        # The id comes last because it breaks ties, so that a page can start after any row.
        indexes: ClassVar = [
            models.Index("name", "id", name="product_by_name"),
            models.Index("price_minor", "id", name="product_by_price"),
            models.Index("category", "name", "id", name="product_by_category_name"),
            models.Index("category", "price_minor", "id", name="product_by_category_price"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def availability(self) -> str:
        """How many there are, as far as customers are told."""
        if self.stock > FEW:
            return "in_stock"
        return "low" if self.stock else "sold_out"
