"""Draw the tables of a system and what they refer to, as a migrated database tells them: an SVG for a page."""

from dataclasses import dataclass
from html import escape

from conventions.throwaway import throwaway

CHARACTER, LINE, HEAD, PAD = 7.9, 19, 27, 8  # of 13 units of a monospaced face
GAP_ACROSS, GAP_DOWN, MARGIN = 64, 18, 6


@dataclass(frozen=True)
class Column:
    """A column: its type as the database writes it, with a question mark where it may be null."""

    name: str
    kind: str
    primary: bool
    unique: bool
    refers_to: str  # another table; empty where it is no foreign key

    @property
    def label(self) -> str:
        """Its name, with what it is to the table."""
        return self.name + (" #" if self.primary else " !" if self.unique else "")


@dataclass(frozen=True)
class Table:
    """A table, in the order of its columns."""

    name: str
    columns: tuple[Column, ...]

    @property
    def height(self) -> float:
        """What its box takes, in units."""
        return HEAD + LINE * len(self.columns) + PAD

    @property
    def width(self) -> float:
        """What its box needs, in units."""
        longest = max(len(column.label) + len(column.kind) + 2 for column in self.columns)
        return round(CHARACTER * max(longest, len(self.name)) + 2 * PAD)

    @property
    def refers_to(self) -> set[str]:
        """Other tables that its rows name."""
        return {column.refers_to for column in self.columns} - {"", self.name}


def read_tables(system: str) -> list[Table]:
    """The tables of the system's own apps, by name, from the catalogue of the connected database."""
    from django.apps import apps
    from django.db import connection

    own = tuple(f"{app.label}_" for app in apps.get_app_configs() if app.name.partition(".")[0] == system)
    ask = connection.introspection
    with connection.cursor() as cursor:
        names = sorted(name for name in ask.table_names(cursor) if name.startswith(own))
        return [
            Table(
                name,
                tuple(
                    Column(
                        each.name,
                        _kind(each),
                        each.name in ask.get_primary_key_columns(cursor, name),
                        [each.name] in _unique(ask.get_constraints(cursor, name)),
                        ask.get_relations(cursor, name).get(each.name, ("", ""))[1],
                    )
                    for each in ask.get_table_description(cursor, name)
                ),
            )
            for name in names
        ]


def _kind(column: object) -> str:
    kind = "json" if column.has_json_constraint else column.type_code.lower().replace(" unsigned", "")
    return kind + ("?" if column.null_ok else "")


def _unique(constraints: dict[str, dict]) -> list[list[str]]:
    return [each["columns"] for each in constraints.values() if each["unique"]]


def layers_of(tables: list[Table]) -> list[list[Table]]:
    """Tables from left to right: each stands to the right of those that it refers to, beside the nearest of them."""
    by_name = {table.name: table for table in tables}

    def depth(table: Table, above: frozenset[str] = frozenset()) -> int:
        above |= {table.name}
        others = (table.refers_to & set(by_name)) - above  # a ring is cut where it was entered
        return max((1 + depth(by_name[name], above) for name in others), default=0)

    named = {name for table in tables for name in table.refers_to}
    layers: dict[int, list[Table]] = {}
    for table in tables:
        if table.refers_to or table.name in named:
            layers.setdefault(depth(table), []).append(table)
    found = [layers[number] for number in sorted(layers)]
    alone = [table for table in tables if not table.refers_to and table.name not in named]
    found += [[] for _ in range(2 - len(found))]  # even without any reference, two stand side by side
    for table in alone:
        min(found, key=lambda layer: sum(each.height + GAP_DOWN for each in layer)).append(table)
    return [layer for layer in found if layer]


def place(layers: list[list[Table]]) -> dict[str, tuple[float, float, float]]:
    """Left, top and width of each table; in a layer, tables stand in the order of what they refer to."""
    places: dict[str, tuple[float, float, float]] = {}
    left = MARGIN
    for layer in layers:
        width = max(table.width for table in layer)
        top = MARGIN
        for table in sorted(layer, key=lambda each: _middle(each, places)):
            places[table.name] = (left, top, width)
            top += table.height + GAP_DOWN
        left += width + GAP_ACROSS
    return places


def _middle(table: Table, places: dict[str, tuple[float, float, float]]) -> tuple[bool, float]:
    tops = [places[name][1] for name in sorted(table.refers_to) if name in places]
    return (not tops, sum(tops) / max(len(tops), 1))


def svg(tables: list[Table], *, title: str, slug: str) -> str:
    """The picture of `tables`; `slug` begins the ids in it."""
    places = place(layers_of(tables))
    by_name = {table.name: table for table in tables}
    width = max(left + wide for left, _, wide in places.values()) + GAP_ACROSS / 2
    height = max(places[table.name][1] + table.height for table in tables) + MARGIN
    told = ". ".join(_told(table) for table in tables)
    lines = [
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img" xmlns="http://www.w3.org/2000/svg" '
        f'aria-labelledby="{slug}-title {slug}-desc">',
        f'<title id="{slug}-title">{escape(title)}</title>',
        f'<desc id="{slug}-desc">{escape(told)}.</desc>',
        '<g font-family="monospace" font-size="13">',
    ]
    targets = sorted({name for table in tables for name in table.refers_to})
    for table in tables:
        for row, column in enumerate(table.columns):
            if column.refers_to in by_name:
                colour = (
                    f"s{1 + targets.index(column.refers_to) % 3}" if column.refers_to in targets else "s1"
                )
                path = _path(places[table.name], row, places[column.refers_to])
                lines.append(f'<path class="{colour}" fill="none" stroke-width="1.5" d="{path}"/>')
    for table in tables:
        lines += _box(table, *places[table.name])
    return "\n".join([*lines, "</g>", "</svg>"])


def _told(table: Table) -> str:
    """A table in words, for whoever does not see it."""
    others = ", ".join(f"{column.refers_to} by {column.name}" for column in table.columns if column.refers_to)
    return f"{table.name} has {len(table.columns)} columns" + (f" and refers to {others}" if others else "")


def _path(source: tuple[float, float, float], row: int, target: tuple[float, float, float]) -> str:
    """A line from a column to the head of the table that it refers to."""
    y = source[1] + HEAD + LINE * row + LINE / 2
    end = target[1] + HEAD / 2
    if target[0] < source[0]:
        x, to = source[0], target[0] + target[2]
        bend = GAP_ACROSS / 2
        return f"M{x:g} {y:g}C{x - bend:g} {y:g} {to + bend:g} {end:g} {to:g} {end:g}"
    x = source[0] + source[2]  # beside itself, or in a ring: round its right side
    return f"M{x:g} {y:g}C{x + 24:g} {y:g} {x + 24:g} {end:g} {target[0] + target[2]:g} {end:g}"


def _box(table: Table, left: float, top: float, width: float) -> list[str]:
    """The box of a table over the lines that pass behind it."""
    paper = "var(--md-default-bg-color, Canvas)"
    right = left + width - PAD
    lines = [
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{table.height:g}" rx="4" fill="{paper}" '
        'stroke="currentColor" stroke-opacity="0.6"/>',
        f'<path d="M{left:g} {top + HEAD:g}h{width:g}" stroke="currentColor" stroke-opacity="0.6"/>',
        f'<text x="{left + PAD:g}" y="{top + 18:g}" font-weight="bold" fill="currentColor">{escape(table.name)}</text>',
    ]
    for row, column in enumerate(table.columns):
        y = top + HEAD + LINE * row + 15
        weight = ' font-weight="bold"' if column.primary else ""
        lines += [
            f'<text x="{left + PAD:g}" y="{y:g}"{weight} fill="currentColor">{escape(column.label)}</text>',
            f'<text x="{right:g}" y="{y:g}" text-anchor="end" class="muted">{escape(column.kind)}</text>',
        ]
    return lines


def draw(system: str, title: str) -> None:
    """Print the picture of a system's tables after its migrations, on SQLite."""
    with throwaway(system):
        print(svg(read_tables(system), title=title, slug=f"{system}-tables"))
