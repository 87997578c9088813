"""Runs inside Pyodide: compile sources to byte code, and split them by what a trial run imports.

Reads /plan.json (see pack.py): `trial` is code to run; each of `zips` has `name`, `input`, `mount` (where the page
puts it), `optimize` (as for `compile`) and `whole` (folders that stay together). Writes /out/<name>.zip with what the
trial imported, and /out/<name>-rest.zip. The same inputs give the same bytes.
"""

import importlib
import importlib.util
import itertools
import json
import marshal
import sys
import zipfile

HEADER = importlib.util.MAGIC_NUMBER + bytes(12)


def compiled(source, mount, optimize):
    """Every file of `source` by name, with `.py` turned into `.pyc`."""
    found = {}
    for name in sorted(source.namelist()):
        if name.endswith("/"):
            continue
        data = source.read(name)
        if name.endswith(".py"):
            code = compile(data, f"{mount}/{name}", "exec", optimize=optimize, dont_inherit=True)
            name, data = f"{name}c", HEADER + marshal.dumps(code)  # noqa: PLW2901
        found[name] = data
    return found


def write_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as out:
        for name in sorted(files):
            out.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), files[name])


with open("/plan.json") as file:  # noqa: PTH123 - read before anything is imported
    plan = json.load(file)
for each in plan["zips"]:
    with zipfile.ZipFile(f"/in/{each['input']}") as source:
        each["files"] = compiled(source, each["mount"], each["optimize"])
    if each["mount"] not in sys.path:
        write_zip(each["mount"], each["files"])
        sys.path.append(each["mount"])

importlib.invalidate_caches()
exec(compile(plan["trial"], "trial", "exec"), {"__name__": "trial"})  # noqa: S102 - our own text
# A package that failed half-way is gone again, and what it had imported is left: that alone would hide the package.
imported = {
    (getattr(module, "__file__", None) or "").removesuffix("c")
    for name, module in list(sys.modules.items())
    if all(parent in sys.modules for parent in itertools.accumulate(name.split("."), "{}.{}".format))
}

for each in plan["zips"]:
    parts = {"": {}, "-rest": {}}
    for name, data in each["files"].items():
        needed = (
            not name.endswith(".pyc")
            or f"{each['mount']}/{name}".removesuffix("c") in imported
            or name.startswith(tuple(each.get("whole", ())))
        )
        parts["" if needed else "-rest"][name] = data
    for suffix, files in parts.items():
        write_zip(f"/out/{each['name']}{suffix}.zip", files)
