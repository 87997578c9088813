"""Draw what each of 50 readers does from its arrival to its answer, three ways."""

from fifty_readers import Crowd, crowd

WAYS = {
    "cache-aside": ("Cache-aside", "every reader queries"),
    "lock, poll": ("Lock", "one queries, the others wait"),
    "lock, stale": ("Stale while revalidating", "one queries for all, nobody waits"),
}
LEFT, WIDTH, ROW, HEAD, LONGEST_MS = 4, 420, 4, 54, 520


def x(ms: float) -> float:
    return round(LEFT + (WIDTH - 2 * LEFT) * ms / LONGEST_MS, 1)


def bar(top: float, began_ms: int, ended_ms: int, css: str) -> str:
    # An answer within 2 ms would be too thin to see: 5 ms is the least that is drawn.
    width = round(max(x(ended_ms), x(began_ms + 5)) - x(began_ms), 1)
    return f'<rect class="{css}" x="{x(began_ms)}" y="{top}" width="{width}" height="{ROW - 1}"/>'


def panel(result: Crowd, top: int, title: str, subtitle: str) -> list[str]:
    queries = len(result.database.queries)
    lines = [
        f'<text x="{LEFT}" y="{top + 20}" font-size="16" font-weight="bold" fill="currentColor">{title}: '
        f"{queries} quer{'y' if queries == 1 else 'ies'}</text>",
        f'<text x="{LEFT}" y="{top + 40}" font-size="14" class="muted">{subtitle}</text>',
    ]
    for number, reader in enumerate(result.readers):
        row = top + HEAD + number * ROW
        waits_for_its_own = number in result.computed and result.took_ms(reader) > 100
        css = "c2" if waits_for_its_own else "c1" if result.took_ms(reader) > 100 else "c3"
        lines.append(bar(row, reader.started_ms, reader.ended_ms, css))
        if number in result.computed and not waits_for_its_own:  # its task queries, it does not wait
            began_ms, ended_ms = result.database.queries[0]
            lines.append(bar(row, began_ms + 6, ended_ms, "c2"))
    return lines


def picture() -> str:
    panel_height = HEAD + 50 * ROW + 14
    legend_top = len(WAYS) * panel_height
    height = legend_top + 60
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {height}" width="100%" role="img" xmlns="http://www.w3.org/2000/svg" '
        'aria-labelledby="fifty-title fifty-desc" font-family="sans-serif">',
        '<title id="fifty-title">50 readers of one expired key</title>',
        '<desc id="fifty-desc">Three timelines, a row for each reader. With cache-aside all 50 rows '
        "are queries. With a lock one row is a query and 49 wait. With stale-while-revalidate one query "
        "runs in the background and all 50 answers come at once.</desc>",
    ]
    for place, (name, (title, subtitle)) in enumerate(WAYS.items()):
        lines += panel(crowd(name), place * panel_height, title, subtitle)
    for place, (css, words) in enumerate((("c2", "queries"), ("c1", "waits"), ("c3", "old value, at once"))):
        left = LEFT + (0, 100, 180)[place]
        lines.append(f'<rect class="{css}" x="{left}" y="{legend_top + 36}" width="14" height="14"/>')
        lines.append(
            f'<text x="{left + 20}" y="{legend_top + 48}" font-size="14" fill="currentColor">{words}</text>'
        )
    for ms in (0, 200, 400):
        lines.append(
            f'<text x="{x(ms)}" y="{legend_top + 12}" font-size="14" class="muted">{ms} ms</text>'
            f'<path class="muted" stroke="currentColor" stroke-opacity="0.25" '
            f'd="M{x(ms)} {HEAD - 6}V{legend_top - 8}"/>'
        )
    return "\n".join([*lines, "</svg>"])


if __name__ == "__main__":
    print(picture())
