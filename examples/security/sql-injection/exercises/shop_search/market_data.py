"""The market's data: other prices and flags for each seed, so that no answer can be written by hand."""

import hashlib
import sqlite3

SCHEMA = """
CREATE TABLE account (
    id INTEGER PRIMARY KEY, email TEXT, password_hash TEXT, note TEXT, name TEXT, city TEXT, reset_token TEXT
);
CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT, price INTEGER, stock INTEGER);
CREATE TABLE secret (name TEXT PRIMARY KEY, value TEXT);
"""
STAGES = ("login", "union", "blind", "order", "filter")
PRODUCTS = (
    "Union Jack mug", "O'Brien tea towel", "Select blend tea", "Teapot, 50% larger", "Teapot, 500 ml",
    "Tea_cosy", "Drop-leaf table", "Order book -- A5", "Back\\slash pin", "Rug",
)  # fmt: skip
PEOPLE = (
    ("admin@shop.example", "Admin", "Tehran"),
    ("lena@shop.example", "Lena O'Brien", "Tabriz"),
    ("li@shop.example", "Li", "Tehran"),
)


def hashed(password: str) -> str:
    """Stand in for a password hasher. Never store a plain SHA-256: it is far too fast to guess against."""
    return hashlib.sha256(password.encode()).hexdigest()


def password_of(email: str, seed: int) -> str:
    return f"{email}'s password no. {seed}"


def flags(seed: int) -> dict[str, str]:
    """The flag of each stage."""
    return {stage: f"FLAG-{hashed(f'{seed} {stage}')[:8]}" for stage in STAGES}


def product_rows(seed: int) -> list[tuple[int, str, int, int]]:
    """Number, name, price and stock of each product."""
    return [
        (number, f"{name}{' ' + str(seed) if name == 'Rug' else ''}", (seed * 37 + number * 611) % 900 + 100,
         (seed + number) % 3)
        for number, name in enumerate(PRODUCTS, start=1)
    ]  # fmt: skip


def new_market(seed: int) -> sqlite3.Connection:
    """A database of its own for each caller."""
    flag = flags(seed)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
    for number, (email, name, city) in enumerate(PEOPLE, start=1):
        note = flag["login"] if number == 1 else f"welcome, {name}"
        token = flag["filter"] if number == 1 else ""
        row = (number, email, hashed(password_of(email, seed)), note, name, city, token)
        connection.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    connection.executemany("INSERT INTO product VALUES (?, ?, ?, ?)", product_rows(seed))
    secrets = [(stage, flag[stage]) for stage in ("union", "blind", "order")]
    connection.executemany("INSERT INTO secret VALUES (?, ?)", secrets)
    return connection
