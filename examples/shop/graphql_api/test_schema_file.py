"""The schema on the site is the application's, and a change that breaks clients is named."""

from pathlib import Path

import pytest
from graphql import build_schema
from graphql.utilities import find_breaking_changes

from shop.graphql_api.schema import SCHEMA

FILE = Path(__file__).resolve().parents[3] / "docs" / "specs" / "shop.graphql"
FIX = "Fix: python3 scripts/test.py examples/shop/graphql_api --rewrite"


def breaks(written: str, generated: str) -> list[str]:
    """What the clients of the written schema lose by the generated one, a line each."""
    changes = find_breaking_changes(build_schema(written), build_schema(generated))
    return [f"{FILE.name}: API04 {change.description} Keep it, with @deprecated." for change in changes]


def test_the_schema_on_the_site_is_the_applications(pytestconfig: pytest.Config):
    generated = SCHEMA.as_str() + "\n"
    if pytestconfig.getoption("--rewrite"):
        FILE.write_text(generated, encoding="utf-8", newline="\n")
    written = FILE.read_text(encoding="utf-8") if FILE.is_file() else ""

    lost = breaks(written, generated) if written else []
    assert written == generated, "\n".join(
        [f"docs/specs/{FILE.name}: API03 differs from the application. {FIX}", *lost]
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  stock: Int!\n", ""),
        ("category: Category!", "category: Category"),
        ("product(id: ID!)", "product(id: ID!, shop: ID!)"),
        ("name: String!", "name: [String!]!"),
        ("  SHIPPED\n", ""),
    ],
)
def test_a_change_that_breaks_clients_is_named(before: str, after: str):
    written = SCHEMA.as_str()
    assert before in written

    assert breaks(written, written.replace(before, after))


def test_one_that_adds_breaks_nobody():
    written = SCHEMA.as_str()

    assert [] == breaks(written, written.replace("type Me {", "type Me {\n  nickname: String\n"))
