"""Fill an empty shop with orders to list: the same rows in every run."""

from datetime import UTC, datetime, timedelta

from shop.accounts.models import User
from shop.catalogue.models import Category, Product
from shop.orders.models import Order, OrderItem

CATEGORIES = ("Mugs", "Plates", "Bowls", "Lamps")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def add_products(count: int) -> list[Product]:
    """`count` new products, spread evenly over four categories."""
    categories = [Category.objects.get_or_create(name=name, slug=name.lower())[0] for name in CATEGORIES]
    return Product.objects.bulk_create(
        Product(
            name=f"Product {number:05}",
            slug=f"product-{number:05}",
            category=categories[number % len(categories)],
            price_minor=500 + number,
            stock=9,
        )
        for number in range(count)
    )


def add_orders(customer: User, products: list[Product], *, count: int, items: int) -> None:
    """`count` orders of `customer`, a day apart, each of `items` of the products in turn."""
    orders = Order.objects.bulk_create(
        Order(customer=customer, currency="EUR", created_at=NEW_YEAR + timedelta(days=day))
        for day in range(count)
    )
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            product=(product := products[(place * items + number) % len(products)]),
            quantity=number + 1,
            price_minor=product.price_minor,
        )
        for place, order in enumerate(orders)
        for number in range(items)
    )
