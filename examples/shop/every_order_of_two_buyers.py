"""Try every order in which two buyers of the last mug can run: check and then save, or one conditional update."""

from dataclasses import dataclass

from schedules import explore, summary


@dataclass
class Shop:
    """What the database holds."""

    stock: int = 1
    orders: int = 0


# --8<-- [start:buyers]
def check_then_save(shop):
    yield "SELECT stock"
    stock = shop.stock
    if stock >= 1:
        yield f"UPDATE SET stock = {stock - 1}"
        shop.stock = stock - 1
        yield "INSERT order"
        shop.orders += 1


def conditional_update(shop):
    yield "UPDATE SET stock = stock - 1 WHERE stock >= 1"
    if shop.stock >= 1:
        shop.stock -= 1
        yield "INSERT order"
        shop.orders += 1


# --8<-- [end:buyers]
def orders(buyer):
    """Every order of two such buyers; the promise is that the mug is sold once."""
    return explore(
        Shop, {"A": buyer, "B": buyer}, lambda shop: shop.orders == 1 or f"{shop.orders} sold of 1"
    )


if __name__ == "__main__":
    print("check, then save:", summary(orders(check_then_save)))
    print("one conditional update:", summary(orders(conditional_update)))
    print()
    print(next(path for path in orders(check_then_save) if path.fault))
