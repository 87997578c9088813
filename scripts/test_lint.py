"""Every gate twice: it accepts this repository, and it refuses a planted fault with the right words."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import prepare
import pytest
import yaml
from checks import files
from checks.tree import Tree

ROOT = prepare.ROOT
TOOLS = Path(sys.executable).parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
HASHED = re.compile(
    r"[a-z0-9][\w.-]*(?:\[[\w,-]+])?==[^\s;]+(?: ;[^\\]+)?(?: \\\n {4}--hash=sha256:[0-9a-f]{64})+\n"
)


def run(tool: str, *arguments: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a tool of the environment in `folder`; both of its streams end up in `stdout`."""
    program = shutil.which(tool, path=TOOLS)
    assert program, f"{tool} is not in the environment. Fix: python3 scripts/prepare.py"
    command = [program, *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False
    )


def plant(folder: Path, name: str, text: str) -> Path:
    """Write a fault into a folder that has our configuration."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def committed(*suffixes: str) -> list[Path]:
    """Files of the repository that git does not ignore, of these suffixes (without any: every file)."""
    return sorted(path for path in Tree(ROOT).files if not suffixes or path.suffix in suffixes)


# Python


def test_ruff_finds_nothing():
    assert committed(".py"), "nothing was checked"

    ran = run("ruff", "check", "--no-cache", "--output-format", "concise", ".")

    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("def total(prices=[]):\n    return prices\n", "B006"),
        ("import os\n", "F401"),
        (
            "def find(cursor, name):\n    cursor.execute(f\"SELECT * FROM product WHERE name = '{name}'\")\n",
            "S608",
        ),
        ("import subprocess\n\nsubprocess.run('ls', shell=True, check=True)\n", "S602"),
        ("breakpoint()\n", "T100"),
    ],
)
def test_ruff_finds_a_planted_fault(fault: str, message: str, tmp_path: Path):
    plant(tmp_path, "stock.py", fault)

    ran = run("ruff", "check", "--no-cache", "--output-format", "concise", ".", folder=tmp_path)

    assert ran.returncode == 1
    assert message in ran.stdout


def test_sql_is_built_from_strings_in_labs_only():
    ran = run(
        "ruff",
        "check",
        "--no-cache",
        "--isolated",
        "--select",
        "S608",
        "--output-format",
        "json",
        "examples",
        "scripts",
    )

    found = {Path(finding["filename"]).relative_to(ROOT).as_posix() for finding in json.loads(ran.stdout)}
    allowed = re.compile(r"examples/.+/(?:labs/|exercises/(\w+)/(?:mistakes/.+|\1)\.py$)")

    assert any("/labs/" in name for name in found), "the rule finds nothing, not even in the labs"
    assert [name for name in sorted(found) if not allowed.match(name)] == []


def test_python_is_formatted():
    ran = run("ruff", "format", "--no-cache", "--check", *committed(".py"))

    unformatted = sorted(set(re.findall(r"-->\s*(\S+?):\d", ran.stdout)))
    assert ran.returncode == 0, f"not formatted: {', '.join(unformatted)}. Fix: .venv/bin/ruff format ."


def test_unformatted_python_is_found(tmp_path: Path):
    path = plant(tmp_path, "stock.py", "stock={ 'mug':3 }\n")

    ran = run("ruff", "format", "--no-cache", "--check", path, folder=tmp_path)

    assert ran.returncode == 1
    assert re.search(r"-->\s*stock\.py:1", ran.stdout)


# Words


def test_nothing_is_misspelt():
    read = run("typos", "--files").stdout.splitlines()
    assert len(read) > len(committed(".md", ".py")) // 2, "typos looked at next to nothing"

    ran = run("typos", "--format", "brief")

    assert ran.returncode == 0, f"{ran.stdout}\nFix: correct it; a name that must stay goes to [tool.typos]"


def test_a_typo_is_found(tmp_path: Path):
    plant(tmp_path, "docs/index.md", "# Indexes\n\nThe databse reads every page.\n")

    ran = run("typos", "--format", "brief", folder=tmp_path)

    assert ran.returncode == 2
    assert re.search(r"docs.index\.md:3:5: error: `databse` should be `database`", ran.stdout)


# Markdown


def test_markdown_is_shown_as_it_was_meant():
    ran = run("rumdl", "check", "--no-cache", ".")

    assert ran.returncode == 0, ran.stdout
    checked = int(re.search(r"in (\d+) files?", ran.stdout)[1])
    assert checked >= len(list((ROOT / "docs").rglob("*.md")))


MARKDOWN_FAULTS = {
    "MD011": "See (the manual)[https://example.org].",
    "MD018": "##Heading",
    "MD031": "Text\n```sh\nls\n```\nmore",
    "MD032": "Three things:\n- a\n- b",
    "MD034": "See https://example.org/manual for more.",
    "MD037": "A ** bold ** claim.",
    "MD039": "A [ link ](index.md).",
    "MD042": "A [link]().",
    "MD045": "![](plan.png)",
    "MD052": "A [claim][source] without its source.",
    "MD056": "| a | b |\n| --- | --- |\n| 1 |",
    "MD058": "Text\n| a | b |\n| --- | --- |\n| 1 | 2 |\nmore",
    "MD066": "A claim[^1].",
    "MD070": "```markdown\n```python\nx\n```\n```",
    "MD077": "- item\n\n  too little indentation",
}


def test_every_markdown_rule_has_a_planted_fault():
    enabled = re.findall(r'^  "(MD\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(MARKDOWN_FAULTS) == sorted(enabled)


@pytest.mark.parametrize("rule", MARKDOWN_FAULTS)
def test_a_fault_in_markdown_is_found(rule: str, tmp_path: Path):
    plant(tmp_path, "docs/page.md", f"# Page\n\n{MARKDOWN_FAULTS[rule]}\n")

    ran = run("rumdl", "check", "--no-cache", ".", folder=tmp_path)

    assert ran.returncode == 1
    assert re.search(rf"docs.page\.md:\d+:\d+: \[{rule}]", ran.stdout), ran.stdout


def test_the_house_format_is_accepted(tmp_path: Path):
    lines = [
        "---",
        "title: Indexes",
        "---",
        "",
        "# Indexes { #indexes }",
        "",
        'It reads <!--= pages.out "no index" 1 -->1,064<!--/--> pages.',
        "One sentence a line, however long it may be, because a line is what a pull request shows.",
        "",
        '```python title="column_order.py"',
        '--8<-- "databases/indexes/column_order.py:create_index"',
        "```",
        "",
        "<figure>",
        '--8<-- "databases/indexes/pages.svg"',
        "<figcaption>What to see in it.</figcaption>",
        "</figure>",
        "",
        '<details markdown="1">',
        "<summary>Hint 1: look at the plan</summary>",
        "",
        "- one",
        "",
        "</details>",
        "",
        "### Why? { #q-why }",
        "",
        "- [ ] The first.",
        "",
        "    Because.",
        "",
        "- [x] The second.",
        "",
        "    Because.",
    ]
    plant(tmp_path, "docs/page.md", "\n".join(lines) + "\n")

    ran = run("rumdl", "check", "--no-cache", ".", folder=tmp_path)

    assert ran.returncode == 0, ran.stdout


# Workflows and servers


def audit(folder: Path) -> tuple[int, set[str], int]:
    """What zizmor says of the workflows in `folder`: status, findings, and how many files it read."""
    arguments = (
        "--offline",
        "--persona",
        "auditor",
        "--no-ignores",
        "--no-progress",
        "--format",
        "json",
        ".",
    )
    program = shutil.which("zizmor", path=TOOLS)
    ran = subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    assert ran.stdout, ran.stderr
    return (
        ran.returncode,
        {finding["ident"] for finding in json.loads(ran.stdout)},
        ran.stderr.count("completed "),
    )


def test_zizmor_finds_nothing():
    status, findings, read = audit(ROOT)

    assert (0, set()) == (status, findings)
    assert read == len(WORKFLOWS) + 1, "every workflow and dependabot.yml"


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (lambda text: re.sub(r"checkout@[0-9a-f]{40} # v\S+", "checkout@v7", text), "unpinned-uses"),
        (
            lambda text: text.replace("python3 scripts/build.py", "echo ${{ github.head_ref }}"),
            "template-injection",
        ),
        (lambda text: text.replace("persist-credentials: false", "fetch-depth: 1"), "artipacked"),
        (
            lambda text: text.replace("permissions: {}\n", "permissions: write-all\n", 1),
            "excessive-permissions",
        ),
        (lambda text: text.replace("  pull_request:\n", "  pull_request_target:\n"), "dangerous-triggers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_zizmor_finds_a_planted_fault(change: object, finding: str, tmp_path: Path):
    text = (ROOT / ".github/workflows/pull-request.yml").read_text(encoding="utf-8")
    plant(tmp_path, ".github/workflows/pull-request.yml", change(text))

    status, findings, _ = audit(tmp_path)

    assert status != 0
    assert finding in findings


def workflow_faults(text: str) -> list[str]:
    """Rules of ours that zizmor has not."""
    workflow = yaml.safe_load(text)
    faults = [] if workflow["permissions"] == {} else ["permissions: {} belongs on top"]
    for name, job in workflow["jobs"].items():
        if "uses" not in job and "timeout-minutes" not in job:
            faults.append(f"{name}: no timeout-minutes")
        for step in job.get("steps", []):
            if "${{" in step.get("run", ""):
                faults.append(f"{name}: an expression in run: pass it by env")
            if step.get("with", {}).get("cache"):
                faults.append(f"{name}: a cache could be poisoned")
    return faults


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_keeps_our_rules(path: Path):
    assert workflow_faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("permissions: {}\n", "permissions:\n  contents: read\n", "permissions: {} belongs on top"),
        ("    timeout-minutes: 15\n", "", "site: no timeout-minutes"),
        ("python3 scripts/build.py", "echo ${{ github.ref }}", "site: an expression in run"),
        ('python-version: "3.13"\n', 'python-version: "3.13"\n          cache: pip\n', "site: a cache"),
    ],
)
def test_a_workflow_that_breaks_our_rules_is_found(old: str, new: str, message: str):
    text = (ROOT / ".github/workflows/pull-request.yml").read_text(encoding="utf-8")
    assert old in text

    faults = workflow_faults(text.replace(old, new, 1))

    assert any(fault.startswith(message) for fault in faults), faults


def test_all_green_waits_for_every_job():
    jobs = yaml.safe_load((ROOT / ".github/workflows/pull-request.yml").read_text(encoding="utf-8"))["jobs"]

    assert sorted(jobs["all-green"]["needs"]) == sorted(set(jobs) - {"all-green"})
    assert jobs["all-green"]["if"] == "always()"


def published(compose: dict) -> dict[str, list[str]]:
    """The ports of each service that are open to more than this machine, or an image without its digest."""
    open_ports = {
        name: [port for port in service.get("ports", []) if not str(port).startswith("127.0.0.1:")]
        + ([] if re.search(r"@sha256:[0-9a-f]{64}$", service["image"]) else [service["image"]])
        for name, service in compose["services"].items()
    }
    return {name: faults for name, faults in open_ports.items() if faults}


def test_servers_listen_on_this_machine_only_and_keep_nothing():
    assert published(COMPOSE) == {}
    assert all("healthcheck" in service and "tmpfs" in service for service in COMPOSE["services"].values())
    assert published({"services": {"redis": {"image": "redis:8", "ports": ["6379:6379"]}}}) == {
        "redis": ["6379:6379", "redis:8"]
    }


def test_the_ports_in_words_are_the_ports_of_the_servers():
    ports = {port.split(":")[1] for service in COMPOSE["services"].values() for port in service["ports"]}
    address = re.compile(r"(?:postgresql|redis|amqp|mysql)://[^\s\"]*?127\.0\.0\.1:(\d+)")

    said = {
        path: set(address.findall(path.read_text(encoding="utf-8")))
        for path in (ROOT / "compose.yaml", *WORKFLOWS)
    }
    said[ROOT / "README.md"] = set(address.findall((ROOT / "README.md").read_text(encoding="utf-8")))

    assert len(said[ROOT / "compose.yaml"]) == len(said[ROOT / "README.md"]) == 4
    assert {port for found in said.values() for port in found} <= ports


def test_the_dev_container_names_servers_that_exist():
    folder = ROOT / ".devcontainer"
    text = (folder / "devcontainer.json").read_text(encoding="utf-8")
    settings = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))

    hosts = {urlsplit(url).hostname for url in settings["containerEnv"].values()}
    added = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))["services"]

    assert sorted(settings["containerEnv"]) == ["AMQP_URL", "DATABASE_URL", "MARIADB_URL", "REDIS_URL"]
    assert hosts == set(added[settings["service"]]["depends_on"]) <= set(COMPOSE["services"])
    assert all((folder / name).is_file() for name in settings["dockerComposeFile"])
    assert settings["postCreateCommand"]["packages"] == "python3 scripts/prepare.py"


# What is installed, and what is committed


def unhashed(lock: str) -> list[str]:
    """Lines of a requirements file that do not belong to a package with a version and a hash."""
    return [line for line in HASHED.sub("", lock).splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_package_is_locked_with_a_hash(path: Path):
    lock = path.read_text(encoding="utf-8")

    assert len(HASHED.findall(lock)) > 30
    assert unhashed(lock) == []


@pytest.mark.parametrize(
    "line",
    [
        "mug==1.0\n",
        "mug>=1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n",
        "mug @ https://example.org/mug.whl\n",
        "--index-url https://example.org/simple\n",
        "mug==1.0 \\\n    --hash=md5:" + "0" * 32 + "\n",
    ],
)
def test_a_package_without_version_or_hash_is_found(line: str):
    lock = LOCKS[0].read_text(encoding="utf-8")

    assert unhashed(lock + line)


@pytest.mark.parametrize("name", ["site", "test"])
def test_every_package_that_is_asked_for_is_locked(name: str):
    asked = (ROOT / f"requirements/{name}.in").read_text(encoding="utf-8")
    lock = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")

    names = {
        each.lower().replace("_", "-")
        for each in re.findall(r"^([\w-]+)", asked, re.MULTILINE)
        if each[0] != "-"
    }
    locked = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))

    assert names
    assert names - locked == set(), "Fix: python3 scripts/lock.py"


def test_the_site_uses_the_versions_that_the_tests_use():
    site, test = (
        (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8") for name in ("site", "test")
    )

    versions = re.compile(r"^[\w.-]+==[^\s;]+", re.MULTILINE)

    assert set(versions.findall(site)) <= set(versions.findall(test))


# Put together here, so that this file holds no such path itself.
PLACES = re.compile(
    "|".join((r"(?<![\w./~-])/(?:root|work|home/\w+|Users/\w+)" + "/", r"[A-Z]:\\Users" + r"\\"))
)
INDEXES = re.compile(r"https?://(?!pypi\.org)[\w.-]+/simple\b|(?:extra-)?index-url|find-links|file:///")


def places(text: str) -> list[str]:
    """Paths of somebody's machine."""
    return PLACES.findall(text)


def test_no_path_of_a_machine_is_committed():
    texts = committed(
        ".py", ".md", ".txt", ".in", ".yml", ".yaml", ".toml", ".json", ".out", ".sql", ".js", ".svg"
    )
    assert len(texts) > 50

    found = {
        path.relative_to(ROOT).as_posix(): where
        for path in texts
        if path.name != Path(__file__).name
        and (where := places(path.read_text(encoding="utf-8", errors="replace")))
    }

    assert found == {}


def test_a_path_of_a_machine_is_found():
    assert places("see " + "/root" + "/.venv")
    assert places('open("' + "/home" + '/ada/portal/x.py")')
    assert places("C:" + r"\Users" + r"\ada")
    assert not places("docs/work/index.md, https://example.org/work/ and ~/work/")


def test_the_lock_names_no_index():
    assert [path.name for path in LOCKS if INDEXES.search(path.read_text(encoding="utf-8"))] == []
    assert INDEXES.search("--extra-index-url https://packages.example.org/simple")
    assert not INDEXES.search("https://pypi.org/simple")


def unlocked(lock: dict) -> list[str]:
    """Packages of an npm lock without a hash, or from elsewhere than the public registry."""
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages, "the lock names no package"
    return [
        name
        for name, package in packages.items()
        if not package.get("integrity", "").startswith("sha512-")
        or not package.get("resolved", "https://registry.npmjs.org/").startswith(
            "https://registry.npmjs.org/"
        )
    ]


def test_every_package_of_the_page_is_locked_with_a_hash():
    lock = json.loads((ROOT / "requirements/package-lock.json").read_text(encoding="utf-8"))

    assert unlocked(lock) == []
    assert unlocked({"packages": {"": {}, "node_modules/mug": {"version": "1.0.0"}}}) == ["node_modules/mug"]
    elsewhere = {"integrity": "sha512-AA==", "resolved": "https://example.org/mug.tgz"}
    assert unlocked({"packages": {"node_modules/mug": elsewhere}}) == ["node_modules/mug"]


def test_a_secret_is_found(tmp_path: Path):
    key = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n"
    found = secrets_in(tmp_path, {"examples/deploy.py": f'KEY = """{key}"""\n'})

    assert [fault.code for fault in found] == ["SEC05"]
    assert found[0].path == "examples/deploy.py"


def test_no_secret_is_committed():
    tree = Tree(ROOT)

    assert [str(fault) for fault in files.check_files(tree) if fault.code == "SEC05"] == []
    assert len(tree.files) > 50


def secrets_in(folder: Path, written: dict[str, str]) -> list:
    """Faults SEC05 of a tree that holds these files."""
    plant(folder, "mkdocs.yml", "site_name: Mugs\nnav: []\n")
    for name, text in written.items():
        plant(folder, name, text)
    return [fault for fault in files.check_files(Tree(folder)) if fault.code == "SEC05"]


def test_the_licences_are_whole():
    code = (ROOT / "LICENSE").read_text(encoding="utf-8")
    text = (ROOT / "LICENSE-text").read_text(encoding="utf-8")

    assert code.startswith("MIT License\n")
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in code
    assert text.startswith("Attribution 4.0 International\n")
    assert all(f"Section {number} -- " in text for number in range(1, 9))
