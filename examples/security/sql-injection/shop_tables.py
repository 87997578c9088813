"""A new shop database: two accounts and six products."""

import hashlib
import sqlite3

SCHEMA = """
CREATE TABLE account (id INTEGER PRIMARY KEY, email TEXT UNIQUE, password_hash TEXT, role TEXT);
CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT, price INTEGER, stock INTEGER);
"""
ACCOUNTS = [
    ("admin@shop.example", "correct horse", "admin"),
    ("lena@shop.example", "battery staple", "customer"),
]
PRODUCTS = [
    ("Union Jack mug", 1200, 3),
    ("O'Brien tea towel", 900, 0),
    ("Select blend tea", 700, 12),
    ("Teapot, 50% larger", 3100, 2),
    ("Teapot, 500 ml", 2600, 0),
    ("Tea_cosy pattern", 400, 7),
]


def hashed(password: str) -> str:
    """Stand in for a password hasher. Never store a plain SHA-256: it is far too fast to guess against."""
    return hashlib.sha256(password.encode()).hexdigest()


def new_shop() -> sqlite3.Connection:
    """Give a database of its own to each caller."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
    connection.executemany(
        "INSERT INTO account (email, password_hash, role) VALUES (?, ?, ?)",
        [(email, hashed(password), role) for email, password, role in ACCOUNTS],
    )
    connection.executemany("INSERT INTO product (name, price, stock) VALUES (?, ?, ?)", PRODUCTS)
    return connection
