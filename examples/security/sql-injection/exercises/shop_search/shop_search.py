"""LAB: deliberately vulnerable. Five endpoints of a shop, each with a hole; your task is to close them.

Every endpoint takes the parameters of a request and returns rows. Keep what they are for:

/login     email, password   the account's e-mail and note, or no row
/search    q                 name and price of products that contain `q`, whatever `q` is
/stock     id                one row: is the product in stock?
/products  sort, direction   sort is name or price, direction asc or desc; everything else is a `BadRequest`
/sellers   any of city, name, name__startswith; everything else is a `BadRequest`
"""
# ruff: noqa: S608 - string-built SQL is what this file is about

import os
import sqlite3
from sqlite3 import Connection

from market_data import hashed

if os.environ.get("NEXUS_LAB") != "1":  # delete this with the last hole
    raise ImportError("shop_search is deliberately vulnerable. Its own tests turn the switch NEXUS_LAB=1 on.")

Asked = dict[str, str]
Rows = list[tuple]


class BadRequest(ValueError):
    """The request asks for something that this endpoint does not offer: status 400."""


def log_in(shop: Connection, asked: Asked) -> Rows:
    return shop.execute(
        f"SELECT email, note FROM account WHERE email = '{asked['email']}'"
        f" AND password_hash = '{hashed(asked['password'])}'"
    ).fetchall()


def search(shop: Connection, asked: Asked) -> Rows:
    return shop.execute(
        f"SELECT name, price FROM product WHERE name LIKE '%{asked['q']}%' ORDER BY id"
    ).fetchall()


def stock(shop: Connection, asked: Asked) -> Rows:
    found = shop.execute(f"SELECT 1 FROM product WHERE id = {asked['id']} AND stock > 0")
    return [(found.fetchone() is not None,)]


def products(shop: Connection, asked: Asked) -> Rows:
    return shop.execute(
        f"SELECT name, price FROM product ORDER BY {asked['sort']} {asked['direction']}, id"
    ).fetchall()


def sellers(shop: Connection, asked: Asked) -> Rows:
    conditions, values = ["1"], []
    for key, text in asked.items():
        column, _, lookup = key.partition("__")
        conditions.append(
            f"substr({column}, 1, length(?)) = ?" if lookup == "startswith" else f"{column} = ?"
        )
        values += [text, text] if lookup == "startswith" else [text]
    return shop.execute(
        f"SELECT name, city FROM account WHERE {' AND '.join(conditions)} ORDER BY id", values
    ).fetchall()


ENDPOINTS = {"/login": log_in, "/search": search, "/stock": stock, "/products": products, "/sellers": sellers}


def handle(shop: Connection, path: str, asked: Asked) -> tuple[int, Rows]:
    """Answer one request with a status and rows. What went wrong inside is not told to the client."""
    try:
        return 200, ENDPOINTS[path](shop, asked)
    except BadRequest:
        return 400, []
    except sqlite3.Error:
        return 500, []
