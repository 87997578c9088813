"""Send the five exploits to the exercise's first version and to its solution, and count what they capture."""

from types import ModuleType

import shop_search
import solution
from five_exploits import EXPLOITS
from market_data import flags, new_market


def capture(shop: ModuleType, seed: int) -> dict[str, tuple[bool, int]]:
    """For each stage, whether its flag was captured, and how many requests were sent."""
    results = {}
    for stage, exploit in EXPLOITS.items():
        market, sent = new_market(seed), []

        def send(path: str, parameters: dict[str, str], market=market, sent=sent) -> tuple[int, list[tuple]]:
            sent.append(path)
            return shop.handle(market, path, parameters)

        flag = exploit(send)
        assert flag in ("", flags(seed)[stage])
        results[stage] = (flag != "", len(sent))
    return results


if __name__ == "__main__":
    flawed, fixed = capture(shop_search, seed=1), capture(solution, seed=1)
    print(f"{'':7} first version   solution")
    print(f"{'':7} flag  requests  flag  requests")
    for stage in flawed:
        cells = (f"{'yes' if got else 'no':4}{sent:10}" for got, sent in (flawed[stage], fixed[stage]))
        print(f"{stage:7} {'  '.join(cells)}")
    captured = [sum(got for got, _ in results.values()) for results in (flawed, fixed)]
    print(f"{'flags':7} {captured[0]:<16}{captured[1]}")
