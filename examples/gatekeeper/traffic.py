"""Make traffic of a shop with known attackers in it, the same for the same seed.

People at home, in offices behind one address and in mobile networks with hundreds behind one; crawlers, a monitor, a
program that uses the API, somebody who forgot a password, users of a VPN. And attackers of five kinds, some of them
slow. Every address comes from a block for documentation (RFC 5737, RFC 3849) or benchmarks (RFC 2544).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

SECONDS = 2 * 3600
PLACES = {
    "DE": (51.0, 9.0),
    "US": (38.0, -97.0),
    "BR": (-10.0, -55.0),
    "FR": (46.0, 2.0),
    "JP": (36.0, 138.0),
}
PAGES = ("/api/v1/products/", "/api/v1/categories/", "/api/v1/orders/")
LEAKS = ("/.env", "/.git/config", "/wp-login.php", "/phpmyadmin/", "/.aws/credentials", "/backup.sql")


@dataclass(frozen=True, order=True)
class Event:
    """One request; `attack` names the attacker who made it and is empty for everybody else."""

    second: float
    address: str
    path: str
    status: int
    user: str = ""
    account: str = ""
    country: str = "DE"
    attack: str = ""


class Town:
    """Everybody who asks in these two hours."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - traffic, not secrets
        self._hosts = iter(range(1, 60_000))
        self._people = iter(range(1, 60_000))

    def events(self) -> list[Event]:
        """Every request, in the order of time."""
        return sorted([*self._peaceful(), *self._attacks()])

    def _address(self) -> str:
        host = next(self._hosts)
        return (
            f"198.18.{host // 250}.{host % 250 + 1}" if self._dice.random() < 0.6 else f"2001:db8:{host:x}::1"
        )

    def _person(self) -> str:
        return f"user-{next(self._people)}"

    def _peaceful(self) -> Iterator[Event]:
        dice = self._dice
        for _ in range(80):
            yield from self._visit(self._address(), self._person())
        for people, rush in ((40, 600), (25, SECONDS - 1800), (150, SECONDS - 1800), (120, SECONDS - 1800)):
            address = self._address()  # an office that begins at nine, another one, two mobile networks
            for _ in range(people):
                yield from self._visit(address, self._person(), latest=rush)
        for gap, lost in ((4, 0.05), (3, 0.12), (8, 0.02)):
            yield from self._crawl(self._address(), gap, lost)
        for second in range(0, SECONDS, 15):
            yield Event(second, "198.18.255.1", "/readyz", 200)
        address, user = self._address(), self._person()
        for second in range(0, SECONDS, 4):
            yield Event(second + 0.3, address, "/api/v1/orders/", 200, user=user)
        yield from self._forgot(self._address())
        address, person = (
            self._address(),
            self._person(),
        )  # a program that asks for one missing thing again and again
        for second in range(0, 1200, 2):
            yield Event(second + 0.5, address, "/api/v1/products/0/", 404, user=person)
        for number in range(3):  # two who often use a VPN; in half of the seeds a third for the first time
            if number < 2 or dice.random() < 0.5:
                yield from self._vpn(self._person(), known=number < 2)

    def _visit(
        self, address: str, person: str, *, latest: int = SECONDS - 1800, country: str = "DE"
    ) -> Iterator[Event]:
        dice = self._dice
        second, user = dice.uniform(0, latest), ""
        if dice.random() < 0.6:
            while dice.random() < 0.15:
                yield Event(second, address, "/api/v1/users/login/", 401, account=person, country=country)
                second += dice.uniform(4, 20)
            yield Event(second, address, "/api/v1/users/login/", 200, account=person, country=country)
            user = person
        for _ in range(dice.randint(2, 12)):
            for _ in range(dice.randint(1, 4)):
                second += dice.uniform(0.05, 0.6)
                missing = dice.random() < 0.02
                path = f"/api/v1/products/{dice.randint(1, 900)}/" if missing else dice.choice(PAGES)
                yield Event(second, address, path, 404 if missing else 200, user=user, country=country)
            second += dice.expovariate(1 / 25)

    def _crawl(self, address: str, gap: float, lost: float) -> Iterator[Event]:
        dice, second = self._dice, self._dice.uniform(0, 60)
        while second < SECONDS:
            page = f"/api/v1/products/{dice.randint(1, 2000)}/"
            yield Event(second, address, page, 404 if dice.random() < lost else 200)
            second += dice.expovariate(1 / gap)

    def _forgot(self, address: str) -> Iterator[Event]:
        person, second = self._person(), self._dice.uniform(0, SECONDS / 2)
        for _ in range(9):
            yield Event(second, address, "/api/v1/users/login/", 401, account=person)
            second += self._dice.uniform(5, 40)

    def _vpn(self, person: str, *, known: bool) -> Iterator[Event]:
        home, exit_address = self._address(), self._address()
        if known:
            for day in range(1, 6):
                yield Event(-86400.0 * day, exit_address, PAGES[0], 200, user=person, country="US")
                yield Event(-86400.0 * day - 7200, home, PAGES[0], 200, user=person)
        for second in range(600, 4200, 60):
            there = 1800 <= second < 3000
            yield Event(
                second,
                exit_address if there else home,
                PAGES[0],
                200,
                user=person,
                country="US" if there else "DE",
            )

    def _attacks(self) -> Iterator[Event]:
        for number in (1, 2):
            yield from self._flood(f"flood {number}")
            yield from self._stuff(f"stuffing {number}", gap=(1, 4), tries=self._dice.randint(60, 150))
            yield from self._guess(f"guessing {number}")
            yield from self._scan(f"scanning {number}", gap=(0.2, 1.5), tries=self._dice.randint(60, 300))
            yield from self._probe(f"probing {number}")
            yield from self._steal(f"stolen account {number}", together=number == 1)
        yield from self._stuff("slow stuffing 1", gap=(120, 300), tries=30)
        yield from self._scan("slow scanning 1", gap=(40, 110), tries=90)
        yield from self._stuff("very slow stuffing 1", gap=(900, 1100), tries=8)

    def _flood(self, attack: str) -> Iterator[Event]:
        address, second = self._address(), self._dice.uniform(300, SECONDS - 900)
        gap = 1 / self._dice.uniform(7, 14)
        for _ in range(self._dice.randint(900, 1500)):
            yield Event(second, address, self._dice.choice(PAGES), 200, attack=attack)
            second += gap

    def _stuff(self, attack: str, *, gap: tuple[float, float], tries: int) -> Iterator[Event]:
        dice, address = self._dice, self._address()
        second = dice.uniform(0, max(60.0, SECONDS - tries * sum(gap) / 2 - 300))
        for number in range(tries):
            status = 200 if dice.random() < 0.03 else 401
            yield Event(
                second,
                address,
                "/api/v1/users/login/",
                status,
                account=f"{attack} victim {number}",
                attack=attack,
            )
            second += dice.uniform(*gap)

    def _guess(self, attack: str) -> Iterator[Event]:
        dice, victim = self._dice, self._person()
        start = dice.uniform(0, SECONDS - 3600)
        for _ in range(dice.randint(25, 60)):
            address = self._address()
            for _ in range(dice.randint(1, 2)):
                second = start + dice.uniform(0, 3000)
                yield Event(second, address, "/api/v1/users/login/", 401, account=victim, attack=attack)

    def _scan(self, attack: str, *, gap: tuple[float, float], tries: int) -> Iterator[Event]:
        dice, address = self._dice, self._address()
        second = dice.uniform(0, max(60.0, SECONDS - tries * sum(gap) / 2 - 300))
        for number in range(tries):
            status = 404 if dice.random() < 0.85 else dice.choice((200, 403))
            yield Event(second, address, f"/{dice.choice('abcdef')}/{number}/", status, attack=attack)
            second += dice.uniform(*gap)

    def _probe(self, attack: str) -> Iterator[Event]:
        dice, address = self._dice, self._address()
        second = dice.uniform(0, SECONDS - 1800)
        for path in dice.sample(LEAKS, dice.randint(3, 6)):
            yield Event(second, address, path, 404, attack=attack)
            second += dice.uniform(1, 200)

    def _steal(self, attack: str, *, together: bool) -> Iterator[Event]:
        """Somebody else's session, while the owner is there, or half an hour after they left."""
        dice, person, home, thief = self._dice, self._person(), self._address(), self._address()
        country = dice.choice(("BR", "JP", "US"))
        start = dice.uniform(0, SECONDS - 4200)
        for number in range(20):
            yield Event(start + number * 60, home, PAGES[0], 200, user=person)
        begins = start + dice.uniform(300, 900) + (0 if together else 2400)
        for number in range(12):
            second = begins + number * 30
            yield Event(second, thief, PAGES[2], 200, user=person, country=country, attack=attack)
