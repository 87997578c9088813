import importlib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

LABS = Path(__file__).resolve().parent
EXERCISE = LABS.parent / "exercises" / "shop_search"
sys.path.append(str(LABS.parent))

import parameterised  # noqa: E402 - the line above finds it
from shop_tables import new_shop  # noqa: E402


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Import a lab by name, with the switch on for this test only."""
    monkeypatch.setenv("NEXUS_LAB", "1")
    monkeypatch.setattr(sys, "path", [str(LABS), str(EXERCISE), *sys.path])
    yield importlib.import_module
    for path in [*LABS.glob("*.py"), *EXERCISE.glob("*.py")]:
        sys.modules.pop(path.stem, None)


def test_ordinary_requests_get_the_same_answers_from_both(lab):
    string_built, shop = lab("string_built"), new_shop()

    for version in (string_built, parameterised):
        assert [("lena@shop.example", "customer")] == version.log_in(
            shop, "lena@shop.example", "battery staple"
        )
        assert [] == version.log_in(shop, "lena@shop.example", "wrong")
        assert [("Teapot, 50% larger", 3100), ("Teapot, 500 ml", 2600)] == version.search(shop, "teapot")
        assert (True, False) == (version.in_stock(shop, "1"), version.in_stock(shop, "2"))


def test_three_attacks_read_everything_and_with_parameters_nothing(lab):
    read_everything = lab("read_everything")

    flawed = read_everything.attack(lab("string_built"))
    fixed = read_everything.attack(parameterised)

    assert [2, 2, 2, 22, 154] == list(flawed.values())[:-1]
    assert [0, 0, 0, 0, 7] == list(fixed.values())[:-1]
    stored = new_shop().execute("SELECT password_hash FROM account WHERE id = 1").fetchone()[0]
    assert stored.startswith(flawed["leaked"])
    assert 22 * 7 == flawed["yes/no: requests"]


def test_and_binds_before_or_so_the_bare_tautology_finds_nobody(lab):
    assert [] == lab("string_built").log_in(new_shop(), "' OR '1'='1", "")


def test_an_apostrophe_breaks_string_built_sql_without_any_attack(lab):
    with pytest.raises(sqlite3.OperationalError):
        lab("string_built").search(new_shop(), "O'Brien")
    assert [("O'Brien tea towel", 900)] == parameterised.search(new_shop(), "O'Brien")


def test_doubling_quotes_holds_between_quotes_and_fails_without_them(lab):
    assert {"by name": 0, "by id": 6, "by id, UNION": 2} == lab("escaping").rows()


@pytest.mark.mariadb
def test_on_mariadb_a_backslash_undoes_the_doubled_quote(lab):
    rows = lab("escaping_mariadb").rows

    assert [0, 0, 0] == list(rows("' OR 1=1 #").values())
    assert [2, 0, 0] == list(rows(r"\' OR 1=1 #").values())


def test_a_name_stored_safely_attacks_the_statement_that_reads_it_back(lab):
    second_order = lab("second_order")

    assert (1, True) == second_order.attack(second_order.change_password)
    assert (1, False) == second_order.attack(second_order.change_password_bound)


@pytest.mark.postgresql
def test_a_stored_function_that_concatenates_is_injected_through_a_parameter(lab, postgresql):
    stored_functions = lab("stored_functions")
    stored_functions.install(postgresql)

    found = stored_functions.found(postgresql, "' UNION SELECT password_hash FROM account --")

    assert [["hash of the admin"], [], []] == list(found.values())
    assert [["mug"]] * 3 == list(stored_functions.found(postgresql, "mug").values())


@pytest.mark.postgresql
def test_a_reader_of_one_table_cannot_reach_the_other_nor_write(lab, postgresql):
    results = lab("least_privilege").results(postgresql)

    assert {
        "read hashes": ["2 rows read", "permission denied for table account"],
        "set prices to 0": ["2 rows changed", "permission denied for table product"],
        "read hidden products": ["1 rows read", "1 rows read"],
    } == results


def test_five_exploits_take_five_flags_from_the_stub_and_none_from_the_solution(lab):
    capture_flags = lab("capture_flags")

    for seed in (1, 5):
        flawed = capture_flags.capture(lab("shop_search"), seed)
        fixed = capture_flags.capture(lab("solution"), seed)

        assert (5, 0) == (sum(got for got, _ in flawed.values()), sum(got for got, _ in fixed.values()))
