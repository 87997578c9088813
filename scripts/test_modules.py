"""The page's JavaScript: its types, and its units without a browser."""

from pathlib import Path

import node_tools
import prepare
import pytest
from node_tools import node

STRICT = [
    *["--noEmit", "--allowJs", "--checkJs", "--strict", "--target", "es2023", "--module", "esnext"],
    *["--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable"],
]
PLANTED = "/** @param {number} stock */\nexport const sell = (stock) => stock.toUpperCase();\n"


@pytest.fixture(scope="module")
def compiler() -> Path:
    """The locked TypeScript compiler, installed where it is not yet."""
    return node_tools.modules() / "typescript" / "bin" / "tsc"


def modules() -> list[Path]:
    """Modules of the page; the classic scripts of the workers are loaded after other texts and stand for themselves."""
    docs = prepare.ROOT / "docs"
    found = [*docs.glob("runner/*.js"), *docs.glob("assets/*.js"), docs / "sw.js"]
    return sorted(path for path in found if not path.stem.endswith("worker"))


def test_types_hold(compiler: Path):
    assert len(modules()) > 12

    types = prepare.ROOT / "docs" / "runner" / "types.d.ts"
    checked = node([str(compiler), *STRICT, str(types), *map(str, modules())])

    assert 0 == checked.returncode, checked.stdout


def test_a_planted_wrong_type_is_found(compiler: Path, tmp_path: Path):
    (tmp_path / "shelf.js").write_text(PLANTED)

    checked = node([str(compiler), *STRICT, str(tmp_path / "shelf.js")])

    assert 2 == checked.returncode
    assert "Property 'toUpperCase' does not exist on type 'number'" in checked.stdout


def test_units_hold():
    ran = node(["--test", "--test-reporter=tap", "scripts/modules.test.mjs"])

    assert 0 == ran.returncode, ran.stdout
    assert "# fail 0" in ran.stdout
    assert int(ran.stdout.split("# pass ")[1].split()[0]) >= 14, ran.stdout
