"""The Django programs configure a project of their own, so each test runs them in a process of its own."""

import subprocess
import sys
import textwrap
from pathlib import Path

from django.contrib.auth.hashers import check_password

LABS = Path(__file__).resolve().parent


def run(program: str) -> None:
    """Run a program with this lesson's modules and labs, and the switch on; its assertions are the test."""
    header = f"""
        import os, sys
        os.environ["NEXUS_LAB"] = "1"
        sys.path[:0] = [{str(LABS.parent)!r}, {str(LABS)!r}]
    """
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(header) + textwrap.dedent(program)],
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert 0 == ran.returncode, ran.stderr


def test_filter_of_a_dictionary_gives_the_hash_away_and_an_allow_list_does_not():
    run("""
        import allowed_filters, orm_leak
        orm_leak.new_market()
        rest = len(orm_leak.HASH) - len(orm_leak.KNOWN)

        assert (22, 780) == orm_leak.attack(orm_leak.products, orm_leak.linear, 22)
        assert (22, 136) == orm_leak.attack(orm_leak.products, orm_leak.halving, 22)
        assert rest == 67 == orm_leak.attack(orm_leak.products, orm_leak.halving, rest)[0]
        for method in (orm_leak.linear, orm_leak.halving):
            assert 0 == orm_leak.attack(allowed_filters.products, method, 22)[0]
    """)


def test_ordinary_filters_find_the_same_through_the_allow_list():
    run("""
        import allowed_filters, orm_leak
        orm_leak.new_market()

        for flawed, fixed in (
            ({"name__icontains": "MUG"}, {"name": "MUG"}),
            ({"price__lte": "2000"}, {"max_price": "2000"}),
            ({"seller__name": "Lena"}, {"seller": "Lena"}),
            ({}, {}),
        ):
            assert list(orm_leak.products(flawed)) == list(allowed_filters.products(fixed))
        try:
            allowed_filters.products({"seller__password__gte": "a", "name": "mug"})
        except allowed_filters.UnknownFilter as refusal:
            assert "seller__password__gte" == str(refusal)
        else:
            raise AssertionError("an unknown filter was accepted")
    """)


def test_raw_extra_and_rawsql_inject_text_and_bind_parameters():
    run("""
        import raw_sql
        raw_sql.new_market()

        assert {(2, 0)} == set(raw_sql.rows("' OR '1'='1").values())
        assert {(1, 1)} == set(raw_sql.rows("mug").values())
    """)


def test_this_django_refuses_crafted_keys_and_answers_well_formed_ones():
    run("""
        import dictionary_keys
        dictionary_keys.new_market()

        answers = [dictionary_keys.answer(query) for query in dictionary_keys.crafted().values()]
        assert ["TypeError", "ValueError", "ValueError", "FieldError", "2 rows", "2 rows"] == answers
    """)


def test_the_hash_that_leaks_is_one_that_django_made():
    stored = (LABS.parent / "orm_models.py").read_text(encoding="utf-8").split('HASH = "')[1].split('"')[0]

    assert check_password("correct horse", stored)
