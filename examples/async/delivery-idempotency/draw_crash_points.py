"""Draw where a worker can die between two steps, and what each crash leaves."""

from crash_points import EARLY, LATE, WORD, Cell, cells, counts

WIDTH, LEFT, PANEL, GAP = 420, 10, 118, 160
PANELS = {
    "Early ack, the worker dies": ("early", EARLY, "worker", False),
    "Late ack, the worker dies": ("late", LATE, "worker", False),
    "Late ack, only the child dies": ("late", LATE, "child", False),
    "The same, reject_on_worker_lost": ("late", LATE, "child", True),
}
CLASS = {"lost": "c3", "once": "c1", "twice": "c2"}


def panel(top: int, title: str, chosen: list[Cell]) -> list[str]:
    line = top + 62
    lines = [
        f'<text x="{LEFT}" y="{top + 22}" font-size="16" font-weight="bold" fill="currentColor">{title}</text>',
        f'<path class="muted" stroke-width="2" fill="none" d="M{LEFT} {line}h70m90 0h70m90 0h70"/>',
    ]
    for place, step in enumerate(chosen[0].steps):
        left = LEFT + 70 + place * GAP
        lines += [
            f'<rect fill="currentColor" fill-opacity="0.1" x="{left}" y="{line - 17}" width="90" height="34" rx="6"/>',
            f'<text x="{left + 45}" y="{line + 6}" font-size="16" text-anchor="middle" '
            f'fill="currentColor">{step}</text>',
        ]
    for cell in chosen:
        middle = LEFT + 35 + cell.done * GAP
        word = WORD[counts(cell, "rabbitmq")["charges"]]
        cross = f"M{middle - 7} {line - 7}l14 14m0 -14l-14 14"
        lines += [
            f'<path stroke="currentColor" stroke-width="3" fill="none" d="{cross}"/>',
            f'<rect class="{CLASS[word]}" x="{middle - 31}" y="{line + 26}" width="8" height="15"/>',
            f'<text x="{middle - 18}" y="{line + 39}" font-size="16" fill="currentColor">{word}</text>',
        ]
    return lines


def picture() -> str:
    found = {
        title: [cell for cell in cells() if (cell.ack, cell.steps, cell.dies, cell.requeue) == kind]
        for title, kind in PANELS.items()
    }
    said = ". ".join(
        f"{title}: "
        + ", ".join(f"{WORD[counts(cell, 'rabbitmq')['charges']]} after {cell.point}" for cell in group)
        for title, group in found.items()
    )
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {PANEL * len(PANELS) + 10}" width="100%" role="img" '
        'xmlns="http://www.w3.org/2000/svg" aria-labelledby="crash-title crash-desc" font-family="sans-serif">',
        '<title id="crash-title">Each point where a worker can die, and how often the customer is charged</title>',
        f'<desc id="crash-desc">{said}.</desc>',
    ]
    for place, (title, group) in enumerate(found.items()):
        lines += panel(place * PANEL, title, group)
    return "\n".join([*lines, "</svg>"])


if __name__ == "__main__":
    print(picture())
