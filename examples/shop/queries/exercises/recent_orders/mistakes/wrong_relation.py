# fails with: the customer is read too
from django.db.models import Prefetch
from shop.accounts.models import User
from shop.orders.models import Order, OrderItem


def recent_orders(customer: User, size: int) -> tuple[int, list[dict]]:
    by_id = Prefetch("items", OrderItem.objects.order_by("id"))
    orders = Order.objects.filter(customer=customer).order_by("-created_at", "-id")
    shown = []
    # What is followed in the loop is item.product.category, not order.customer.
    for order in orders.select_related("customer").prefetch_related(by_id)[:size]:
        items = [
            {"quantity": item.quantity, "product": item.product.name, "category": item.product.category.name}
            for item in order.items.all()
        ]
        shown.append({"id": order.id, "items": items})
    return orders.count(), shown
