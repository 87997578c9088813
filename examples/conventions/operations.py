"""List the operations of an API with every status that each may answer, from the specification."""

from pathlib import Path

import yaml

SPECS = Path(__file__).resolve().parents[2] / "docs" / "specs"


def operations(document: dict) -> list[tuple[str, str, str, str, str]]:
    """Method, path, who may call it, its statuses and what it does, by tag in the order of the document's tags."""
    order = [tag["name"] for tag in document["tags"]]
    found = [
        (
            method.upper(),
            path.removeprefix("/api/v1"),
            "with a token" if "security" in operation else "open to everybody",
            " ".join(operation["responses"]),
            operation["summary"],
            order.index(operation["tags"][0]),
        )
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return [row[:5] for row in sorted(found, key=lambda row: (row[5], row[1], row[0]))]


def show(system: str) -> None:
    """Print the operations of `docs/specs/<system>.yaml`."""
    document = yaml.safe_load((SPECS / f"{system}.yaml").read_text(encoding="utf-8"))
    info = document["info"]
    print(f"{info['title']} {info['version']}, OpenAPI {document['openapi']}, under /api/v1")
    for method, path, who, statuses, summary in operations(document):
        print(f"\n{method} {path}\n  {summary}, {who}\n  answers {statuses}")
