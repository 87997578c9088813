import xml.etree.ElementTree as xml
from itertools import combinations

import pytest

from conventions.diagram import Column, Table, layers_of, place, read_tables, svg


def table(name: str, *others: str, rows: int = 3) -> Table:
    """A table that refers to `others`, with `rows` columns besides."""
    plain = [Column(f"column_{number}", "bigint", number == 0, False, "") for number in range(rows)]
    return Table(name, (*plain, *(Column(f"{other}_id", "bigint", False, False, other) for other in others)))


SHOP = [
    table("category", rows=2),
    table("item", "order", "product"),
    table("lease", rows=9),
    table("order", "user", "order"),
    table("product", "category", "user"),
    table("user", rows=7),
]


def test_a_table_stands_to_the_right_of_those_that_it_refers_to():
    left = {name: at[0] for name, at in place(layers_of(SHOP)).items()}

    assert all(left[name] < left[each.name] for each in SHOP for name in each.refers_to)
    assert len(set(left.values())) == 3


def test_no_box_covers_another():
    places = place(layers_of(SHOP))
    boxes = [(*places[each.name], each.height) for each in SHOP]

    assert len(boxes) == len(SHOP)
    for one, other in combinations(boxes, 2):
        beside = one[0] + one[2] < other[0] or other[0] + other[2] < one[0]
        below = one[1] + one[3] < other[1] or other[1] + other[3] < one[1]
        assert beside or below


def test_each_reference_is_a_line_and_is_told_in_words():
    drawn = xml.fromstring(svg(SHOP, title="Tables", slug="t"))
    shape = "{http://www.w3.org/2000/svg}"

    lines = [path for path in drawn.iter(f"{shape}path") if path.get("class")]

    assert len(lines) == sum(bool(column.refers_to) for each in SHOP for column in each.columns) == 6
    assert (
        "item has 5 columns and refers to order by order_id, product by product_id"
        in drawn.find(f"{shape}desc").text
    )
    texts = {text.text for text in drawn.iter(f"{shape}text")}
    assert {each.name for each in SHOP} <= texts


def test_tables_that_refer_to_each_other_in_a_ring_are_drawn():
    ring = [table("hen", "egg"), table("egg", "hen")]

    assert svg(ring, title="Ring", slug="ring").count("<path class=") == 2


def test_a_name_that_is_markup_stays_a_name():
    assert "<b>" not in svg([table("<b>")], title="<b>", slug="t")


@pytest.mark.django_db
def test_the_catalogue_of_the_database_tells_keys_uniqueness_and_nulls():
    tables = {each.name: each for each in read_tables("shop")}
    product = {column.name: column for column in tables["catalogue_product"].columns}

    assert len(tables) > 4
    assert not any(name.startswith(("django_", "auth_")) for name in tables)
    assert product["id"].primary
    assert product["slug"].unique
    assert "catalogue_category" == product["category_id"].refers_to
    assert tables["accounts_user"].columns[2].kind.endswith("?")
    assert "catalogue_category" in tables["catalogue_product"].refers_to
