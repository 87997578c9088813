"""Read what a query really did out of EXPLAIN's JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """One executed plan: its nodes from the top down, and what they cost in pages and rows."""

    nodes: tuple[str, ...]
    indexes: tuple[str, ...]
    rows: int
    pages: int  # 8 KiB each, found in PostgreSQL's memory or read; the top node counts for all below it
    removed: int  # rows that were fetched, looked at and thrown away
    sorted: int  # rows that a Sort node had to take in before it gave out its first
    log_records: int  # entries of the write-ahead log, where EXPLAIN was asked for WAL
    searches: int | None  # descents from the root of an index; None before PostgreSQL 18

    @property
    def scan(self) -> str:
        """The node that decides which rows of the table are fetched."""
        return (
            "BitmapAnd" if "BitmapAnd" in self.nodes else next(node for node in self.nodes if "Scan" in node)
        )


# --8<-- [start:read_plan]
def read_plan(explained: str | list) -> Plan:
    """Take the answer of EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON): PostgreSQL 15 to 18, parsed or not."""
    top = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    nodes = list(walk(top))
    searches = [node["Index Searches"] for node in nodes if "Index Searches" in node]
    return Plan(
        nodes=tuple(node["Node Type"] for node in nodes),
        indexes=tuple(node["Index Name"] for node in nodes if "Index Name" in node),
        rows=round(top["Actual Rows"]),
        pages=top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        removed=sum(
            round(node.get(f"Rows Removed by {why}", 0) * node["Actual Loops"])
            for node in nodes
            for why in ("Filter", "Index Recheck")
        ),
        sorted=sum(
            round(node["Plans"][0]["Actual Rows"] * node["Actual Loops"])
            for node in nodes
            if node["Node Type"] == "Sort"
        ),
        log_records=top.get("WAL Records", 0),
        searches=sum(searches) if searches else None,
    )


# --8<-- [end:read_plan]
def walk(node: dict) -> Iterator[dict]:
    """The node and all below it, from the top down."""
    yield node
    for child in node.get("Plans", []):
        yield from walk(child)
