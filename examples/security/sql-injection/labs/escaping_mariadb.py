"""LAB: deliberately vulnerable. Double every quote on MariaDB, where a backslash escapes too."""

import os

if os.environ.get("NEXUS_LAB") != "1":
    raise ImportError(
        "escaping_mariadb is deliberately vulnerable. To run it: python run_lab.py labs/escaping_mariadb.py"
    )

import servers


def search(cursor, name: str) -> int:
    doubled = name.replace("'", "''")
    return cursor.execute(f"SELECT name FROM product WHERE name = '{doubled}'")


def search_bound(cursor, name: str) -> int:
    return cursor.execute("SELECT name FROM product WHERE name = %s", (name,))


def rows(text: str) -> dict[str, int]:
    with servers.mariadb() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE product (name VARCHAR(40))")
        cursor.execute("INSERT INTO product VALUES ('mug'), ('teapot')")
        found = {"quotes doubled": search(cursor, text), "parameter": search_bound(cursor, text)}
        cursor.execute("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
        return found | {"quotes doubled, NO_BACKSLASH_ESCAPES": search(cursor, text)}


if __name__ == "__main__":
    for text in ("' OR 1=1 #", r"\' OR 1=1 #"):
        print(f"input: {text}")
        for way, found in rows(text).items():
            print(f"  {way:37} {found} rows")
