"""What every test run here shares: which servers there are, which are required, and what was used."""

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import servers

VARIABLES = {
    "postgresql": "DATABASE_URL",
    "redis": "REDIS_URL",
    "rabbitmq": "AMQP_URL",
    "mariadb": "MARIADB_URL",
}
NAMES = {"postgresql": "PostgreSQL", "redis": "Redis", "rabbitmq": "RabbitMQ", "mariadb": "MariaDB"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
lacking: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("portal")
    group.addoption(
        "--require-servers", action="store_true", help="a missing server or browser fails its tests"
    )
    group.addoption(
        "--rewrite", action="store_true", help="rewrite recorded outputs and the numbers taken from them"
    )


def pytest_configure(config: pytest.Config) -> None:
    for argument in config.args:
        folder = Path(argument.split("::")[0]).resolve()
        for exercises in (each for each in (folder, *folder.parents) if each.parent.name == "exercises"):
            sys.path.append(str(exercises.parent.parent))  # the judge may import the lesson's own programs
    # Started once here; every program that a test starts finds them by the environment.
    os.environ.setdefault("SERVERS_USED", str(Path(tempfile.mkdtemp()) / "servers"))
    if config.getoption("--collect-only"):
        return
    for start in (servers.wheel_postgresql, servers.redis_server):
        try:
            start()
        except servers.ServerMissing:
            continue


def missing(name: str) -> str:
    """Why tests that need server `name` cannot run here; empty where they can."""
    if name == "browser":
        return "" if browser_path() else f"Chromium (looked for {', '.join(BROWSERS)})"
    if name == "ffuf":
        return "" if shutil.which("ffuf") else "ffuf (a Debian package)"
    variable = VARIABLES[name]
    found = os.environ.get(variable) or os.environ.get(f"WHEEL_{variable}")
    return "" if found else f"{NAMES[name]} (set {variable})"


def browser_path() -> str:
    """Path of a Chromium to drive; empty where there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), "")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in (*VARIABLES, "browser", "ffuf"):
        if item.get_closest_marker(name) and (why := missing(name)):
            no_server(item.config, why)


def no_server(config: pytest.Config, why: str) -> None:
    """End the current test: skipped with its reason, or failed where every server is required."""
    if config.getoption("--require-servers"):
        pytest.fail(f"needs {why}, and --require-servers was given", pytrace=False)
    lacking[why] += 1
    pytest.skip(f"lacks {why}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    used = Path(os.environ["SERVERS_USED"])
    names = sorted(set(used.read_text(encoding="utf-8").splitlines())) if used.exists() else []
    terminalreporter.section("servers")
    terminalreporter.line(f"used: {', '.join(names) or 'none'}")
    for why, count in lacking.items():
        terminalreporter.line(f"not run, {count} test{'s' * (count > 1)}: lacks {why}")
    if not lacking:
        terminalreporter.line("every test had the server it needs")


def postgresqls() -> dict[str, str]:
    """Every PostgreSQL at hand, by name: {"configured": url, "wheel": url}."""
    found = {"configured": os.environ.get("DATABASE_URL"), "wheel": os.environ.get("WHEEL_DATABASE_URL")}
    return {name: url for name, url in found.items() if url}


@pytest.fixture(params=["configured", "wheel"])
def postgresql(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator["psycopg.Connection"]:  # noqa: F821
    """A connection to a new database; the test runs once on each PostgreSQL at hand."""
    url = postgresqls().get(request.param)
    if url is None and request.param == "configured" and postgresqls():
        pytest.skip("no second PostgreSQL: DATABASE_URL is not set")
    if url is None:
        no_server(request.config, missing("postgresql") or "the PostgreSQL wheel")
    monkeypatch.setenv("DATABASE_URL", url)
    with servers.postgresql() as connection:
        yield connection


@pytest.fixture
def redis(request: pytest.FixtureRequest) -> Iterator["redis.Redis"]:
    """A client of an empty Redis database."""
    if why := missing("redis"):
        no_server(request.config, why)
    with servers.redis() as client:
        yield client
