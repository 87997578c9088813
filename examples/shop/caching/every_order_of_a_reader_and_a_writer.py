"""A reader keeps a price while a writer changes it: try every order of their steps, with two ways to drop a key."""

from collections.abc import Callable, Generator

from schedules import Kill, explore, summary


class Shop:
    """A price in the database, and a cache that has a version and no price."""

    def __init__(self) -> None:
        self.price = 9
        self.cache: dict[object, object] = {"version": "v1"}


# --8<-- [start:delete]
def reader(shop: Shop) -> Generator[str, None, None]:
    yield "read the price"
    price = shop.price
    yield "keep it"
    shop.cache["price"] = price


def writer(shop: Shop) -> Generator[str, None, None]:
    yield "commit 8"
    shop.price = 8
    yield "delete the price"
    shop.cache.pop("price", None)


# --8<-- [end:delete]


# --8<-- [start:versions]
def reader_of_versions(shop: Shop) -> Generator[str, None, None]:
    yield "read the version"
    version = shop.cache.setdefault("version", "v2")
    yield "read the price"
    price = shop.price
    yield "keep it under the version"
    shop.cache[version] = price


def writer_of_versions(shop: Shop) -> Generator[str, None, None]:
    yield "commit 8"
    shop.price = 8
    yield "delete the version"
    shop.cache.pop("version", None)


# --8<-- [end:versions]


def killer(_: Shop) -> Generator[Kill, None, None]:
    yield Kill("writer")


def next_reader_is_right(key: Callable[[Shop], object]) -> Callable[[Shop], str]:
    def promise(shop: Shop) -> str:
        shown = shop.cache.get(key(shop), shop.price)
        return "" if shown == shop.price else f"the shop shows {shown}, the database has {shop.price}"

    return promise


def price(_: Shop) -> str:
    return "price"


def version(shop: Shop) -> object:
    return shop.cache.get("version")


if __name__ == "__main__":
    deleted = explore(Shop, {"reader": reader, "writer": writer}, next_reader_is_right(price))
    print("delete the key:      ", summary(deleted))
    print(next(path for path in deleted if path.fault), end="\n\n")
    scripts = {"reader": reader_of_versions, "writer": writer_of_versions}
    print("delete the version:  ", summary(explore(Shop, scripts, next_reader_is_right(version))))
    killed = explore(Shop, scripts | {"power cut": killer}, next_reader_is_right(version))
    print("the writer may die:  ", summary(killed))
    print(next(path for path in killed if path.fault))
