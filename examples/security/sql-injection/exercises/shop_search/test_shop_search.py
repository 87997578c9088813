import ast
import os
import re
from pathlib import Path

import pytest

os.environ["NEXUS_LAB"] = "1"  # the exercise begins as a lab

import shop_search
from five_exploits import EXPLOITS
from market_data import PEOPLE, flags, new_market, password_of, product_rows

HERE = Path(__file__).resolve().parent
# A line each; the bar at its end keeps spaces there from being lost.
PAYLOADS = [line[:-1] for line in (HERE / "payloads.txt").read_text(encoding="utf-8").splitlines()]
SEEDS = (3, 8)


def ask(path: str, seed: int = SEEDS[0], **parameters: str) -> tuple[int, list[tuple]]:
    return shop_search.handle(new_market(seed), path, parameters)


def captured(stage: str) -> bool:
    """Whether an exploit reads its flag, for either seed."""
    for seed in SEEDS:
        market = new_market(seed)
        if EXPLOITS[stage](
            lambda path, parameters, market=market: shop_search.handle(market, path, parameters)
        ):
            return True
    return False


# What every answer should be, worked out in Python: there is no SQL here that could be attacked.
def logged_in(seed: int, email: str, password: str) -> list[tuple]:
    notes = [flags(seed)["login"], *(f"welcome, {name}" for _, name, _ in PEOPLE[1:])]
    return [
        (known, note)
        for (known, _, _), note in zip(PEOPLE, notes, strict=True)
        if known == email and password_of(known, seed) == password
    ]


def found(seed: int, q: str) -> list[tuple]:
    return [(name, price) for _, name, price, _ in product_rows(seed) if q.lower() in name.lower()]


def in_stock(seed: int, number: str) -> list[tuple]:
    return [(any(str(product) == number and stock > 0 for product, _, _, stock in product_rows(seed)),)]


def ordered(seed: int, sort: str, direction: str) -> tuple[int, list[tuple]]:
    if sort not in ("name", "price") or direction not in ("asc", "desc"):
        return 400, []
    column = 1 if sort == "name" else 2
    rows = sorted(product_rows(seed), key=lambda row: row[column], reverse=direction == "desc")
    return 200, [(name, price) for _, name, price, _ in rows]


def people(**filters: str) -> tuple[int, list[tuple]]:
    if filters.keys() - {"city", "name", "name__startswith"}:
        return 400, []
    return 200, [
        (name, city)
        for _, name, city in PEOPLE
        if city == filters.get("city", city)
        and name == filters.get("name", name)
        and name.startswith(filters.get("name__startswith", ""))
    ]


# What the shop is for.


@pytest.mark.parametrize("seed", SEEDS)
def test_ordinary_requests_are_answered(seed: int):
    admin = "admin@shop.example"

    assert (200, logged_in(seed, admin, password_of(admin, seed))) == ask(
        "/login", seed, email=admin, password=password_of(admin, seed)
    ), "the right password does not log in: the shop must stay usable. Look at what log_in returns"
    assert (200, found(seed, "teapot")) == ask("/search", seed, q="teapot"), (
        "an ordinary search does not find the two teapots: a shop without a search is safe, and useless"
    )
    for number in range(1, 12):
        assert (200, in_stock(seed, str(number))) == ask("/stock", seed, id=str(number)), (
            f"/stock is wrong about product {number}"
        )


def test_names_with_an_apostrophe_are_found():
    seller = ask("/sellers", name="Lena O'Brien")[1]

    assert [("O'Brien tea towel", found(3, "o'brien")[0][1])] == ask("/search", q="O'Brien")[1], (
        "O'Brien is not found: an apostrophe is an ordinary letter in a name, do not refuse or remove it"
    )
    assert [("Lena O'Brien", "Tabriz")] == seller, "the seller O'Brien is not found"


def test_names_that_look_like_sql_are_found():
    for name in ("Union Jack mug", "Select blend tea", "Drop-leaf table", "Order book -- A5"):
        assert found(3, name) == ask("/search", q=name)[1], (
            f'the product "{name}" is not found: a list of forbidden words locks customers out, '
            "and attackers write the words otherwise"
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_products_come_in_the_order_asked_for(seed: int):
    for sort in ("name", "price"):
        for direction in ("asc", "desc"):
            assert ordered(seed, sort, direction) == ask("/products", seed, sort=sort, direction=direction), (
                f"sort={sort}, direction={direction}: the products come in another order. A parameter in "
                "ORDER BY is a constant value, not the name of a column, so it sorts nothing"
            )


def test_sellers_are_filtered():
    for filters in ({}, {"city": "Tehran"}, {"city": "Tehran", "name": "Li"}, {"name__startswith": "L"}):
        assert people(**filters) == ask("/sellers", **filters), f"/sellers is wrong for {filters}"


# What the shop must not be for.


def test_nobody_logs_in_without_a_password():
    assert not captured("login"), (
        "an exploit logged in without a password: text from the request became part of the WHERE of log_in"
    )


def test_a_search_reads_products_only():
    assert not captured("union"), (
        "an exploit read the table `secret` through the search: its UNION became part of your statement. "
        "Words in other cases, comments for spaces: a filter of words does not see them"
    )


def test_the_stock_answers_about_the_stock_only():
    assert not captured("blind"), (
        "an exploit read a secret through yes and no of /stock: its text stands where a number should, "
        "without quotes around it, so doubling quotes changes nothing"
    )


def test_the_order_of_products_tells_nothing():
    for sort, direction in (("price", "* -1"), ("price", "asc, id"), ("name", "")):
        assert ask("/products", sort=sort, direction=direction)[1] == [], (
            f'direction "{direction}" was accepted: the direction is a part of the statement like the column.'
            " Compare it with a list too"
        )
    assert not captured("order"), (
        "an exploit read a secret from the order of the products: an expression was accepted as a column"
    )


def test_filters_reach_public_columns_only():
    assert not captured("filter"), (
        "an exploit read the admin's reset token through reset_token__startswith, without any injection: "
        "that a column exists does not mean that a client may ask about it"
    )
    assert people(email="x") == ask("/sellers", email="li@shop.example"), (
        "a filter that is not in the task must be a BadRequest, even where it is harmless"
    )


def test_wildcards_in_a_search_are_ordinary_characters():
    for text in ("50%", "_", "%", "\\", "a_"):
        assert found(3, text) == ask("/search", q=text)[1], (
            f'a search for "{text}" finds products without it: % and _ are wildcards of LIKE. Escape them, '
            "and name the character that does it with ESCAPE"
        )


def test_200_payloads_get_the_answers_of_a_program_without_sql():
    market = new_market(3)
    before = list(market.iterdump())
    bad_id = (400, [])

    wrong = []
    for text in PAYLOADS:
        for path, parameters, expected in (
            ("/login", {"email": text, "password": "x"}, [(200, [])]),
            ("/login", {"email": "admin@shop.example", "password": text}, [(200, [])]),
            ("/search", {"q": text}, [(200, found(3, text))]),
            ("/stock", {"id": text}, [(200, in_stock(3, text)), bad_id]),
            ("/products", {"sort": text, "direction": "asc"}, [ordered(3, text, "asc")]),
            ("/products", {"sort": "name", "direction": text}, [ordered(3, "name", text)]),
            ("/sellers", {"city": text}, [people(city=text)]),
            ("/sellers", {"name__startswith": text}, [people(name__startswith=text)]),
            ("/sellers", {text: "x"}, [people(**{text: "x"})]),
        ):
            answer = shop_search.handle(market, path, parameters)
            if answer not in expected:
                wrong.append(f"{path} {parameters}: {answer}, expected {expected[0]}")

    assert 200 == len(set(PAYLOADS))
    assert not wrong, f"{len(wrong)} of {9 * len(PAYLOADS)} answers are wrong, the first: {wrong[0]}"
    assert before == list(market.iterdump()), "a payload changed the data"


def test_no_statement_is_put_together_from_text():
    source = Path(shop_search.__file__).read_text(encoding="utf-8")
    built = sorted(
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.JoinedStr)
        and any(isinstance(part, ast.FormattedValue) for part in node.values)
        and re.search(r"\b(?:select|from|where|order by)\b", ast.unparse(node), re.IGNORECASE)
    )

    assert not built, (
        f"lines {built} put SQL together from text. Where that is safe today, a scanner (ruff's S608) and "
        "the next reader cannot know; write the statements out"
    )
