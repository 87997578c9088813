"""Inside the page: run one program of a lesson from files that were sent in, and say how it ended."""

import importlib
import importlib.util
import os
import re
import runpy
import shutil
import sys
import traceback
from pathlib import Path

HOME = "/home/reader"
KEPT = frozenset(sys.modules)
ENVIRONMENT = dict(os.environ)


def run_program(inputs):
    """Run `inputs["argv"]`, as in ["column_order.py", "--all"] or ["-m", "pytest"], among `inputs["files"]`.

    `inputs["environ"]`, where it is given, holds variables for this run.
    Returns {"ok": whether it ended with status 0, "status": its exit status, "missing": a module that is not loaded
    yet, or "", "versions": of Python and of what came along, or ""}. Never raises for the learner's mistake: that is
    printed, as in a terminal.
    """
    versions = _begin(inputs)
    program, *arguments = argv = list(inputs["argv"])
    status, missing = 0, ""
    sys.argv = argv
    try:
        if program == "-m":
            sys.argv = arguments
            runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(f"{HOME}/{program}", run_name="__main__")
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException as error:  # KeyboardInterrupt too: the reader pressed Stop
        status = 1
        if isinstance(error, ModuleNotFoundError):
            missing = (error.name or "").split(".")[0]
        _print_from_program(error)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return {"ok": status == 0, "status": status, "missing": missing, "versions": versions}


def merge_archive(more, archive):
    """Add the files of one zip to another that is open for imports, and delete the first."""
    import zipfile

    with zipfile.ZipFile(more) as source, zipfile.ZipFile(archive, "a") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    Path(more).unlink()
    importlib.invalidate_caches()


def _begin(inputs):
    """Make a clean place with the files and variables of a run; returns the versions of what came along."""
    _forget()
    _write(inputs["files"])
    os.environ.update(inputs.get("environ") or {})
    if importlib.util.find_spec("shop_lab"):
        import shop_lab

        return "Python {}.{}, {}".format(*sys.version_info[:2], shop_lab.begin())
    return ""


def _forget():
    """Leave nothing of an earlier run: its modules, its files, its place."""
    for name, module in list(sys.modules.items()):
        if name not in KEPT and (getattr(module, "__file__", None) or "").startswith(HOME):
            del sys.modules[name]
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    os.chdir("/")  # a folder that somebody is in cannot be removed here
    shutil.rmtree(HOME, ignore_errors=True)
    Path(HOME).mkdir(parents=True)
    os.chdir(HOME)
    if HOME not in sys.path:
        sys.path.insert(0, HOME)
    importlib.invalidate_caches()


def _write(files):
    for name, text in files.items():
        file = Path(HOME, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _print_from_program(error):
    """A traceback that starts in the reader's file, not in ours."""
    trace = error.__traceback__
    while trace and not trace.tb_frame.f_code.co_filename.startswith(HOME):
        if not trace.tb_next:
            break
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        trace = None
    traceback.print_exception(type(error), error, trace)


class Grader:
    """A pytest plugin that keeps what the page shows: each test's name, outcome and first message."""

    def __init__(self):
        self.tests = []

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.tests.append(
                {"name": report.location[2], "outcome": report.outcome, "message": _message(report)}
            )

    def pytest_collectreport(self, report):
        if report.failed:
            self.tests.append({"name": "reading the files", "outcome": "failed", "message": _message(report)})


def judge(inputs):
    """Run the tests `inputs["tests"]` on `inputs["files"]`; returns what `run_program` does, and "tests": [...]."""
    import pytest

    versions = _begin(inputs)
    grader = Grader()
    options = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:terminal", "-p", "no:debugging"]
    status = int(pytest.main([*options, "--rootdir", HOME, *inputs["tests"]], plugins=[grader]))
    missing = [re.search(r"No module named '(\w+)'", each["message"]) for each in grader.tests]
    return {
        "ok": status == 0 and bool(grader.tests),
        "status": status,
        "missing": next((match[1] for match in missing if match), ""),
        "versions": versions,
        "tests": grader.tests,
    }


def _message(report):
    if report.outcome == "passed":
        return ""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return text.removeprefix("AssertionError: ").removeprefix("Failed: ").split("\nassert ")[0].strip()
