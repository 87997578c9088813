"""Amounts are exact: parts add up to wholes, in any order, and a credit is the mirror of a debit."""

import ast
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.billing.money import decimal, shown
from invoices.billing.tax import BASIS_POINTS, Rounding, allocate, amounts, half_up, net_minor

QUANTITIES = st.integers(-(10**7), 10**7).filter(bool)
LINES = st.lists(
    st.tuples(QUANTITIES, st.integers(0, 10**9), st.sampled_from([0, 500, 700, 1900, 2125])),
    min_size=1,
    max_size=12,
)
ROUNDINGS = st.sampled_from(list(Rounding))


def mirrored(lines: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return [(-quantity, price, rate) for quantity, price, rate in lines]


@given(st.integers(), st.integers(1, 10**6))
def test_half_up_is_the_nearest_integer_and_a_half_goes_away_from_zero(numerator: int, denominator: int):
    exact, rounded = Fraction(numerator, denominator), half_up(numerator, denominator)

    assert abs(rounded - exact) <= Fraction(1, 2)
    assert abs(rounded - exact) < Fraction(1, 2) or abs(rounded) > abs(exact)
    assert half_up(-numerator, denominator) == -rounded


@given(LINES)
def test_the_tax_of_a_rate_is_that_of_its_net_sum_rounded_once(lines: list):
    found = amounts(lines, Rounding.PER_RATE)

    for rate in {line[2] for line in lines}:
        of_rate = [each for each, line in zip(found, lines, strict=True) if line[2] == rate]
        net = sum(each.net_minor for each in of_rate)
        assert half_up(net * rate, BASIS_POINTS) == sum(each.tax_minor for each in of_rate)


@given(LINES)
def test_the_tax_of_a_line_is_rounded_by_itself_where_that_is_asked(lines: list):
    for each, (quantity, price, rate) in zip(amounts(lines, Rounding.PER_LINE), lines, strict=True):
        assert net_minor(quantity, price) == each.net_minor
        assert half_up(each.net_minor * rate, BASIS_POINTS) == each.tax_minor


@given(LINES, st.randoms(use_true_random=False), ROUNDINGS)
def test_the_order_of_lines_changes_no_amount(lines: list, dice: object, rounding: Rounding):
    shuffled = list(lines)
    dice.shuffle(shuffled)

    def found(lines: list) -> list:
        pairs = zip(lines, amounts(lines, rounding), strict=True)
        return sorted((line, each.net_minor, each.tax_minor) for line, each in pairs)

    assert found(lines) == found(shuffled)


@given(LINES, ROUNDINGS)
def test_what_is_taken_back_is_the_mirror_of_what_was_given(lines: list, rounding: Rounding):
    given_sum = sum(each.net_minor + each.tax_minor for each in amounts(lines, rounding))
    taken = amounts(mirrored(lines), rounding)

    assert -given_sum == sum(each.net_minor + each.tax_minor for each in taken)


@given(LINES, ROUNDINGS)
def test_each_share_of_the_tax_is_less_than_two_units_from_exact(lines: list, rounding: Rounding):
    for each, (_, _, rate) in zip(amounts(lines, rounding), lines, strict=True):
        assert abs(each.tax_minor - Fraction(each.net_minor * rate, BASIS_POINTS)) < 2


@given(
    st.integers(-(10**6), 10**6), st.lists(st.integers(-(10**9), 10**9), min_size=1), st.integers(1, 10**5)
)
def test_shares_add_up_to_any_total(total: int, numerators: list[int], denominator: int):
    assert total == sum(allocate(total, numerators, denominator))


def test_the_largest_remainder_is_served_first():
    assert [1, 0, 0] == allocate(1, [5, 3, 2], 10)
    assert [34, 33, 33] == allocate(100, [1000, 1000, 1000], 30)


def test_no_float_takes_part_in_an_amount():
    folder = Path(__file__).parent
    for name in ("tax.py", "money.py", "services.py", "payments.py"):
        tree = ast.parse((folder / name).read_text(encoding="utf-8"))
        divisions = [node for node in ast.walk(tree) if isinstance(node, ast.Div)]
        floats = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, float)
        ]
        calls = [
            node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in ("float", "round")
        ]
        assert [] == divisions + floats + calls, name


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1234567, "EUR", "12,345.67 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (1234, "JPY", "1,234 JPY"),
        (1234, "KWD", "1.234 KWD"),
    ],
)
def test_an_amount_is_shown_with_the_decimals_of_its_currency(amount: int, currency: str, text: str):
    assert text == shown(amount, currency)


@pytest.mark.parametrize(
    ("value", "exponent", "text"), [(1500, 3, "1.5"), (-250, 3, "-0.25"), (100_000, 3, "100"), (700, 2, "7")]
)
def test_a_quantity_is_shown_without_trailing_zeros(value: int, exponent: int, text: str):
    assert text == decimal(value, exponent)
