"""Round the tax of an invoice for each line, or once for each rate: the totals differ by cents."""

import random

from conventions.throwaway import throwaway

LINES = [(1000, 33, 700), (1000, 33, 700), (1000, 33, 700), (1500, 999, 1900)]


def total(lines: list[tuple[int, int, int]], rounding: str) -> int:
    return sum(each.net_minor + each.tax_minor for each in amounts(lines, rounding))


def differences(invoices: int) -> list[int]:
    """Per rate less per line, for random invoices of up to ten lines."""
    dice = random.Random(1)  # noqa: S311 - the same every time
    found = []
    for _ in range(invoices):
        lines = [
            (dice.randrange(1000, 9000, 1000), dice.randrange(1, 10_000), dice.choice((700, 1900)))
            for _ in range(dice.randint(1, 10))
        ]
        found.append(total(lines, "per_rate") - total(lines, "per_line"))
    return found


if __name__ == "__main__":
    with throwaway("invoices"):
        from invoices.billing.money import shown
        from invoices.billing.tax import amounts, half_up

        print("three times 0.33 at 7 %, and 1.5 times 9.99 at 19 %")
        for rounding in ("per_line", "per_rate"):
            taxes = [each.tax_minor for each in amounts(LINES, rounding)]
            print(f"{rounding}: tax {' + '.join(map(str, taxes))} = {sum(taxes)}, ", end="")
            print(f"total {shown(total(LINES, rounding), 'EUR')}")
        apart = differences(10_000)
        print(f"10000 random invoices: {sum(map(bool, apart))} differ, by up to {max(map(abs, apart))} cents")
        print()
        print(f"half of 2675, in integers: {half_up(2675, 10)}, of -2675: {half_up(-2675, 10)}")
        print(f"the same in floats: round(2.675, 2) = {round(2.675, 2)}")
        for currency in ("JPY", "EUR", "KWD"):
            print(f"1234567 in {currency}: {shown(1234567, currency)}")
