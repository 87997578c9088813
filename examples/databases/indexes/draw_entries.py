"""Draw where the entries of one query lie in each of the two indexes, and the first of them in full."""

from dataclasses import dataclass

import servers
from shop_orders import fill

# The part of an index that a scan has to walk: what the conditions on its leading columns pin down.
QUARTER = "created_at >= '2026-01-01' AND created_at < '2026-04-01'"
WALKED = {
    "status, created_at": f"status = 'pending' AND {QUARTER}",
    "created_at, status": QUARTER,
}
WIDTH, LEFT, RIGHT, LINE, SHOWN = 440, 6, 434, 24, 8
STRIP_TOP, STRIP_HEIGHT, LIST_TOP = 54, 30, 118
PANEL = LIST_TOP + SHOWN * LINE + 44
COLUMN_LEFT = (40, 200)


@dataclass(frozen=True)
class Entry:
    """One entry of an index: its place from the left, what it says, and what the scan does with it."""

    place: int
    status: str
    created_at: str
    walked: bool
    matches: bool


def entries_of(connection, columns: str) -> list[Entry]:
    """All entries of an index on `columns`, in the order of the index."""
    rows = connection.execute(
        f"SELECT row_number() OVER (ORDER BY {columns}) - 1, status,"  # noqa: S608 - ours
        f" to_char(created_at, 'YYYY-MM-DD HH24:MI'), {WALKED[columns]}, status = 'pending' AND {QUARTER}"
        f" FROM orders ORDER BY 1"
    ).fetchall()
    return [Entry(*row) for row in rows]


def panel(columns: str, entries: list[Entry], top: int) -> list[str]:
    def x(place: int) -> float:
        return round(LEFT + (RIGHT - LEFT) * place / len(entries), 1)

    walked = [entry for entry in entries if entry.walked]
    matches = [entry for entry in entries if entry.matches]
    first, width = x(walked[0].place), max(3.0, round(x(walked[-1].place + 1) - x(walked[0].place), 1))
    lines = [
        f'<text x="{LEFT}" y="{top + 20}" font-size="17" font-weight="bold" fill="currentColor">({columns})</text>',
        f'<text x="{LEFT}" y="{top + 42}" font-size="15" fill="currentColor">walks {len(walked):,} entries, '
        f"{len(matches)} of them match</text>",
        f'<rect x="{LEFT}" y="{top + STRIP_TOP}" width="{RIGHT - LEFT}" height="{STRIP_HEIGHT}" fill="none" '
        'stroke="currentColor" stroke-opacity="0.5"/>',
        f'<rect class="c1" x="{first}" y="{top + STRIP_TOP}" width="{width}" height="{STRIP_HEIGHT}"/>',
    ]
    if len(walked) > len(matches):  # elsewhere the walked part is all matches: its colour says so below
        lines += [
            f'<rect class="c2" x="{x(entry.place)}" y="{top + STRIP_TOP}" width="2" height="{STRIP_HEIGHT}"/>'
            for entry in matches
        ]
    else:
        lines[-1] = lines[-1].replace('"c1"', '"c2"')
    lines.append(
        f'<text x="{LEFT}" y="{top + STRIP_TOP + STRIP_HEIGHT + 20}" font-size="14" class="muted">'
        f"the whole index, {len(entries):,} entries from left to right</text>"
    )
    return lines + excerpt(columns, entries, top + LIST_TOP)


def excerpt(columns: str, entries: list[Entry], top: int) -> list[str]:
    """The entry before the walked part where there is one, and the first ones of it."""
    start = max(0, next(entry.place for entry in entries if entry.walked) - 1)
    lines = []
    for row, entry in enumerate(entries[start : start + SHOWN]):
        y = top + row * LINE
        if entry.walked:
            css = "c2" if entry.matches else "c1"
            lines.append(f'<rect class="{css}" x="{LEFT + 6}" y="{y + 4}" width="14" height="14"/>')
        values = [getattr(entry, column) for column in columns.split(", ")]
        weight = ' font-weight="bold"' if entry.matches else ""
        lines += [
            f'<text x="{left}" y="{y + 17}" font-size="15" font-family="monospace"{weight} '
            f'fill="currentColor">{value}</text>'
            for left, value in zip(COLUMN_LEFT, values, strict=True)
        ]
    rest = [entry for entry in entries[start + SHOWN :] if entry.walked]
    lines.append(
        f'<text x="{COLUMN_LEFT[0]}" y="{top + SHOWN * LINE + 17}" font-size="14" class="muted">'
        f"… {len(rest):,} more to walk, {sum(entry.matches for entry in rest)} match</text>"
    )
    return lines


def picture(connection) -> str:
    height = 2 * PANEL + 30
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {height}" width="100%" role="img" xmlns="http://www.w3.org/2000/svg" '
        'aria-labelledby="entries-title entries-desc" font-family="sans-serif">',
        '<title id="entries-title">One query in two indexes</title>',
        '<desc id="entries-desc">Two panels, one for each order of the columns. With status first, the pending '
        "orders of the quarter are one thin block of neighbours. With created_at first, they are thin lines "
        "spread over a quarter of the index, and the entries between them belong to other statuses.</desc>",
    ]
    for number, columns in enumerate(WALKED):
        lines += panel(columns, entries_of(connection, columns), number * PANEL)
    for left, css, words in ((LEFT, "c2", "walked, matches"), (170, "c1", "walked for nothing")):
        lines.append(f'<rect class="{css}" x="{left}" y="{height - 22}" width="14" height="14"/>')
        lines.append(
            f'<text x="{left + 20}" y="{height - 9}" font-size="14" fill="currentColor">{words}</text>'
        )
    return "\n".join([*lines, "</svg>"])


def main() -> None:
    with servers.postgresql() as connection:
        fill(connection)
        print(picture(connection))


if __name__ == "__main__":
    main()
