# fails with: the items are asked for order by order
from shop.accounts.models import User
from shop.orders.models import Order


def recent_orders(customer: User, size: int) -> tuple[int, list[dict]]:
    orders = Order.objects.filter(customer=customer).order_by("-created_at", "-id")
    shown = []
    for order in orders[:size]:
        # One query brings all of an order's items: one query for each order.
        items = order.items.select_related("product__category").order_by("id")
        rows = [
            {"quantity": item.quantity, "product": item.product.name, "category": item.product.category.name}
            for item in items
        ]
        shown.append({"id": order.id, "items": rows})
    return orders.count(), shown
