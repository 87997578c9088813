"""Lock the packages named in requirements/*.in, with a hash for each file.

Run it after a change to a `.in` file, or with `--upgrade` to move every package to its newest version.
It needs uv (https://docs.astral.sh/uv/); nothing else here does.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# fmt: off
COMPILE = [
    "uv", "pip", "compile", "--quiet", "--universal", "--fork-strategy", "fewest", "--python-version", "3.11",
    "--generate-hashes", "--no-header", "--no-annotate",
]
# fmt: on


def main(arguments: list[str]) -> int:
    if "--help" in arguments or "-h" in arguments:
        print(__doc__)
        return 0
    if shutil.which("uv") is None:
        print("lock.py: uv is not installed. Fix: python3 -m pip install uv", file=sys.stderr)
        return 1
    # The other two are the parts of test.txt that the site and the systems need, in the same versions.
    test = [*arguments, "requirements/test.in", "-o", "requirements/test.txt"]
    parts = [
        ["-c", "requirements/test.txt", f"requirements/{name}.in", "-o", f"requirements/{name}.txt"]
        for name in ("site", "systems")
    ]
    return any(subprocess.run([*COMPILE, *part], cwd=ROOT, check=False).returncode for part in (test, *parts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
