"""Net amounts and taxes, exact in integers: minor units, thousandths of a piece, hundredths of a percent.

A float cannot hold 0.1, and a decimal must be rounded too. Here the only division is one of integers, and it says
where its remainder goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models

THOUSANDTHS = 1000
BASIS_POINTS = 10_000


class Rounding(models.TextChoices):
    """Where the tax of an invoice is rounded.

    EN 16931 rounds once for each rate (rule BR-CO-17). In the United Kingdom VAT may be worked out for each line, and
    rounded to the nearest penny (VAT Notice 700, paragraph 17.5).
    """

    PER_RATE = "per_rate"
    PER_LINE = "per_line"


@dataclass(frozen=True)
class Amounts:
    """The net amount and the tax of one line, in minor units."""

    net_minor: int
    tax_minor: int


# --8<-- [start:half_up]
def half_up(numerator: int, denominator: int) -> int:
    """The quotient, rounded to the nearest integer and a half away from zero, so -x rounds to -(x).

    Args:
        numerator: any integer.
        denominator: above zero.
    """
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return quotient if numerator >= 0 else -quotient


# --8<-- [end:half_up]


def net_minor(quantity_thousandths: int, unit_price_minor: int) -> int:
    """What a line costs without tax, in minor units."""
    return half_up(quantity_thousandths * unit_price_minor, THOUSANDTHS)


# --8<-- [start:allocate]
def allocate(total: int, numerators: Sequence[int], denominator: int) -> list[int]:
    """Split `total` into integers close to `numerator / denominator` each, whose sum is `total`.

    Each share is rounded down. What is missing goes, one each, to the shares that lost the largest remainders
    (Hamilton's method); of equal remainders the larger numerator is served first, then the earlier one.

    Args:
        total: what the shares add up to, about the sum of `numerators` over `denominator`.
        numerators: the exact shares, times `denominator`; at least one, of any sign.
        denominator: above zero.
    """
    shares = [numerator // denominator for numerator in numerators]
    for_each, for_some = divmod(total - sum(shares), len(shares))
    by_remainder = sorted(
        range(len(shares)), key=lambda place: (-(numerators[place] % denominator), -numerators[place], place)
    )
    for rank, place in enumerate(by_remainder):
        shares[place] += for_each + (rank < for_some)
    return shares


# --8<-- [end:allocate]


# --8<-- [start:amounts]
def amounts(lines: Sequence[tuple[int, int, int]], rounding: Rounding) -> list[Amounts]:
    """Net amount and tax of each line.

    With `PER_LINE` each line's tax is rounded. With `PER_RATE` the tax of all lines of one rate is rounded once, and
    `allocate` says what each line's part of it is.

    Args:
        lines: quantity in thousandths, price of one in minor units, rate in basis points (1900 is 19 %).
        rounding: where the tax is rounded.
    """
    nets = [net_minor(quantity, price) for quantity, price, _ in lines]
    exact = [net * rate for net, (_, _, rate) in zip(nets, lines, strict=True)]
    if rounding == Rounding.PER_LINE:
        taxes = [half_up(each, BASIS_POINTS) for each in exact]
    else:
        taxes = [0] * len(lines)
        for rate in {rate for _, _, rate in lines}:
            places = [place for place, line in enumerate(lines) if line[2] == rate]
            of_rate = [exact[place] for place in places]
            parts = allocate(half_up(sum(of_rate), BASIS_POINTS), of_rate, BASIS_POINTS)
            for place, part in zip(places, parts, strict=True):
                taxes[place] = part
    return [Amounts(net, tax) for net, tax in zip(nets, taxes, strict=True)]


# --8<-- [end:amounts]
