import subprocess
import sys

import pytest
import run_lab
from order_by import bound, products
from shop_tables import new_shop

EVERYTHING = "' UNION SELECT password_hash FROM account --"


def test_q_orm_filter_only_a_key_that_names_the_password_tells_about_it():
    program = f"""
import os, sys
os.environ["NEXUS_LAB"] = "1"
sys.path[:0] = [{str(run_lab.FOLDER)!r}, {str(run_lab.FOLDER / "labs")!r}]
from django.http import QueryDict
import orm_leak
orm_leak.new_market()

def found(query):
    return len(orm_leak.products(QueryDict(query.removeprefix("?")).dict()))

assert 0 == found("?name=' OR '1'='1")
assert 0 == found("?seller__password=' OR 1=1 --")
assert 1 == found("?name=mug&seller__password__gte=pbkdf2_sha256$1000000$k")
assert 0 == found("?name=mug&seller__password__gte=pbkdf2_sha256$1000000$l")
"""
    ran = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, encoding="utf-8")

    assert 0 == ran.returncode, ran.stderr


def test_q_doubled_quotes_hold_between_quotes_only():
    def escaped(text: str) -> str:
        return text.replace("'", "''")

    def rows(statement: str) -> int:
        return len(new_shop().execute(statement).fetchall())

    for text in ("0 OR 1=1", "' OR 1=1 --", "'' OR 1=1 --", "\\' OR 1=1 --"):
        assert 0 == rows("SELECT name FROM product WHERE name = 'TEXT'".replace("TEXT", escaped(text)))
    assert 6 == rows("SELECT name FROM product WHERE id = TEXT".replace("TEXT", escaped("0 OR 1=1")))


def test_q_order_by_a_parameter_sorts_nothing_and_raises_nothing():
    unsorted = [row[0] for row in new_shop().execute("SELECT name FROM product")]

    found = new_shop().execute("SELECT name FROM product ORDER BY ?", ("price",)).fetchall()

    assert unsorted == [row[0] for row in found]
    assert bound(new_shop(), "price") != products(new_shop(), "price")


@pytest.mark.postgresql
def test_q_stored_function_only_the_one_that_concatenates_is_injected(postgresql):
    bodies = {
        "using": "RETURN QUERY EXECUTE 'SELECT name FROM product WHERE name = $1' USING wanted;",
        "format": "RETURN QUERY EXECUTE format('SELECT name FROM product WHERE name = %L', wanted);",
        "format_s": "RETURN QUERY EXECUTE format('SELECT name FROM product WHERE name = ''%s''', wanted);",
        "glued": "RETURN QUERY EXECUTE 'SELECT name FROM product WHERE name = ''' || wanted || '''';",
    }
    postgresql.execute("CREATE TABLE product (name text)")
    postgresql.execute("INSERT INTO product VALUES ('mug')")
    postgresql.execute("CREATE TABLE account (password_hash text)")
    postgresql.execute("INSERT INTO account VALUES ('secret')")

    found = {}
    for name, body in bodies.items():
        postgresql.execute(
            "CREATE OR REPLACE FUNCTION search(wanted text) RETURNS SETOF text LANGUAGE plpgsql "
            f"AS $$ BEGIN {body} END $$"
        )
        assert [("mug",)] == postgresql.execute("SELECT search(%s)", ("mug",)).fetchall()
        found[name] = postgresql.execute("SELECT search(%s)", (EVERYTHING,)).fetchall()

    assert {"using": [], "format": [], "format_s": [("secret",)], "glued": [("secret",)]} == found
