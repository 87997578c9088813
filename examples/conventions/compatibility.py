"""Find what a new specification takes from clients of the old one, and ask for a new major version then.

A client written against the old document breaks in two ways. A request that it may send is refused, or an answer
comes that it does not expect. Both are one question about two schemas: does the first allow a value that the
second does not? For requests the first is the old one, for answers the new one.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def check(before: dict, after: dict, name: str) -> list[str]:
    """A message for each breaking change, with its remedy; none where the major version was raised.

    Args:
        before: the OpenAPI 3.1 document that clients know.
        after: the one that takes its place.
        name: the file, for the messages.
    """
    old, new = (document["info"]["version"] for document in (before, after))
    if _major(new) > _major(old):
        return []
    remedy = (
        f"Fix: restore it, or raise info.version from {old} to {_major(old) + 1}.0.0 (VERSION in settings.py)"
    )
    return [f"{name}: API04 {change}. {remedy}." for change in breaking_changes(before, after)]


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def earlier(spec: Path, now: str) -> dict | None:
    """The last published document of the file `spec` that differs from the text `now`; None where git has none.

    Published is what the main branch has, where git knows of it: commits beside it promised nobody anything.
    """
    main = _git(spec, "rev-parse", "--verify", "--quiet", "origin/main").strip() or "HEAD"
    for commit in _git(spec, "log", "-2", "--format=%H", main, "--", spec.name).split():
        text = _git(spec, "show", f"{commit}:./{spec.name}")
        if text and text != now:
            return yaml.safe_load(text)
    return None


def _git(spec: Path, *arguments: str) -> str:
    """What git prints, run in the folder of `spec`; empty where there is no git, no repository or no such thing."""
    try:
        ran = subprocess.run(
            ["git", *arguments], cwd=spec.parent, capture_output=True, encoding="utf-8", check=False
        )
    except FileNotFoundError:
        return ""
    return "" if ran.returncode else ran.stdout


def breaking_changes(before: dict, after: dict) -> list[str]:
    """What `after` takes from clients of `before`, as in `GET /api/v1/products/ 200.stock: removed`."""
    old, new, found = _operations(before), _operations(after), []
    pair = _Pair(before, after)
    for key, (name, operation) in old.items():
        if key in new:
            found += [f"{name} {change}" for change in pair.operation(operation, new[key][1])]
        else:
            found.append(f"{name}: removed")
    return found


def _operations(document: dict) -> dict[tuple[str, str], tuple[str, dict]]:
    """Each operation with its name, by method and path; what a path calls its parameters changes nothing."""
    found = {}
    for path, item in document["paths"].items():
        shape = "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
        for method, operation in item.items():
            found[method, shape] = (f"{method.upper()} {path}", operation)
    return found


class _Pair:
    """Two documents, `before` and `after`, each of which schemas refer into."""

    def __init__(self, before: dict, after: dict) -> None:
        self.before = before
        self.after = after
        self.compared: set[tuple[str, str, bool]] = set()

    def operation(self, old: dict, new: dict) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"operationId: was {old.get('operationId')}, which generated clients call it by"
        if not old.get("security") and new.get("security"):
            yield "security: needs a token now"
        yield from self._parameters(old, new)
        yield from self._body(old.get("requestBody", {}), new.get("requestBody", {}))
        for status, answer in old["responses"].items():
            if status.startswith("2") and status not in new["responses"]:
                yield f"{status}: removed"
            yield from self._answer(status, answer, new["responses"].get(status, answer))

    def _parameters(self, old: dict, new: dict) -> Iterator[str]:
        olds, news = (
            {
                (each["in"], each["name"]): each
                for each in operation.get("parameters", ())
                if each["in"] != "path"
            }
            for operation in (old, new)
        )
        for (place, name), parameter in olds.items():
            where = f"{place} {name}"
            if (place, name) not in news:
                yield f"{where}: removed"
            else:
                yield from self._request(parameter["schema"], news[place, name]["schema"], where)
        for (place, name), parameter in news.items():
            if parameter.get("required") and not olds.get((place, name), {}).get("required"):
                yield f"{place} {name}: required now"

    def _body(self, old: dict, new: dict) -> Iterator[str]:
        if new.get("required") and not old.get("required"):
            yield "body: required now"
        for media_type, content in old.get("content", {}).items():
            if media_type not in new.get("content", {}):
                yield f"body: {media_type} is not read any more"
            else:
                yield from self._request(content["schema"], new["content"][media_type]["schema"], "body")

    def _answer(self, status: str, old: dict, new: dict) -> Iterator[str]:
        for name in old.get("headers", {}):
            if name not in new.get("headers", {}):
                yield f"{status} header {name}: removed"
        for media_type, content in old.get("content", {}).items():
            if media_type not in new.get("content", {}):
                yield f"{status}: not sent as {media_type} any more"
            else:
                schema = new["content"][media_type]["schema"]
                yield from self._schema(content["schema"], schema, status, answer=True)

    def _request(self, old: dict, new: dict, where: str) -> Iterator[str]:
        yield from self._schema(old, new, where, answer=False)

    def _schema(self, old: dict, new: dict, where: str, *, answer: bool) -> Iterator[str]:
        """How the schema of a request, or of an answer, breaks clients."""
        names = (old.get("$ref", ""), new.get("$ref", ""), answer)
        if all(names[:2]):
            if names in self.compared:
                return  # a schema that contains itself, or a second place of the same fault
            self.compared.add(names)
        old, new = _resolved(old, self.before), _resolved(new, self.after)
        inner, outer = (new, old) if answer else (old, new)
        if "anyOf" in inner or "anyOf" in outer:
            yield from self._forms(old, new, where, answer=answer)
            return
        yield from _allowed(inner, outer, where, "may be" if answer else "may not be")
        for name in sorted(set(outer.get("required", ())) - set(inner.get("required", ()))):
            if name in old.get("properties", {}) and name not in new.get("properties", {}):
                continue  # told below
            yield f"{where}.{name}: {'not always there any more' if answer else 'required now'}"
        for name, schema in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self._schema(schema, new["properties"][name], f"{where}.{name}", answer=answer)
            else:
                yield f"{where}.{name}: removed"
        if "items" in old and "items" in new:
            yield from self._schema(old["items"], new["items"], f"{where}[]", answer=answer)

    def _forms(self, old: dict, new: dict, where: str, *, answer: bool) -> Iterator[str]:
        """Each form that a value may have on one side needs one on the other that takes it in."""
        olds, news = (each.get("anyOf", [each]) for each in (old, new))
        known = set(self.compared)
        for form in news if answer else olds:
            pairs = [(each, form) for each in olds] if answer else [(form, each) for each in news]
            faults = []
            for pair in pairs:
                self.compared = set(known)
                faults.append(list(self._schema(*pair, where, answer=answer)))
            if all(faults):
                yield from min(faults, key=len)
        self.compared = known


def _resolved(schema: dict, document: dict) -> dict:
    """`schema` with what it refers to, and with its `allOf` and `oneOf` in the form of the rest."""
    while "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target | {key: value for key, value in schema.items() if key != "$ref"}
    whole = {key: value for key, value in schema.items() if key not in ("allOf", "oneOf")}
    if "oneOf" in schema:
        whole["anyOf"] = schema["oneOf"]
    for part in (_resolved(each, document) for each in schema.get("allOf", ())):
        properties = whole.get("properties", {}) | part.get("properties", {})
        required = [*whole.get("required", ()), *part.get("required", ())]
        whole = part | whole | {"properties": properties, "required": required}
    return whole


def _allowed(inner: dict, outer: dict, where: str, verb: str) -> Iterator[str]:
    """Values that `inner` allows and `outer` does not, without looking into objects and arrays."""
    foreign = _types(inner) - _types(outer)
    if _types(outer) and (foreign or not _types(inner)):
        yield f"{where}: {verb} {' or '.join(sorted(foreign)) or 'anything'} now"
        return
    if (choices := _choices(outer)) is not None:
        others = (
            None if _choices(inner) is None else [each for each in _choices(inner) if each not in choices]
        )
        if others is None or others:
            yield f"{where}: {verb} {'another value' if others is None else ' or '.join(map(str, others))} now"
    for key in (*LOWER, *UPPER):
        if key in outer and (key not in inner or _beyond(inner[key], outer[key], key)):
            yield f"{where}: {key} {_change(inner, outer, key, verb)}"
    for key in ("pattern", "format"):
        if key in outer and inner.get(key) != outer[key]:
            yield f"{where}: {key} {_change(inner, outer, key, verb)}"


def _beyond(inner: float, outer: float, key: str) -> bool:
    return inner < outer if key in LOWER else inner > outer


def _change(inner: dict, outer: dict, key: str, verb: str) -> str:
    old, new = (outer, inner) if verb == "may be" else (inner, outer)
    return f"was {old.get(key, 'free')}, is {new.get(key, 'free')}"


def _types(schema: dict) -> set[str]:
    named = schema.get("type", [])
    types = {named} if isinstance(named, str) else set(named)
    return types | {"integer"} if "number" in types else types


def _choices(schema: dict) -> list | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")
