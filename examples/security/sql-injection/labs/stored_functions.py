"""LAB: deliberately vulnerable. Call three stored functions with parameters; one builds SQL inside."""

import os
from pathlib import Path

if os.environ.get("NEXUS_LAB") != "1":
    raise ImportError(
        "stored_functions is deliberately vulnerable. To run it: python run_lab.py labs/stored_functions.py"
    )

import servers

FUNCTIONS = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
CALLS = {
    "concatenated": ("SELECT search_concatenated(%s)", lambda text: (text,)),
    "USING": ("SELECT search_using(%s)", lambda text: (text,)),
    "format %I, %L": ("SELECT search_formatted(%s, %s)", lambda text: ("name", text)),
}


def install(connection) -> None:
    connection.execute("CREATE TABLE product (name text)")
    connection.execute("INSERT INTO product VALUES ('mug'), ('teapot')")
    connection.execute("CREATE TABLE account (password_hash text)")
    connection.execute("INSERT INTO account VALUES ('hash of the admin')")
    connection.execute(FUNCTIONS)


def found(connection, text: str) -> dict[str, list[str]]:
    """What each function finds; the call itself is parameterised, three times."""
    return {
        name: sorted(row[0] for row in connection.execute(call, arguments(text)))
        for name, (call, arguments) in CALLS.items()
    }


if __name__ == "__main__":
    with servers.postgresql() as shop:
        install(shop)
        for text in ("mug", "' UNION SELECT password_hash FROM account --"):
            print(f"input: {text}")
            for name, names in found(shop, text).items():
                print(f"  {name:14} {names}")
