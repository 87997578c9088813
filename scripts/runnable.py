"""Write for each lesson what can run in its page: its files for the runner, and a line of facts for its HTML.

docs/runner/lessons/<topic>-<lesson>.json holds the files, the parts of them that the page shows, the commands and the
exercises; a page loads it with the first click. docs/theme/generated/<topic>-<lesson>.html is put into the page's HTML:
which blocks get a button, and what it will load. Both are made from the tree, so a lesson registers nothing.
"""

import prepare  # first: it checks the version of Python

import ast  # isort: skip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

EXAMPLES = prepare.ROOT / "examples"
LESSONS = prepare.ROOT / "docs" / "runner" / "lessons"
FACTS = prepare.ROOT / "docs" / "theme" / "generated"
TEXT = (".py", ".sql", ".txt", ".json", ".csv")

# Modules that cannot work in the page: it has no threads, no processes, no sockets and none of these packages.
ABSENT = {"threading", "multiprocessing", "subprocess", "socket", "signal", "concurrent", "_thread", "http"}
ABSENT |= {
    "celery",
    "kombu",
    "redis",
    "fakeredis",
    "psycopg",
    "pymysql",
    "django",
    "rest_framework",
    "sqlparse",
}
# Django is there for a lesson about the shop, set up with its models.
WITH_THE_SHOP = {"django"}
# What `servers` gives there.
PRESENT_SERVERS = frozenset({"postgresql", "ServerMissing"})


def main(arguments: list[str]) -> int:
    if arguments:
        print(__doc__)
        return 0 if arguments[0] in ("-h", "--help") else 2
    prepare.enter("site")
    write()
    return 0


def lessons() -> Iterator[dict]:
    """Every lesson that has something to run in its page."""
    from check import quotations

    quoted: dict[str, list] = {}
    for quotation in quotations():
        quoted.setdefault(quotation.page.removeprefix("docs/").removesuffix(".md"), []).append(quotation)
    for path, shown in quoted.items():
        folder = EXAMPLES / path
        if not folder.is_dir():
            continue  # a page about a system
        lesson = lesson_of(folder, [each for each in shown if each.file.is_relative_to(folder)])
        if lesson["commands"] or lesson["exercises"] or lesson["explain"]:
            yield {"path": path, **lesson}


def write() -> None:
    """Write the files of every lesson anew."""
    for folder in (LESSONS, FACTS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    # Where nothing but a live system runs.
    live = facts_of({"commands": [], "parts": [], "exercises": [], "explain": []})
    (FACTS / "live.html").write_text(json.dumps(live), encoding="utf-8")
    for lesson in lessons():
        name = lesson["path"].replace("/", "-")
        (LESSONS / f"{name}.json").write_text(json.dumps(lesson, ensure_ascii=False), encoding="utf-8")
        (FACTS / f"{name}.html").write_text(
            json.dumps(facts_of(lesson), ensure_ascii=False), encoding="utf-8"
        )


def lesson_of(folder: Path, shown: list) -> dict:
    """What the runner needs of the lesson whose programs are in `folder`."""
    commands = paired([command for quotation in shown if (command := command_of(quotation.file))])
    exercises = [exercise_of(judge.parent) for judge in sorted(folder.glob("exercises/*/test_*.py"))]
    wanted = {name for each in (*commands, *exercises) if each for name in each["files"]}
    parts = [part_of(quotation, folder) for quotation in shown if quotation.file.suffix in (".py", ".sql")]
    stubs = {exercise["stub"] for exercise in exercises if exercise}
    setup = setup_of(folder)
    queries = queries_of(shown, folder, setup) if setup else []
    wanted.update(queries, [setup] if setup else [])
    return {
        "files": {name: file_of(folder, name).read_text(encoding="utf-8") for name in sorted(wanted)},
        "parts": [
            part
            for part in parts
            # Of an exercise the reader edits the stub, not what judges it.
            if part["file"] in wanted and (not part["file"].startswith("exercises/") or part["file"] in stubs)
        ],
        "commands": commands,
        "exercises": [exercise for exercise in exercises if exercise],
        "setup": setup,
        "explain": sorted({Path(name).name for name in queries}),
    }


def setup_of(folder: Path) -> str:
    """The lesson's .sql file whose sections `session`, `table` and `rows` make what its queries ask; or ""."""
    marks = [f"-- --8<-- [start:{section}]" for section in ("table", "rows")]
    for path in sorted(folder.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        if all(mark in text for mark in marks):
            return path.name
    return ""


def queries_of(shown: list, folder: Path, setup: str) -> list[str]:
    """The .sql files of a page that hold queries: no setup, and nothing that an exercise is answered with."""
    files = {quotation.file for quotation in shown if quotation.file.suffix == ".sql"}
    answers = {"solution", *(path.name for path in folder.glob("exercises/*"))}
    return sorted(
        name
        for path in files
        if (name := name_of(path, folder)) != setup
        and path.stem not in answers
        and "mistakes" not in path.parts
    )


def facts_of(lesson: dict) -> dict:
    """What a page must know to draw its buttons before anything is loaded."""
    listing = json.loads((prepare.ROOT / "docs/runner/packs/packs.json").read_text(encoding="utf-8"))
    return {
        "run": {command["head"]: command["needs"] for command in lesson["commands"]},
        "edit": sorted({part["file"] for part in lesson["parts"]}),
        "judge": {exercise["stub"]: exercise["needs"] for exercise in lesson["exercises"]},
        "switch": [
            *(command["head"] for command in lesson["commands"] if "postgresql" in command),
            *(exercise["stub"] for exercise in lesson["exercises"] if "django" in exercise["needs"]),
        ],
        "labs": [exercise["stub"] for exercise in lesson["exercises"] if "lab" in exercise],
        "explain": lesson["explain"],
        "bytes": {
            need: sum(pack["wire"] for name, pack in listing["packs"].items() if name in packs)
            for need, packs in PACKS.items()
        },
        "editor": listing["packs"]["editor"]["url"],
    }


# The packs of each need; engine.js loads the same, editor.js its own, and live-owner.js the last four.
PACKS = {
    "python": ("python-runtime", "python-wasm", "python-stdlib"),
    "pytest": ("pytest",),
    "postgresql": ("postgresql-runtime", "postgresql-wasm", "postgresql-files", "postgresql-cluster"),
    "django": ("django", "shop", "shop-lab"),
    "editor": ("editor",),
    "live": ("live-worker", "django"),
    "shop": ("shop",),
    "invoices": ("invoices",),
    "gatekeeper": ("gatekeeper",),
}


def command_of(record: Path) -> dict | None:
    """The command of a record, where the page can run it; None for other files."""
    from record import read_record

    if record.suffix != ".out":
        return None
    recorded = read_record(record)
    argv = recorded.command.split()[1:]
    # A record of one major version of a server is shown for comparison: the page has one version only.
    if recorded.pin and recorded.pin != ("postgresql", 18):
        return None
    # A word of the command may name another program, as in run_lab.py labs/escaping.py.
    named = [record.parent / word for word in argv if word.endswith(".py")]
    closure = set().union(*(closure_of(program) for program in named))
    needs = needs_of(closure)
    if needs is None:
        return None
    folders = {record.parent, *(program.parent for program in named)}
    data = {
        path
        for folder in folders
        for path in folder.iterdir()
        if path.suffix in TEXT and path.suffix != ".py"
    }
    files = [*closure, *data]
    return {
        "head": f"$ {recorded.command}\n# {recorded.versions}",
        "argv": argv,
        "needs": needs,
        "files": sorted(name_of(path, record.parent) for path in files),
        "body": recorded.body,
    }


def paired(commands: list[dict]) -> list[dict]:
    """A command on PostgreSQL with the same one on SQLite: they share a button, under the second of the two records."""
    left = {" ".join(command["argv"]): command for command in commands}
    for argv, command in list(left.items()):
        if "--postgresql" in command["argv"] and (other := left.pop(argv.replace(" --postgresql", ""), None)):
            left[argv] = other | {"head": command["head"], "postgresql": command}
    return list(left.values())


def exercise_of(folder: Path) -> dict | None:
    """An exercise that the page can grade: its stub, its tests and the lesson's programs that they import."""
    lesson = folder.parent.parent
    own = [path for path in sorted(folder.iterdir()) if path.suffix in TEXT and path.stem != "solution"]
    stub = next(path for path in own if path.stem == folder.name)
    closure = set().union(*(closure_of(path) for path in own if path.suffix == ".py")) - set(own)
    needs = needs_of({*own, *closure})
    if needs is None:
        return None
    judge = "".join(path.read_text(encoding="utf-8") for path in own if path.name.startswith("test_"))
    closure |= {path for path in lesson.iterdir() if path.suffix in TEXT and f'"{path.name}"' in judge}
    closure = {path for path in closure if path.name not in {each.name for each in own}}
    return {
        "name": folder.name,
        "stub": name_of(stub, lesson),
        "tests": [path.name for path in own if path.name.startswith("test_")],
        "files": sorted(name_of(path, lesson) for path in {*own, *closure}),
        "needs": [*needs, "pytest"],
        **lab_of(folder),
    }


def lab_of(folder: Path) -> dict:
    """The lab beside an exercise: lab_<name>.py sends a request to the reader's file, lab_<name>.json offers some."""
    program = folder / f"lab_{folder.name}.py"
    if not program.is_file():
        return {}
    offered = json.loads(program.with_suffix(".json").read_text(encoding="utf-8"))
    return {"lab": {"program": program.name, **offered}}


def part_of(quotation, folder: Path) -> dict:
    """Where in a file the lines stand that a page shows, and how it shows them."""
    lines = quotation.file.read_text(encoding="utf-8").splitlines()
    shown = [lines[number - 1] for number in quotation.lines]
    depths = [len(line) - len(line.lstrip()) for line in shown if line.strip()]
    indent = min(depths, default=0) if quotation.section else 0
    return {
        "file": name_of(quotation.file, folder),
        "from": quotation.lines[0],
        "to": quotation.lines[-1],
        "indent": " " * indent,
        "text": "\n".join(line[indent:] for line in shown).strip("\n"),
    }


def closure_of(program: Path) -> set[Path]:
    """`program` and the programs that it imports, from beside it, from its lesson or from examples/."""
    found: set[Path] = set()
    pending = [program]
    while pending:
        path = pending.pop()
        if path in found or path.name == "servers.py":
            continue
        found.add(path)
        for name in imports_of(path):
            near = (path.parent, path.parent.parent, path.parent.parent.parent, EXAMPLES)
            pending += [place / f"{name}.py" for place in near if (place / f"{name}.py").is_file()][:1]
    return found


def imports_of(program: Path) -> Iterator[str]:
    """Top-level names that a program imports, wherever in it."""
    for node in ast.walk(ast.parse(program.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def needs_of(programs: set[Path]) -> list[str] | None:
    """["python"], with "postgresql" or "django" after it; None where the page cannot run these programs."""
    used = set()
    imports = {name for program in programs if program.suffix == ".py" for name in imports_of(program)}
    with_the_shop = "shop" in imports
    if imports & (ABSENT - (WITH_THE_SHOP if with_the_shop else set())):
        return None
    for program in programs:
        if program.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(program.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "servers"
            ):
                used.add(node.attr)
            elif isinstance(node, ast.ImportFrom) and node.module == "servers":
                used.update(alias.name for alias in node.names)
    if used - PRESENT_SERVERS:
        return None
    return ["python", *["postgresql"] * ("postgresql" in used), *["django"] * with_the_shop]


def name_of(path: Path, folder: Path) -> str:
    """A file's name for the runner: within its lesson, or bare where all lessons share it."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def file_of(folder: Path, name: str) -> Path:
    """The file of that name: the lesson's own, or the one that all lessons share."""
    return folder / name if (folder / name).is_file() else EXAMPLES / name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
