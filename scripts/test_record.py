"""Replay every recorded output, and compare every number that prose takes from one."""

import difflib
import re
import subprocess
from pathlib import Path

import pytest
import record
import servers

import conftest

PAGES = sorted(
    path for path in record.DOCS.rglob("*.md") if record.MARKED.search(path.read_text(encoding="utf-8"))
)


def name_of(path: Path) -> str:
    return path.relative_to(record.ROOT).as_posix()


def pinned_environment(pin: tuple[str, int] | None) -> dict[str, str] | None:
    """Variables that make a program use the server of the pinned major version; None where none is at hand."""
    if pin is None:
        return {}
    import psycopg

    assert pin[0] == "postgresql", f"no rule yet for a record pinned to {pin[0]}: add one here"
    for url in conftest.postgresqls().values():
        with psycopg.connect(url) as connection:
            if connection.info.server_version // 10_000 == pin[1]:
                return {"DATABASE_URL": url}
    return None


@pytest.mark.parametrize("path", record.find_records(), ids=name_of)
def test_a_program_still_prints_what_its_page_shows(path: Path, pytestconfig: pytest.Config):
    recorded = record.read_record(path)
    environment = pinned_environment(recorded.pin)
    if environment is None:
        conftest.no_server(
            pytestconfig, f"a {conftest.NAMES[recorded.pin[0]]} of major version {recorded.pin[1]}"
        )

    try:
        now = record.run_again(recorded, environment)
    except servers.ServerMissing as lack:
        conftest.no_server(pytestconfig, conftest.missing(lack.server.lower()))
    except subprocess.CalledProcessError as failed:
        pytest.fail(
            f"$ {failed.cmd}\nexit status {failed.returncode}\n{failed.output}\n{failed.stderr}",
            pytrace=False,
        )

    if pytestconfig.getoption("--rewrite"):
        path.write_text(now.text(), encoding="utf-8")
        return
    drift = list(
        difflib.unified_diff(
            recorded.body.splitlines(), now.body.splitlines(), "recorded", "now", lineterm=""
        )
    )
    assert not drift, "\n".join(
        [
            f"{name_of(path)}:1: EX05 shown output is out of date.",
            *drift,
            "Fix: python3 scripts/test.py --rewrite",
        ]
    )
    assert recorded.versions, f"{name_of(path)}:2: no versions. Fix: python3 scripts/test.py --rewrite"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_number_in_the_prose_is_the_recorded_one(page: Path, pytestconfig: pytest.Config):
    anew, faults = record.numbers_of(page)

    if pytestconfig.getoption("--rewrite"):
        page.write_text(anew, encoding="utf-8")
        return
    assert not faults, "\n".join(faults)


def test_an_output_that_drifted_is_found(tmp_path: Path):
    (tmp_path / "stock.py").write_text("print('3 mugs')\n")
    (tmp_path / "stock.out").write_text("$ python stock.py\n# Python 3.11\n4 mugs\n")

    recorded = record.read_record(tmp_path / "stock.out")
    now = record.run_again(recorded)

    assert "3 mugs\n" == now.body != recorded.body


def test_a_warning_on_stderr_is_not_hidden(tmp_path: Path):
    (tmp_path / "noisy.py").write_text("import sys; print('ok'); print('deprecated', file=sys.stderr)\n")
    (tmp_path / "noisy.out").write_text("$ python noisy.py\n# Python 3.11\nok\n")

    with pytest.raises(subprocess.CalledProcessError):
        record.run_again(record.read_record(tmp_path / "noisy.out"))


def test_a_record_without_its_command_is_refused_with_the_remedy(tmp_path: Path):
    (tmp_path / "stock.out").write_text("4 mugs\n")

    with pytest.raises(record.RecordFault, match=r'stock\.out:1: .* Fix: write "\$ python stock\.py"'):
        record.read_record(tmp_path / "stock.out")


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        (
            '<!--= nope.out "no index" 1 -->9<!--/-->',
            r"indexes\.md:3: NUM01 no record .*Records there: pages\.out",
        ),
        (
            '<!--= pages.out "no such" 1 -->9<!--/-->',
            'NUM02 0 different lines of pages.out start with "no such"',
        ),
        ('<!--= pages.out "pages" 1 -->9<!--/-->', 'NUM02 2 different lines of pages.out start with "pages"'),
        (
            '<!--= pages.out "with an index / pages" 1 -->9<!--/-->',
            r'NUM04 shown "9", recorded "3"\. Fix: python3 scripts',
        ),
        ('<!--= pages.out "no index" 5 -->9<!--/-->', "NUM03 after .* stand 2 numbers, not 5: 1064, 12"),
        (
            '<!--= pages.out "no index" 1 -->9<!--/-->',
            r'NUM04 shown "9", recorded "1,064"\. Fix: python3 scripts',
        ),
    ],
)
def test_a_number_without_its_record_is_named(
    marker: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(record, "ROOT", tmp_path)
    monkeypatch.setattr(record, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(record, "EXAMPLES", tmp_path / "examples")
    (tmp_path / "docs/databases").mkdir(parents=True)
    (tmp_path / "examples/databases/indexes").mkdir(parents=True)
    (tmp_path / "examples/databases/indexes/pages.out").write_text(
        "$ python pages.py\n\nno index  1064  12\npages 1064\n\nwith an index\npages 3.00\n  pages 3.00\n"
    )
    page = tmp_path / "docs/databases/indexes.md"
    page.write_text(f"# Indexes\n\nIt reads {marker} pages.\n")

    try:
        faults = record.numbers_of(page)[1]
    except record.RecordFault as fault:
        faults = [str(fault)]
    assert 1 == len(faults)
    assert re.search(message, faults[0])


def test_pages_of_a_system_share_its_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(record, "ROOT", tmp_path)
    monkeypatch.setattr(record, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(record, "EXAMPLES", tmp_path / "examples")
    (tmp_path / "docs/shop").mkdir(parents=True)
    (tmp_path / "examples/shop/payments").mkdir(parents=True)
    (tmp_path / "examples/shop/webhooks.out").write_text("$ python webhooks.py\n\nwrong: 3\n")

    for name in ("index.md", "payments.md"):
        page = tmp_path / "docs/shop" / name
        page.write_text('<!--= webhooks.out "wrong:" 1 -->3<!--/--> are wrong.\n')
        assert [] == record.numbers_of(page)[1]
