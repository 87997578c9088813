from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models


class Category(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """One thing for sale. Its price is whole minor units of its currency: 1250 EUR is 12.50 euros."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    # No index of its own: the two below begin with the category.
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products", db_index=False)
    price_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="EUR", validators=[RegexValidator(r"\A[A-Z]{3}\Z")])
    stock = models.PositiveIntegerField()
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
