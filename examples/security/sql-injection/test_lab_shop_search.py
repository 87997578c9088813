import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXERCISE = Path(__file__).resolve().parent / "exercises" / "shop_search"
OFFERED = json.loads((EXERCISE / "lab_shop_search.json").read_text(encoding="utf-8"))
READY = [
    pytest.param(request["path"], ready["fields"], id=f"{request['path']} {ready['label']}")
    for request in OFFERED["requests"]
    for ready in request["ready"]
]
ANYBODY = ["/login", "email=' OR '1'='1' -- ", "password="]


@pytest.fixture
def fixed(tmp_path: Path) -> Path:
    """A copy of the exercise with its solution in place of the stub."""
    for name in ("lab_shop_search.py", "market_data.py", "five_exploits.py"):
        shutil.copy(EXERCISE / name, tmp_path)
    shutil.copy(EXERCISE / "solution.py", tmp_path / "shop_search.py")
    return tmp_path


def attack(folder: Path, *arguments: str) -> tuple[str, dict]:
    """What the lab prints for a reader, and what for the page. The switch of labs is off in the environment."""
    ran = subprocess.run(
        [sys.executable, str(folder / "lab_shop_search.py"), "--json", *arguments],
        env={name: value for name, value in os.environ.items() if name != "NEXUS_LAB"},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    *text, last = ran.stdout.splitlines()
    return "\n".join(text), json.loads(last)


def as_arguments(fields: dict[str, str]) -> list[str]:
    return [
        each
        for name, value in fields.items()
        for each in ([f"{name}={value}"] if name else value.split("\n"))
    ]


def test_the_flawed_login_gives_its_flag_and_shows_the_statement():
    text, told = attack(EXERCISE, *ANYBODY)

    assert "WHERE email = '' OR '1'='1' -- ' AND" in text
    assert "Status 200, 3 rows" in text
    assert {"requests": 1, "captured": ["login: FLAG-4152e7ce"]} == told


def test_the_fixed_login_gives_nothing_for_the_same_request(fixed: Path):
    text, told = attack(fixed, *ANYBODY)

    assert "WHERE email = ''' OR ''1''=''1'' -- ' AND" in text
    assert "Status 200, 0 rows" in text
    assert [] == told["captured"]


def test_a_statement_that_sqlite_does_not_understand_is_shown_with_its_error():
    text, _ = attack(EXERCISE, "/search", "q=O'Brien")

    assert "LIKE '%O'Brien%'" in text
    assert '-- near "Brien": syntax error' in text
    assert "Status 500, 0 rows" in text


def test_who_knows_the_password_captures_nothing():
    email = "admin@shop.example"

    text, told = attack(EXERCISE, "/login", f"email={email}", f"password={email}'s password no. 1")

    assert "Status 200, 1 row" in text
    assert [] == told["captured"]


@pytest.mark.parametrize("stage", ["login", "union", "blind", "order", "filter"])
def test_an_exploit_captures_its_flag_before_the_fix_and_none_after(stage: str, fixed: Path):
    _, before = attack(EXERCISE, "exploit", f"stage={stage}")
    _, after = attack(fixed, "exploit", f"stage={stage}")

    assert [stage] == [flag.split(":")[0] for flag in before["captured"]]
    assert [] == after["captured"]


@pytest.mark.parametrize(("path", "fields"), READY)
def test_every_ready_made_input_can_be_sent(path: str, fields: dict[str, str], fixed: Path):
    arguments = as_arguments(fields)

    before, _ = attack(EXERCISE, path, *arguments)
    after, told = attack(fixed, path, *arguments)

    assert "Status 500" not in after
    assert [] == told["captured"]
    if "Status 200" in before:
        assert "SQL statements that ran: 1" in before


@pytest.mark.parametrize("request_of", OFFERED["requests"], ids=lambda request: request["path"])
def test_what_the_form_holds_first_is_answered_alike_before_and_after(request_of: dict, fixed: Path):
    if request_of["path"] == "exploit":
        return

    before, _ = attack(EXERCISE, request_of["path"], *as_arguments(request_of["fields"]))
    after, _ = attack(fixed, request_of["path"], *as_arguments(request_of["fields"]))

    assert before.partition("\nStatus 200")[2] == after.partition("\nStatus 200")[2] != ""


@pytest.mark.parametrize("arguments", [[], ["/nope"], ["exploit", "stage=nope"]])
def test_an_unknown_request_says_what_there_is(arguments: list[str]):
    ran = subprocess.run(
        [sys.executable, str(EXERCISE / "lab_shop_search.py"), *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
    )

    assert 2 == ran.returncode
    assert "stage" in ran.stdout
    assert "" == ran.stderr
