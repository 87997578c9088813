"""Search for a text that contains the wildcards of LIKE."""

from sqlite3 import Connection

from parameterised import search
from shop_tables import new_shop


# fmt: off
# --8<-- [start:literally]
def literally(text: str) -> str:
    """Escape the wildcards, and first what escapes them."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, "\\" + sign)
    return text


def search_literally(shop: Connection, text: str):
    return shop.execute(
        "SELECT name, price FROM product"
        " WHERE name LIKE '%' || ? || '%' ESCAPE '\\'",
        (literally(text),),
    ).fetchall()


# --8<-- [end:literally]
# fmt: on
if __name__ == "__main__":
    shop = new_shop()
    print("text   parameter  parameter, wildcards escaped")
    for text in ("50%", "_", "%", "mug"):
        print(f"{text:5} {len(search(shop, text)):10} {len(search_literally(shop, text)):12}")
