import pytest
from like_wildcards import search_literally
from order_by import UnknownOrdering, bound, products
from parameterised import search
from shop_tables import PRODUCTS, new_shop


def test_a_parameter_in_order_by_is_a_constant_and_sorts_nothing():
    stored = [(name, price) for name, price, _ in PRODUCTS]

    assert stored == bound(new_shop(), "price") == bound(new_shop(), "nonsense")


def test_orderings_on_the_list_sort():
    by_price = products(new_shop(), "price")

    assert [400, 700, 900, 1200, 2600, 3100] == [price for _, price in by_price]
    assert by_price == products(new_shop(), "-price")[::-1]
    assert products(new_shop(), "name") == products(new_shop(), "-name")[::-1]


@pytest.mark.parametrize("sort", ["password_hash", "price; --", "price, id", "(SELECT 1)", "PRICE", ""])
def test_an_ordering_that_is_not_on_the_list_is_refused(sort: str):
    with pytest.raises(UnknownOrdering, match="not one of name, -name, price, -price"):
        products(new_shop(), sort)


@pytest.mark.parametrize(
    ("text", "as_wildcards", "literally"),
    [("50%", 2, 1), ("_", 6, 1), ("%", 6, 1), ("mug", 1, 1), ("\\", 0, 0)],
)
def test_wildcards_pass_through_a_parameter_until_they_are_escaped(
    text: str, as_wildcards: int, literally: int
):
    assert as_wildcards == len(search(new_shop(), text))
    assert literally == len(search_literally(new_shop(), text))
