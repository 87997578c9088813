"""Run one lab of this lesson: `python run_lab.py labs/read_everything.py`. Only here the switch is turned on."""

import os
import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main(lab: str, *arguments: str) -> None:
    """Run `lab`, a path within this folder, as a program, with the switch that every lab asks for."""
    program = FOLDER / lab
    os.environ["NEXUS_LAB"] = "1"
    sys.path[:0] = [str(program.parent), str(FOLDER), str(FOLDER.parent.parent)]  # the last for `servers`
    sys.argv = [lab, *arguments]
    runpy.run_path(str(program), run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
