# fails with: Python throws most of them away
from shop.accounts.models import User
from shop.orders.models import Order


def recent_orders(customer: User, size: int) -> tuple[int, list[dict]]:
    orders = Order.objects.filter(customer=customer).order_by("-created_at", "-id")
    everything = list(orders.prefetch_related("items__product__category"))
    shown = []
    for order in everything[:size]:
        items = [
            {"quantity": item.quantity, "product": item.product.name, "category": item.product.category.name}
            for item in sorted(order.items.all(), key=lambda item: item.id)
        ]
        shown.append({"id": order.id, "items": items})
    return len(everything), shown
