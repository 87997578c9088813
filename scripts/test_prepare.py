"""The promises of the set-up: one message that says what to do, and a next run that goes on."""

import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import prepare
import pytest

TOOLS = sorted(path for path in (prepare.ROOT / "scripts").glob("*.py") if not path.name.startswith("test_"))
SCRIPTS = sorted(
    set(re.findall(r"scripts/(\w+\.py)", (prepare.ROOT / "README.md").read_text(encoding="utf-8")))
)
OLD_PYTHONS = ("python3.8", "python3.9", "python3.10")


def system_python() -> str:
    """The interpreter that a person starts scripts with: not the environment's."""
    return os.path.realpath(sys.executable)


def find_python(name: str) -> str | None:
    """Path of an interpreter such as python3.8; on PATH it may be a shim of pyenv that only says no."""
    kept = Path.home().glob(f".pyenv/versions/{name.removeprefix('python')}.*/bin/{name}")
    for python in (shutil.which(name), *map(str, kept)):
        if python and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            return python
    return None


def wheel(folder: Path, name: str, content: str = "") -> str:
    """Put a pure-Python wheel into `folder`; its line for a requirements file."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": content,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{about}/RECORD"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        archive.writestr(record, "".join(f"{file},,\n" for file in (*files, record)))
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Checkout:
    """A small copy of the portal: its scripts, and one locked package, `mug`, served from a folder."""

    first: subprocess.CompletedProcess[str]

    def __init__(self, folder: Path) -> None:
        self.root = folder / "portal of mugs"  # a space, as in many home folders
        self.wheels = folder / "wheels"
        for name in ("scripts", "examples", "requirements"):
            (self.root / name).mkdir(parents=True)
        for path in TOOLS:
            shutil.copy(path, self.root / "scripts")
        (self.root / "examples/price.py").write_text("import mug, sys\nprint(mug.PRICE, sys.prefix)\n")
        self.wheels.mkdir()
        self.lock(wheel(self.wheels, "mug", "PRICE = 7\n"))

    def lock(self, line: str) -> None:
        for name in ("site.txt", "test.txt"):
            (self.root / "requirements" / name).write_text(line)

    def environment(self, **more: str) -> dict[str, str]:
        outside = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PIP_", "PYTHON", "VIRTUAL"))
        }
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri()}
        return outside | pip | more

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `python scripts/…` as a person would, in the folder of the checkout."""
        command = [system_python(), *arguments]
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(**more),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def price(self, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run("scripts/run.py", "price.py", **more)


@pytest.fixture(autouse=True)
def heed_interrupts() -> Iterator[None]:
    """A run in the background ignores Ctrl-C, and its children would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that is set up; tests that change it repair it."""
    made = Checkout(tmp_path_factory.mktemp("ready"))
    made.first = made.price()
    return made


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_the_first_run_sets_up_and_goes_on_in_the_environment(ready: Checkout):
    assert ready.first.returncode == 0, ready.first.stderr
    assert ready.first.stdout.splitlines()[-1] == f"7 {ready.root / '.venv'}"
    assert "installing up to 1 locked packages" in ready.first.stdout


def test_the_second_run_installs_nothing_and_starts_no_pip(ready: Checkout):
    (ready.root / "sitecustomize.py").write_text(
        "import sys\n"
        "def hook(event, what):\n"
        "    if event == 'subprocess.Popen':\n"
        "        print('STARTED', *what[1], file=sys.stderr)\n"
        "sys.addaudithook(hook)\n"
    )

    ran = ready.price(PYTHONPATH=str(ready.root))

    started = [line for line in ran.stderr.splitlines() if line.startswith("STARTED")]
    assert ran.returncode == 0
    assert "installing" not in ran.stdout
    assert not [line for line in started if " -m " in line]
    # A look at the environment's Python, this script inside it, and the program.
    assert [" -c ", " scripts/run.py ", "/examples/price.py"] == [
        next(mark for mark in (" -c ", " scripts/run.py ", "/examples/price.py") if mark in line)
        for line in started
    ]


def test_a_failing_program_hands_its_exit_status_on(ready: Checkout):
    (ready.root / "examples/broken.py").write_text("raise SystemExit(7)\n")

    assert ready.run("scripts/run.py", "broken.py").returncode == 7


def test_a_program_outside_examples_is_refused_with_the_nearest_names(ready: Checkout):
    ran = ready.run("scripts/run.py", "../scripts/price.py")

    assert ran.returncode == 2
    assert re.search(
        r"examples/\.\./scripts/price\.py is not a program\. Fix: one of .*price\.py", ran.stderr
    )


@pytest.mark.parametrize("old", OLD_PYTHONS)
@pytest.mark.parametrize("script", ["serve.py", "test.py", "prepare.py"])
def test_a_python_that_is_too_old_is_told_which_one_is_needed(old: str, script: str, checkout: Checkout):
    python = find_python(old)
    if python is None:
        pytest.skip(f"no {old} here, neither on PATH nor in ~/.pyenv")

    ran = subprocess.run(
        [python, checkout.root / "scripts" / script], capture_output=True, encoding="utf-8", check=False
    )

    assert ran.returncode == 1
    assert ran.stderr.startswith(f"Python 3.11 or newer is needed; this is Python {old[6:]} (")
    assert "https://www.python.org/downloads/" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_needs_no_environment(script: str, checkout: Checkout):
    assert {"serve.py", "test.py"} < set(SCRIPTS), "README names the scripts that people start"

    ran = checkout.run(f"scripts/{script}", "--help")

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()
    assert not (checkout.root / ".venv").exists()


def test_a_taken_port_is_named_before_anything_is_installed(checkout: Checkout, taken_port: int):
    ran = checkout.run("scripts/serve.py", "--port", str(taken_port))

    assert ran.returncode == 1
    assert f"port {taken_port} is taken" in ran.stderr
    assert f"--port {taken_port + 1}" in ran.stderr or "--port 8000" in ran.stderr
    assert not (checkout.root / ".venv").exists()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80a"])
def test_a_port_that_is_none_is_refused(port: str, checkout: Checkout):
    ran = checkout.run("scripts/serve.py", f"--port={port}")

    assert ran.returncode == 2
    assert "--port" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_network_the_first_set_up_says_so_and_the_next_run_recovers(checkout: Checkout):
    # Nothing listens on port 9 of this machine: pip is refused, as it is behind a dead network.
    offline = checkout.price(PIP_NO_INDEX="0", PIP_FIND_LINKS="", PIP_INDEX_URL="http://127.0.0.1:9/simple")
    recovered = checkout.price()

    assert offline.returncode == 1
    assert "Set-up stopped: the package index could not be reached" in offline.stderr
    assert "Fix: connect, then run this again." in offline.stderr
    assert "Traceback" not in offline.stderr
    assert recovered.returncode == 0
    assert "the last set-up did not finish" in recovered.stdout


def test_a_package_that_is_not_the_locked_one_is_refused(checkout: Checkout):
    wheel(checkout.wheels, "mug", "PRICE = 0  # somebody else's\n")

    ran = checkout.price()

    assert ran.returncode == 1
    assert "a downloaded package is not the one that was locked; it was not installed" in ran.stderr
    assert not list((checkout.root / ".venv").rglob("mug.py"))


def test_a_package_without_a_file_for_this_python_is_named(checkout: Checkout):
    checkout.lock("kettle==1.0 --hash=sha256:" + "0" * 64 + "\n")

    ran = checkout.price()

    assert ran.returncode == 1
    assert "a locked package has no file for Python 3." in ran.stderr
    assert "kettle==1.0" in ran.stderr


def test_a_line_without_a_hash_is_refused(checkout: Checkout):
    checkout.lock("mug==1.0\n")

    ran = checkout.price()

    assert ran.returncode == 1
    assert "a line of the lock file has no hash" in ran.stderr
    assert "Fix: python3 scripts/lock.py" in ran.stderr
    assert not list((checkout.root / ".venv").rglob("mug.py"))


def test_a_changed_lock_is_installed_by_the_next_run(ready: Checkout):
    ready.lock((ready.root / "requirements/test.txt").read_text() + wheel(ready.wheels, "kettle"))

    ran = ready.run("scripts/prepare.py")

    assert ran.returncode == 0
    assert "installing up to 2 locked packages" in ran.stdout
    assert "creating .venv" not in ran.stdout
    assert list((ready.root / ".venv").rglob("kettle.py"))


def test_the_site_does_not_need_the_packages_of_the_tests(checkout: Checkout):
    (checkout.root / "requirements/test.txt").write_text("kettle==1.0 --hash=sha256:" + "0" * 64 + "\n")

    site = checkout.run("scripts/prepare.py", "site")
    test = checkout.run("scripts/prepare.py", "test")

    assert site.returncode == 0
    assert test.returncode == 1


def test_an_interrupted_set_up_is_made_again(ready: Checkout):
    (ready.root / ".venv/set-up-unfinished").touch()
    leftover = ready.root / ".venv/half-unpacked"
    leftover.touch()

    ran = ready.price()

    assert ran.returncode == 0
    assert "the last set-up did not finish" in ran.stdout
    assert not leftover.exists()


def test_an_environment_whose_python_is_gone_is_made_again(ready: Checkout):
    python = next(ready.root.glob(".venv/[Bb][Ii][Nn]/python")) if os.name != "nt" else None
    if python is None:
        pytest.skip("on Windows the interpreter is a copy, not a link")
    python.unlink()
    python.symlink_to("/no/such/python")

    ran = ready.price()

    assert ran.returncode == 0
    assert "or its folder or Python has moved: creating .venv again" in ran.stdout


def test_a_moved_checkout_makes_its_environment_again(checkout: Checkout):
    checkout.price()
    moved = checkout.root.rename(checkout.root.with_name("moved"))
    checkout.root = moved

    first, second = checkout.price(), checkout.price()

    assert first.stdout.splitlines()[-1] == f"7 {moved / '.venv'}"
    assert "creating .venv again" in first.stdout
    assert second.stdout == f"7 {moved / '.venv'}\n"


def test_two_first_runs_at_once_set_up_once(checkout: Checkout):
    command = [system_python(), "scripts/run.py", "price.py"]
    both = [
        subprocess.Popen(
            command,
            cwd=checkout.root,
            env=checkout.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        for _ in range(2)
    ]

    said = [process.communicate(timeout=120)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert "".join(said).count("creating .venv") == 1
    assert "".join(said).count("another set-up is running here: waiting for it") == 1
    assert all(text.endswith(f"7 {checkout.root / '.venv'}\n") for text in said)


def start_patient(ready: Checkout) -> subprocess.Popen[str]:
    """Start, through run.py, a program that waits, and cleans up when it is stopped."""
    (ready.root / "examples/patient.py").write_text(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(4))\n"
        "try:\n"
        "    print('waiting', flush=True)\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    time.sleep(0.6)\n"
        "    sys.exit(3)\n"
        "finally:\n"
        "    print('cleaned up', flush=True)\n"
    )
    process = subprocess.Popen(
        [system_python(), "scripts/run.py", "patient.py"],
        cwd=ready.root,
        env=ready.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,  # its own group, which gets the Ctrl-C as from a terminal
    )
    assert process.stdout.readline() == "waiting\n"
    return process


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_an_interrupted_program_cleans_up_and_nothing_of_ours_is_printed(ready: Checkout):
    process = start_patient(ready)

    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)

    assert ("cleaned up\n", "", 3) == (out, err, process.returncode)


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_a_terminated_script_takes_its_program_along(ready: Checkout):
    process = start_patient(ready)

    process.terminate()  # this process alone, as an editor or a supervisor does
    out, err = process.communicate(timeout=30)

    assert ("cleaned up\n", "", 4) == (out, err, process.returncode)


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_an_interrupted_set_up_ends_with_one_line(checkout: Checkout):
    slow = checkout.root / "slow"
    slow.mkdir()
    (slow / "sitecustomize.py").write_text(
        "import sys, time\nif 'pip' in sys.orig_argv:\n    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [system_python(), "scripts/run.py", "price.py"],
        cwd=checkout.root,
        env=checkout.environment(PYTHONPATH=str(slow)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    while "installing" not in process.stdout.readline():
        assert process.poll() is None
    time.sleep(0.5)

    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)

    assert err.strip().splitlines() == ["Interrupted. Run the same command to go on."]
    assert process.returncode in (130, -signal.SIGINT)
    assert checkout.price().returncode == 0


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "the disk is full .* MB free"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that was locked"),
        (
            "WARNING: Retrying (ReadTimeoutError)\nERROR: No matching distribution found for x",
            "could not be reached",
        ),
        ("ERROR: No matching distribution found for x", "has no file for Python 3"),
        ("ERROR: Hashes are required in --require-hashes mode, but they are missing", r"scripts/lock\.py"),
        ("ERROR: something new", "(?s)pip could not install the locked packages:.*something new"),
    ],
)
def test_what_pip_says_becomes_a_cause_and_a_remedy(said: str, message: str):
    assert re.search(message, str(prepare._pip_failed(said)))


def test_a_disk_that_fills_while_the_environment_is_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "OSError: [Errno 28] No space left on device")

    monkeypatch.setattr(prepare, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(prepare.subprocess, "run", full)

    with pytest.raises(
        prepare.SetUpFailed, match=r"(?s)the disk is full \(\d+ MB free .*Fix: free about 1 GB"
    ):
        prepare._create()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind root")
def test_a_folder_that_cannot_be_written_is_named(checkout: Checkout):
    checkout.root.chmod(0o555)

    ran = checkout.price()
    checkout.root.chmod(0o755)

    assert ran.returncode == 1
    assert "Set-up stopped: [Errno 13]" in ran.stderr


def test_a_python_without_ensurepip_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def bare(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(
            [], 1, "The virtual environment was not created: ensurepip is not available", ""
        )

    monkeypatch.setattr(prepare, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(prepare.subprocess, "run", bare)

    with pytest.raises(prepare.SetUpFailed, match=r"sudo apt install python3\.\d+-venv"):
        prepare._create()
