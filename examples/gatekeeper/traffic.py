"""Make traffic of a shop with known attackers in it, the same for the same seed.

Two hours in full, and of the day before what a slow attacker leaves there: log-ins, scans and the users of a VPN.
Every address comes from a block for documentation (RFC 5737, RFC 3849) or benchmarks (RFC 2544).
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

SECONDS = 2 * 3600
LATEST = SECONDS - 1800  # a visit begins before
DAY = 24 * 3600
PLACES = {
    "DE": (51.0, 9.0),
    "US": (38.0, -97.0),
    "BR": (-10.0, -55.0),
    "FR": (46.0, 2.0),
    "JP": (36.0, 138.0),
}
PRODUCTS = 2000
LOGIN = "/api/v1/users/login/"
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
        # Exits that many people share: of VPN providers, and of mobile networks that leave in another country.
        self._exits = {country: self._address() for country in PLACES if country != "DE"}

    def events(self) -> list[Event]:
        """Every request, in the order of time; those of the day before have negative seconds."""
        events = (*self._people_and_offices(), *self._machines(), *self._wanderers(), *self._attacks())
        if self._chance(0.3):
            begins = self._dice.uniform(0, SECONDS - 600)
            events = [each for event in events for each in self._outage(event, begins, begins + 480)]
        return sorted(event for event in events if event.second < SECONDS)

    def _outage(self, event: Event, begins: float, ends: float) -> Iterator[Event]:
        """Log-in answers 503 for some minutes, and everybody comes again afterwards."""
        if event.path != LOGIN or not begins <= event.second < ends:
            yield event
            return
        yield replace(event, status=503)
        yield replace(event, second=ends + self._dice.uniform(0, 120))

    def _address(self) -> str:
        host = next(self._hosts)
        return (
            f"198.18.{host // 250}.{host % 250 + 1}" if self._dice.random() < 0.6 else f"2001:db8:{host:x}::1"
        )

    def _person(self) -> str:
        return f"user-{next(self._people)}"

    def _chance(self, share: float) -> bool:
        return self._dice.random() < share

    # Peace: people.

    def _people_and_offices(self) -> Iterator[Event]:
        dice = self._dice
        for _ in range(60):
            yield from self._visit(self._address(), self._person())
        for _ in range(20):  # families: who forgot a password leaves the others unimpressed
            address = self._address()
            for _ in range(3):
                yield from self._visit(address, self._person())
        yield from self._network(self._address(), people=40, latest=600)  # an office that begins at nine
        yield from self._network(self._address(), people=25)
        mobile = [self._address(), self._address()]  # hundreds behind one address
        yield from self._network(mobile[0], people=150)
        yield from self._network(mobile[1], people=120)
        yield from self._network(
            self._address(), people=20, latest=240, mistypes=0.4
        )  # a class, all together
        yield from self._guests(self._address())
        if self._chance(0.3):
            yield from self._expired_passwords(self._address())
        yield from self._forgot([self._address()], dice.randint(4, 14))
        yield from self._forgot(
            [self._address() for _ in range(dice.randint(4, 16))], dice.randint(6, 16)
        )  # a mobile network's exits
        if self._chance(0.5):
            yield from self._flash_sale(mobile)

    def _network(
        self, address: str, *, people: int, latest: float = LATEST, mistypes: float = 0.15
    ) -> Iterator[Event]:
        for _ in range(people):
            yield from self._visit(address, self._person(), latest=latest, mistypes=mistypes)

    def _visit(
        self, address: str, person: str, *, first: float = 0, latest: float = LATEST, mistypes: float = 0.15
    ) -> Iterator[Event]:
        dice, user = self._dice, ""
        if self._chance(0.5):
            yield from self._log_in(address, person, dice.uniform(-DAY, -1800), mistypes)
        second = dice.uniform(first, latest)
        if self._chance(0.6):
            tries = list(self._log_in(address, person, second, mistypes))
            yield from tries
            second, user = tries[-1].second, person if tries[-1].status == 200 else ""
        for _ in range(dice.randint(2, 12)):
            for _ in range(dice.randint(1, 4)):
                second += dice.uniform(0.05, 0.6)
                yield self._page(second, address, user)
            second += dice.expovariate(1 / 25)

    def _page(self, second: float, address: str, user: str) -> Event:
        """A page that people look at: half of them lists, half products, the known ones more often than the rest."""
        dice = self._dice
        if self._chance(0.5):
            return Event(second, address, dice.choice(PAGES), 200, user=user)
        status = 404 if self._chance(0.03) else 200
        return Event(second, address, self._product(int(PRODUCTS ** dice.random())), status, user=user)

    def _product(self, number: int) -> str:
        return f"/api/v1/products/{number}/"

    def _log_in(self, address: str, person: str, second: float, mistypes: float = 0.15) -> Iterator[Event]:
        """Wrong a few times, then right; one in seven of those who were wrong gives up each time."""
        while self._chance(mistypes):
            yield Event(second, address, LOGIN, 401, account=person)
            if self._chance(0.15):
                return
            second += self._dice.uniform(4, 20)
        yield Event(second, address, LOGIN, 200, account=person)

    def _guests(self, address: str) -> Iterator[Event]:
        """A hotel, its guests new each day; one in four of them does not remember the password."""
        for _ in range(self._dice.randint(6, 18)):
            second, guest = self._dice.uniform(-DAY, LATEST), self._person()
            if self._chance(0.25):
                for _ in range(self._dice.randint(1, 4)):
                    yield Event(second, address, LOGIN, 401, account=guest)
                    second += self._dice.uniform(5, 40)
            else:
                yield from self._log_in(address, guest, second)

    def _expired_passwords(self, address: str) -> Iterator[Event]:
        """An office whose passwords all ended in the night: each fails, asks for a new one, and gets in later."""
        dice = self._dice
        for _ in range(dice.randint(8, 20)):
            person, second = self._person(), dice.uniform(0, 900)
            yield from self._log_in(address, person, dice.uniform(-DAY, -DAY / 2), mistypes=0.1)
            for _ in range(dice.randint(1, 3)):
                yield Event(second, address, LOGIN, 401, account=person)
                second += dice.uniform(5, 60)
            yield from self._log_in(address, person, second + dice.uniform(120, 1500))

    def _forgot(self, addresses: list[str], tries: int) -> Iterator[Event]:
        person, second = self._person(), self._dice.uniform(0, SECONDS / 2)
        for _ in range(tries):
            yield Event(second, self._dice.choice(addresses), LOGIN, 401, account=person)
            second += self._dice.uniform(5, 40)

    def _flash_sale(self, mobile: list[str]) -> Iterator[Event]:
        """At one moment some hundreds come, half of them by mobile networks, and ask for one page again and again."""
        dice = self._dice
        begins, page = dice.uniform(1200, LATEST - 600), self._product(7)
        for _ in range(dice.randint(150, 300)):
            person = self._person()
            address = dice.choice(mobile) if self._chance(0.5) else self._address()
            second, user = begins + dice.expovariate(1 / 60), ""
            if self._chance(0.7):
                tries = list(self._log_in(address, person, second))
                yield from tries
                second, user = tries[-1].second, person if tries[-1].status == 200 else ""
            for _ in range(dice.randint(3, 25)):
                second += dice.uniform(1, 6)
                yield Event(second, address, page, 503 if self._chance(0.1) else 200, user=user)

    # Peace: programs.

    def _machines(self) -> Iterator[Event]:
        dice = self._dice
        for _ in range(3):
            yield from self._crawl(self._address(), gap=dice.uniform(2, 10), lost=dice.uniform(0, 0.15))
        yield from self._check_links(self._address())
        for second in range(0, SECONDS, 15):
            yield Event(second, "198.18.255.1", "/readyz", 200)
        address = self._address()  # somebody else's monitor
        for second in range(0, SECONDS, 60):
            for page in ("/", *PAGES):
                yield Event(second + 7, address, page, 200)
        address, user = self._address(), self._person()  # a program that uses the API
        for second in range(0, SECONDS, 4):
            yield Event(second + 0.3, address, PAGES[2], 200, user=user)
        yield from self._synchronise(self._address(), self._person())
        address, user = self._address(), self._person()  # one that is stuck at something missing
        for second in range(0, 1200, 2):
            yield Event(second + 0.5, address, self._product(0), 404, user=user)
        address, account = self._address(), self._person()  # one whose password was changed
        for second in range(0, SECONDS, 45):
            yield Event(second + 0.7, address, LOGIN, 401, account=account)
        for _ in range(3):
            yield from self._retry(self._address(), self._person())

    def _crawl(self, address: str, *, gap: float, lost: float) -> Iterator[Event]:
        """A search engine that keeps to robots.txt, and does not ask for a page twice."""
        dice, second = self._dice, self._dice.uniform(0, 60)
        yield Event(second, address, "/robots.txt", 200)
        for number in dice.sample(range(1, 5000), 4999):
            second += dice.expovariate(1 / gap)
            if second > SECONDS:
                return
            yield Event(second, address, self._product(number), 404 if self._chance(lost) else 200)

    def _check_links(self, address: str) -> Iterator[Event]:
        """Somebody who looks which of their old links to the shop still work."""
        dice, second = self._dice, self._dice.uniform(0, LATEST)
        lost = dice.uniform(0.05, 0.5)
        for number in dice.sample(range(1, PRODUCTS), dice.randint(40, 250)):
            yield Event(second, address, self._product(number), 404 if self._chance(lost) else 200)
            second += dice.uniform(0.2, 2)

    def _synchronise(self, address: str, user: str) -> Iterator[Event]:
        """A partner's program that asks for every product it knows; some are gone."""
        dice, second = self._dice, self._dice.uniform(0, LATEST)
        gone = dice.uniform(0.02, 0.4)
        for number in range(dice.randint(100, 400)):
            yield Event(second, address, self._product(number), 404 if self._chance(gone) else 200, user=user)
            second += dice.uniform(0.2, 2)

    def _retry(self, address: str, user: str) -> Iterator[Event]:
        """A client that repeats what failed: one waits longer each time, another one does not."""
        dice, second = self._dice, self._dice.uniform(0, LATEST)
        patient = self._chance(0.7)
        for _ in range(dice.randint(3, 9)):
            for number in range(dice.randint(1, 6)):
                yield Event(second, address, PAGES[2], dice.choice((429, 500, 503)), user=user)
                second += min(60, 2**number) if patient else 1
            yield Event(second, address, PAGES[2], 200, user=user)
            second += dice.uniform(5, 120)

    # Peace: people who are in two places.

    def _wanderers(self) -> Iterator[Event]:
        dice = self._dice
        for country, address in self._exits.items():
            for _ in range(dice.randint(2, 8)):
                yield from self._days_before(self._person(), {self._address(): "DE", address: country})
        for number in range(3):  # two who often use a VPN; in half of the seeds a third for the first time
            if number < 2 or self._chance(0.5):
                yield from self._vpn(known=number < 2)
        if self._chance(0.1):  # a laptop in the VPN for the first time, and a telephone that is not
            yield from self._two_devices("US", popular=0.6, known=False)
        # A telephone whose network leaves in the neighbouring country; for one in ten that is new.
        yield from self._two_devices("FR", popular=0.9, known=not self._chance(0.1))
        person, home = self._person(), self._address()  # somebody who took a plane
        yield Event(-dice.uniform(14, 22) * 3600, home, PAGES[0], 200, user=person)
        yield Event(dice.uniform(0, LATEST), self._address(), PAGES[0], 200, user=person, country="US")

    def _vpn(self, *, known: bool) -> Iterator[Event]:
        dice, person = self._dice, self._person()
        home, away = self._address(), self._exit("US", popular=0.6)
        yield from self._days_before(person, {home: "DE"} | ({away: "US"} if known else {}))
        second = dice.uniform(60, 2400)
        for address, country in ((home, "DE"), (away, "US"), (home, "DE")):
            for _ in range(dice.randint(8, 25)):
                yield Event(second, address, dice.choice(PAGES), 200, user=person, country=country)
                second += dice.expovariate(1 / 50)
            # Most switch while they work; some come back to it later.
            second += dice.uniform(600, 1800) if self._chance(0.1) else dice.expovariate(1 / 60)

    def _two_devices(self, away: str, *, popular: float, known: bool) -> Iterator[Event]:
        dice, person = self._dice, self._person()
        devices = {self._address(): "DE", self._exit(away, popular=popular): away}
        yield from self._days_before(person, devices if known else dict(list(devices.items())[:1]))
        begins = dice.uniform(60, LATEST - 1800)
        for address, country in devices.items():
            at = begins + dice.uniform(0, 120)
            while at < begins + 1800:
                yield Event(at, address, dice.choice(PAGES), 200, user=person, country=country)
                at += dice.expovariate(1 / 60)

    def _exit(self, country: str, *, popular: float) -> str:
        return self._exits[country] if self._chance(popular) else self._address()

    def _days_before(self, person: str, places: dict[str, str]) -> Iterator[Event]:
        if self._chance(0.2):
            return  # a new customer
        for day in range(1, 6):
            for number, (address, country) in enumerate(places.items()):
                at = -day * float(DAY) - 7200 * number
                yield Event(at, address, PAGES[0], 200, user=person, country=country)

    # Attackers.

    def _attacks(self) -> Iterator[Event]:
        dice = self._dice
        twice: tuple[tuple[str, Callable[[str], Iterator[Event]]], ...] = (
            ("flood", self._flood),
            ("stuffing", lambda name: self._stuff(name, gap=(1, 4), tries=dice.randint(60, 150))),
            ("guessing", self._guess),
            ("scanning", lambda name: self._scan(name, gap=(0.2, 1.5), tries=dice.randint(60, 300))),
            ("probing", lambda name: self._probe(name, gap=200)),
            ("scraping", lambda name: self._scrape(name, per_second=dice.uniform(0.8, 4))),
            ("limit probing", self._press),
        )
        for kind, attack in twice:
            for number in (1, 2):
                yield from attack(f"{kind} {number}")
        yield from self._stuff("slow stuffing 1", gap=(120, 300), tries=30)
        yield from self._stuff("very slow stuffing 1", gap=(700, 1300), tries=80)
        yield from self._stuff("slowest stuffing 1", gap=(2400, 4800), tries=24)
        yield from self._stuff(
            "diluted stuffing 1", gap=(5, 30), tries=dice.randint(60, 150), own=dice.randint(1, 3)
        )
        if self._chance(0.5):
            yield from self._stuff_inside("stuffing inside 1", people=30)
        yield from self._distribute("distributed stuffing 1")
        yield from self._scan("slow scanning 1", gap=(40, 110), tries=90)
        yield from self._probe("slow probing 1", gap=2400)
        yield from self._scrape("patient scraping 1", per_second=dice.uniform(0.2, 0.5))
        yield from self._enumerate("enumeration 1")
        yield from self._steal("stolen account 1", later=(0, 0))  # while the owner is there
        yield from self._steal("stolen account 2", later=(10, 600))
        yield from self._steal("stolen account 3", later=(600, 3000))

    def _begin(self, lasts: float) -> float:
        """When something begins that lasts so long: within the two hours; else so that half of it is over in them."""
        room = SECONDS - lasts - 300
        return (
            self._dice.uniform(60, room)
            if room > 60
            else self._dice.uniform(room, min(60, SECONDS - lasts / 2))
        )

    def _flood(self, attack: str) -> Iterator[Event]:
        address, second = self._address(), self._dice.uniform(300, SECONDS - 900)
        gap = 1 / self._dice.uniform(7, 14)
        for _ in range(self._dice.randint(900, 1500)):
            yield Event(second, address, self._dice.choice(PAGES), 200, attack=attack)
            second += gap

    def _stuff(
        self, attack: str, *, gap: tuple[float, float], tries: int, own: int = 0, address: str = ""
    ) -> Iterator[Event]:
        """A list of stolen passwords; with `own` accounts to log in to in between, so that not all of it fails."""
        dice, address = self._dice, address or self._address()
        second = self._begin(tries * sum(gap) / 2)
        owned = [self._person() for _ in range(own)]
        for number in range(tries):
            if owned and number % 2:
                account, status = dice.choice(owned), 200
            else:
                account, status = self._person(), 200 if self._chance(0.03) else 401
            yield Event(second, address, LOGIN, status, account=account, attack=attack)
            second += dice.uniform(*gap)

    def _stuff_inside(self, attack: str, *, people: int) -> Iterator[Event]:
        """The same from an infected machine in an office."""
        address = self._address()
        yield from self._network(address, people=people)
        yield from self._stuff(attack, gap=(1, 4), tries=self._dice.randint(60, 150), address=address)

    def _distribute(self, attack: str) -> Iterator[Event]:
        """The same from many machines, each of which tries a few times."""
        dice, tries = self._dice, self._dice.randint(40, 400)
        pool = [(self._address(), dice.choice(list(PLACES))) for _ in range(tries // dice.randint(1, 6))]
        lasts = dice.uniform(1800, 6000)
        begins = dice.uniform(60, SECONDS - lasts)
        for _ in range(tries):
            address, country = dice.choice(pool)
            status = 200 if self._chance(0.02) else 401
            second = begins + dice.uniform(0, lasts)
            yield Event(
                second, address, LOGIN, status, account=self._person(), country=country, attack=attack
            )

    def _guess(self, attack: str) -> Iterator[Event]:
        dice, victim = self._dice, self._person()
        start = dice.uniform(0, SECONDS - 3600)
        for _ in range(dice.randint(25, 60)):
            address = self._address()
            for _ in range(dice.randint(1, 2)):
                second = start + dice.uniform(0, 3000)
                yield Event(second, address, LOGIN, 401, account=victim, attack=attack)

    def _scan(self, attack: str, *, gap: tuple[float, float], tries: int) -> Iterator[Event]:
        dice, address = self._dice, self._address()
        second = self._begin(tries * sum(gap) / 2)
        for number in range(tries):
            status = 404 if self._chance(0.85) else dice.choice((200, 403))
            yield Event(second, address, f"/{dice.choice('abcdef')}/{number}/", status, attack=attack)
            second += dice.uniform(*gap)

    def _probe(self, attack: str, *, gap: float) -> Iterator[Event]:
        dice, address = self._dice, self._address()
        paths = dice.sample(LEAKS, dice.randint(3, 6))
        second = self._begin(len(paths) * gap / 2)
        for path in paths:
            yield Event(second, address, path, 404, attack=attack)
            second += dice.uniform(1, gap)

    def _scrape(self, attack: str, *, per_second: float) -> Iterator[Event]:
        """Every product once, without asking for robots.txt."""
        dice, address = self._dice, self._address()
        second = dice.uniform(60, SECONDS - 3600)
        for number in range(1, dice.randint(1200, 4000)):
            if second > SECONDS:
                return
            status = 404 if self._chance(0.05) else 200
            yield Event(second, address, self._product(number), status, attack=attack)
            second += dice.uniform(0.5, 1.5) / per_second

    def _press(self, attack: str) -> Iterator[Event]:
        """Somebody who learns how much is allowed: always a little faster than that."""
        dice, address = self._dice, self._address()
        second, turned_away = dice.uniform(60, LATEST), dice.uniform(0.15, 0.6)
        for _ in range(dice.randint(300, 1500)):
            status = 429 if self._chance(turned_away) else 200
            yield Event(second, address, PAGES[0], status, attack=attack)
            second += dice.uniform(0.4, 1.2)

    def _enumerate(self, attack: str) -> Iterator[Event]:
        """A customer who counts through the orders of the others."""
        dice, address, user = self._dice, self._address(), self._person()
        second = dice.uniform(60, LATEST)
        for number in range(dice.randint(60, 300)):
            status = 200 if self._chance(0.02) else dice.choice((403, 404))
            yield Event(second, address, f"{PAGES[2]}{number}/", status, user=user, attack=attack)
            second += dice.uniform(0.3, 4)

    def _steal(self, attack: str, *, later: tuple[float, float]) -> Iterator[Event]:
        """Somebody else's session, while the owner is there or so many seconds after they left."""
        dice, person, home = self._dice, self._person(), self._address()
        country = dice.choice(list(self._exits))
        thief = self._exit(country, popular=0.25)
        yield from self._days_before(person, {home: "DE"})
        second = start = dice.uniform(0, SECONDS - 5400)
        while second < start + 1200:
            yield Event(second, home, dice.choice(PAGES), 200, user=person)
            left, second = second, second + dice.expovariate(1 / 60)
        second = left + dice.uniform(*later) if any(later) else start + dice.uniform(300, 900)
        for _ in range(12):
            yield Event(second, thief, PAGES[2], 200, user=person, country=country, attack=attack)
            second += dice.expovariate(1 / 30)
