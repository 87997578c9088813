"""Run one program of the portal, as in: python3 scripts/run.py databases/indexes/column_order.py"""

import prepare  # first: it checks the version of Python

import subprocess  # isort: skip
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    program = prepare.ROOT / "examples" / arguments[0].replace("\\", "/").removeprefix("examples/")
    if not program.is_file():
        near = sorted(path.relative_to(prepare.ROOT / "examples").as_posix() for path in _programs(program.parent))
        print(f"run.py: {arguments[0]} is not under examples/. Fix: one of {', '.join(near)}", file=sys.stderr)
        return 2
    prepare.enter()
    return subprocess.run([sys.executable, str(program), *arguments[1:]]).returncode


def _programs(folder: Path) -> list[Path]:
    """Programs a person could have meant: those in `folder`, or in the nearest folder above that has any."""
    while True:
        found = [path for path in folder.rglob("*.py") if not path.name.startswith(("test_", "__"))]
        if found and folder.is_dir():
            return found[:12]
        folder = folder.parent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
