"""LAB: deliberately vulnerable. Attack the same string-built search as two database users."""

import os

if os.environ.get("NEXUS_LAB") != "1":
    raise ImportError(
        "least_privilege is deliberately vulnerable. To run it: python run_lab.py labs/least_privilege.py"
    )

import psycopg
import servers

ATTACKS = {
    "read hashes": "' UNION SELECT password_hash FROM account -- ",
    "set prices to 0": "'; UPDATE product SET price = 0 -- ",
    "read hidden products": "' OR hidden -- ",
}


def search(connection, name: str) -> str:
    try:
        cursor = connection.execute(f"SELECT name FROM product WHERE NOT hidden AND name = '{name}'")
    except psycopg.Error as refusal:
        return str(refusal).splitlines()[0]
    rows = cursor.fetchall()
    while cursor.nextset():  # the answer of a second statement
        rows = []
    return f"{cursor.rowcount} rows changed" if not rows else f"{len(rows)} rows read"


def prepare(connection, reader: str) -> None:
    sql = psycopg.sql
    connection.execute("CREATE TABLE product (name text, price integer, hidden boolean)")
    connection.execute("INSERT INTO product VALUES ('mug', 1200, false), ('teapot 2', 2600, true)")
    connection.execute("CREATE TABLE account (password_hash text)")
    connection.execute("INSERT INTO account VALUES ('hash 1'), ('hash 2')")
    connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(reader)))
    connection.execute(sql.SQL("GRANT SELECT ON product TO {}").format(sql.Identifier(reader)))


def results(connection) -> dict[str, list[str]]:
    """For each attack, its result as the owner of the tables and as a user who may read `product`."""
    reader = servers.new_name("reader")
    prepare(connection, reader)
    role = psycopg.sql.Identifier(reader)
    try:
        as_owner = [search(connection, text) for text in ATTACKS.values()]
        # A real application logs in as this user. After SET ROLE an attacker could send RESET ROLE.
        connection.execute(psycopg.sql.SQL("SET ROLE {}").format(role))
        as_reader = [search(connection, text) for text in ATTACKS.values()]
    finally:
        connection.execute("RESET ROLE")
        connection.execute(psycopg.sql.SQL("DROP OWNED BY {}").format(role))
        connection.execute(psycopg.sql.SQL("DROP ROLE {}").format(role))
    return {name: [owner, reader] for name, owner, reader in zip(ATTACKS, as_owner, as_reader, strict=True)}


if __name__ == "__main__":
    with servers.postgresql() as shop:
        found = results(shop)
        for place, user in enumerate(("owner of both tables", "reader of product")):
            print(user)
            for name, answers in found.items():
                print(f"  {name:21} {answers[place]}")
