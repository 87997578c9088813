# fails with: a category is asked for product by product
from django.db.models import Prefetch
from shop.accounts.models import User
from shop.orders.models import Order, OrderItem


def recent_orders(customer: User, size: int) -> tuple[int, list[dict]]:
    items = Prefetch("items", OrderItem.objects.select_related("product").order_by("id"))
    orders = Order.objects.filter(customer=customer).order_by("-created_at", "-id")
    shown = []
    for order in orders.prefetch_related(items)[:size]:
        rows = [
            {"quantity": item.quantity, "product": item.product.name, "category": item.product.category.name}
            for item in order.items.all()
        ]
        shown.append({"id": order.id, "items": rows})
    return orders.count(), shown
