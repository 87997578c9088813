"""Draw the states of an order and the events between them, from the table that the shop runs by."""

from shop.orders.states import MOVES, Status

# Column and row of each state.
PLACES = {
    Status.PLACED: (0, 0),
    Status.PAID: (0, 1),
    Status.SHIPPED: (0, 2),
    Status.DELIVERED: (0, 3),
    Status.CANCELLED: (1, 1),
    Status.REFUNDED: (1, 3),
}
WIDTH, HEIGHT = 360, 362
BOX, TALL = 116, 40


def centre(state: Status) -> tuple[int, int]:
    column, row = PLACES[state]
    return 64 + 232 * column, 24 + 104 * row


def arrow(state: Status, event: str, target: Status) -> str:
    """Down, to the right, or to the right and then down."""
    (x, y), (to_x, to_y) = centre(state), centre(target)
    if x == to_x:
        path, tip = f"M{x} {y + TALL // 2}V{to_y - TALL // 2 - 8}", (to_x, to_y - TALL // 2)
        words = (x + 8, (y + to_y) // 2 + 5, "start")
    elif y == to_y:
        path, tip = f"M{x + BOX // 2} {y}H{to_x - BOX // 2 - 8}", (to_x - BOX // 2, to_y)
        words = ((x + to_x) // 2, y - 8, "middle")
    else:
        path, tip = f"M{x + BOX // 2} {y}H{to_x}V{to_y - TALL // 2 - 8}", (to_x, to_y - TALL // 2)
        words = ((x + to_x) // 2, y - 8, "middle")
    head = "l-9 -5v10z" if y == to_y else "l-5 -9h10z"
    return (
        f'<path class="muted" d="{path}"/>'
        f'<path fill="currentColor" d="M{tip[0]} {tip[1]}{head}"/>'
        f'<text x="{words[0]}" y="{words[1]}" text-anchor="{words[2]}" font-size="14" '
        f'fill="currentColor">{event}</text>'
    )


def box(state: Status) -> str:
    x, y = centre(state)
    return (
        f'<rect x="{x - BOX // 2}" y="{y - TALL // 2}" width="{BOX}" height="{TALL}" rx="6" fill="none" '
        'stroke="currentColor"/>'
        f'<text x="{x}" y="{y + 5}" text-anchor="middle" font-size="16" font-weight="bold" '
        f'fill="currentColor">{state}</text>'
    )


def picture() -> str:
    told = "; ".join(f"{state}, {event}: {target}" for (state, event), target in MOVES.items())
    return "\n".join(
        [
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" '
            'xmlns="http://www.w3.org/2000/svg" aria-labelledby="states-title states-desc" '
            'font-family="sans-serif">',
            '<title id="states-title">The states of an order</title>',
            f'<desc id="states-desc">{told}.</desc>',
            *(arrow(state, event, target) for (state, event), target in MOVES.items()),
            *map(box, Status),
            "</svg>",
        ]
    )


if __name__ == "__main__":
    print(picture())
