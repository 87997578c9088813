"""Show a customer's newest orders with what is in them, in few queries."""

from shop.accounts.models import User
from shop.orders.models import Order


def recent_orders(customer: User, size: int) -> tuple[int, list[dict]]:
    """How many orders `customer` has, and the `size` newest of them, newest first.

    Each is {"id": 7, "items": [{"quantity": 2, "product": "Blue mug", "category": "Mugs"}]}, its items by their id.
    """
    orders = Order.objects.filter(customer=customer).order_by("-created_at", "-id")
    shown = []
    for order in orders[:size]:
        items = [
            {"quantity": item.quantity, "product": item.product.name, "category": item.product.category.name}
            for item in order.items.order_by("id")
        ]
        shown.append({"id": order.id, "items": items})
    return orders.count(), shown
