"""Set up and run every check and test.

  --require-servers   a missing server or browser fails the tests that need it
  --rewrite           rewrite recorded outputs, and the numbers that pages take from them

Other arguments go to pytest, as in: python3 scripts/test.py -k indexes
"""

import prepare  # first: it checks the version of Python

import shutil  # isort: skip
import sys

COVERAGE = prepare.ROOT / ".cache" / "coverage"
# Each is a Django project of its own, and a process has the settings of one; the shop's are everybody else's too.
APART = ("gatekeeper", "invoices")
NOTHING_COLLECTED = 5


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        print(__doc__)
        return 0
    prepare.enter()
    whole = all(argument in ("--require-servers", "-q", "-v", "-x") for argument in arguments)
    shutil.rmtree(COVERAGE, ignore_errors=True)
    COVERAGE.mkdir(parents=True)
    content = prepare.run([sys.executable, "scripts/check.py"], cwd=prepare.ROOT)
    runner = ["-m", "coverage", "run"] if whole else []
    ran = [
        prepare.run([sys.executable, *runner, "-m", "pytest", *session], cwd=prepare.ROOT)
        for session in sessions(arguments)
    ]
    failed = [status for status in ran if status and (status != NOTHING_COLLECTED or len(set(ran)) == 1)]
    shown = unproved() if whole and not failed else []
    print(*shown, sep="\n")
    return content or (failed[0] if failed else bool(shown))


def sessions(arguments: list[str]) -> list[list[str]]:
    """The arguments of each run of pytest: one for each Django project that has a test to run."""
    paths = [each for each in arguments if (prepare.ROOT / each.split("::")[0]).exists()]
    options = [each for each in arguments if each not in paths]
    system = {path: path.replace("\\", "/").split("/")[:2][-1] for path in paths}
    rest = [path for path in paths if system[path] not in APART]
    own = {
        name: [path for path in paths if system[path] == name] or [f"examples/{name}"] * (not paths)
        for name in APART
    }
    first = [[*options, *rest]] if rest or not paths else []
    return first + [[*options, f"--ds={name}.settings", *found] for name, found in own.items() if found]


def unproved() -> list[str]:
    """A line for each piece of a program that a page shows and that no test has executed."""
    import coverage
    from check import quotations

    data = coverage.Coverage(config_file=str(prepare.ROOT / "pyproject.toml"))
    data.combine([str(COVERAGE)])
    faults, proved = [], 0
    for quotation in quotations():
        if quotation.file.suffix != ".py" or quotation.file.parent.match("exercises/*"):
            continue
        _, _, _, missing, _ = data.analysis2(str(quotation.file))
        lines = sorted(set(missing) & set(quotation.lines))
        proved += len(quotation.lines) - len(lines)
        name = quotation.file.relative_to(prepare.ROOT).as_posix()
        faults += [
            f"{quotation.page}:{quotation.line}: EX04 {name}:{line} is shown and never executed. "
            f"Fix: test it, or do not show it."
            for line in lines
        ]
    print(f"{proved} lines of programs on pages, {len(faults)} of them never executed by a test")
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
