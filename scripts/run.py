"""Run one program of the portal, as in: python3 scripts/run.py databases/indexes/column_order.py"""

import prepare  # first: it checks the version of Python

import difflib  # isort: skip
import sys
from pathlib import Path

EXAMPLES = prepare.ROOT / "examples"


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    asked = arguments[0].replace("\\", "/").removeprefix("./").removeprefix("examples/")
    programs = find_programs()
    if asked not in programs:
        near = difflib.get_close_matches(asked, programs, n=5, cutoff=0) or ["(there are no programs)"]
        print(f"run.py: examples/{asked} is not a program. Fix: one of {', '.join(near)}", file=sys.stderr)
        return 2
    prepare.enter()
    return prepare.run([sys.executable, str(programs[asked]), *arguments[1:]])


def find_programs() -> dict[str, Path]:
    """Every program under examples/, by the path that a person types."""
    paths = [path for path in EXAMPLES.rglob("*.py") if not path.name.startswith(("test_", "__"))]
    return {path.relative_to(EXAMPLES).as_posix(): path for path in sorted(paths)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
