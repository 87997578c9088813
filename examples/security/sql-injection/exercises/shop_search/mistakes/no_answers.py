"""Answer every request with nothing."""
# fails with: the right password does not log in

from sqlite3 import Connection

from market_data import hashed

Asked = dict[str, str]
Rows = list[tuple]


class BadRequest(ValueError):
    """The request asks for something that this endpoint does not offer: status 400."""


def log_in(shop: Connection, asked: Asked) -> Rows:
    return shop.execute(
        "SELECT email, note FROM account WHERE email = ? AND password_hash = ?",
        (asked["email"], hashed(asked["password"])),
    ).fetchall()


def search(shop: Connection, asked: Asked) -> Rows:
    text = asked["q"].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return shop.execute(
        "SELECT name, price FROM product WHERE name LIKE '%' || ? || '%' ESCAPE '\\' ORDER BY id", (text,)
    ).fetchall()


def stock(shop: Connection, asked: Asked) -> Rows:
    found = shop.execute("SELECT 1 FROM product WHERE id = ? AND stock > 0", (asked["id"],))
    return [(found.fetchone() is not None,)]


ORDERINGS = {
    ("name", "asc"): "SELECT name, price FROM product ORDER BY name, id",
    ("name", "desc"): "SELECT name, price FROM product ORDER BY name DESC, id",
    ("price", "asc"): "SELECT name, price FROM product ORDER BY price, id",
    ("price", "desc"): "SELECT name, price FROM product ORDER BY price DESC, id",
}


def products(shop: Connection, asked: Asked) -> Rows:
    statement = ORDERINGS.get((asked["sort"], asked["direction"]))
    if statement is None:
        raise BadRequest("sort is name or price, direction asc or desc")
    return shop.execute(statement).fetchall()


SELLERS = """
SELECT name, city FROM account
WHERE (:city IS NULL OR city = :city)
  AND (:name IS NULL OR name = :name)
  AND (:name__startswith IS NULL OR substr(name, 1, length(:name__startswith)) = :name__startswith)
ORDER BY id
"""
FILTERS = ("city", "name", "name__startswith")


def sellers(shop: Connection, asked: Asked) -> Rows:
    if asked.keys() - set(FILTERS):
        raise BadRequest(f"filters are {', '.join(FILTERS)}")
    return shop.execute(SELLERS, {name: asked.get(name) for name in FILTERS}).fetchall()


ENDPOINTS = {"/login": log_in, "/search": search, "/stock": stock, "/products": products, "/sellers": sellers}


def handle(shop: Connection, path: str, asked: Asked) -> tuple[int, Rows]:
    return 200, []
