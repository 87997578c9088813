"""Keep answers of the catalogue: cache-aside with versioned keys, and one renewal at a time.

- A key carries the version of everything that its answer was made from. A writer deletes those versions when it
  has committed, and the next reader makes new ones: no old key is asked for again, and none has to be found.
- An answer is fresh, then stale. Of the readers of a stale one, the holder of a lock renews it, and the others
  get it as it is. Where there is nothing yet, they wait for the holder a moment, then compute themselves.
- What does not exist is remembered in a fixed number of places.
- Every failure of the cache ends in a computation, never in an error.
"""

import json
import math
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from shop.caching.guard import GuardedCache, Unreachable

SLOTS = 1024
VERSION_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Answer:
    """What was answered: enough to answer it again."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Lifetimes:
    """How old an answer may be, in seconds; `fresh` plus `stale` is the most, even if a deletion is lost."""

    fresh: float = 30
    stale: float = 30
    missing: float = 5
    lock: float = 3
    patience: float = 0.1
    look_again: float = 0.01


def slot(number: int) -> str:
    """The part of the catalogue that a product belongs to: 1,024 versions serve any number of products."""
    return f"product-{number % SLOTS}"


class Answers:
    """Answers by question.

    Args:
        cache: where they are kept.
        count: called with what became of each question: hit, missing, stale, miss, waited or bypass; and with
            lost, when a deletion did not reach the cache.
        random: a number from 0 to 1, to spread the ends of lifetimes.
        new_version: a text that was never handed out before.
        clock: seconds since 1970, the same for all processes.
        sleep: waits for so many seconds.
        lifetimes: how old an answer may be.
    """

    def __init__(
        self,
        cache: GuardedCache,
        *,
        count: Callable[[str], None],
        random: Callable[[], float],
        new_version: Callable[[], str],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        lifetimes: Lifetimes = Lifetimes(),
    ) -> None:
        self.cache = cache
        self.count = count
        self.random = random
        self.new_version = new_version
        self.clock = clock
        self.sleep = sleep
        self.lifetimes = lifetimes

    # --8<-- [start:through]
    def through(self, question: str, parts: tuple[str, ...], load: Callable[[], Answer]) -> Answer:
        """The kept answer to `question`, or that of `load`.

        Args:
            question: what was asked; equal questions get equal answers.
            parts: what the answer is made from; `forget` of one of them drops it.
            load: makes the answer. Those of status 200 and 404 are kept.
        """
        try:
            versions = self._versions(parts)
            keys = (f"answer:{question}:{versions}", f"missing:{zlib.crc32(question.encode()) % SLOTS}")
            found, how = self._look(question, keys, versions)
        except Unreachable:
            found, how = None, "bypass"
        self.count(how)
        if found:
            return found
        return load() if how == "bypass" else self._load(question, keys, versions, load)

    def _look(self, question: str, keys: tuple[str, str], versions: str) -> tuple[Answer | None, str]:
        """The kept answer or None, and what became of the question."""
        patience_ends = self.clock() + self.lifetimes.patience
        while True:
            answer, fresh = self._read(question, keys, versions)
            if answer and fresh:
                return answer, "hit" if answer.status == 200 else "missing"
            if self.cache.call("add", f"lock:{keys[0]}", "held", self.lifetimes.lock):
                return None, "miss"  # or stale, and renewed by us
            if answer:
                return answer, "stale"
            if self.clock() >= patience_ends:
                return None, "waited"
            self.sleep(self.lifetimes.look_again)

    # --8<-- [end:through]

    def _load(
        self, question: str, keys: tuple[str, str], versions: str, load: Callable[[], Answer]
    ) -> Answer:
        """Compute and keep. A lock is not released after that: until it ends, nobody needs it."""
        kept = False
        try:
            answer = load()
            with suppress(Unreachable):
                kept = self._keep(question, keys, versions, answer)
            return answer
        finally:
            if not kept:
                with suppress(Unreachable):
                    self.cache.call("delete", f"lock:{keys[0]}")

    def _keep(self, question: str, keys: tuple[str, str], versions: str, answer: Answer) -> bool:
        if answer.status not in (200, 404):
            return False
        found = answer.status == 200
        fresh = self.lifetimes.fresh if found else self.lifetimes.missing
        fresh *= 1 - self.random() / 10  # so that what was filled together does not end together
        entry = {
            "question": f"{question}:{versions}",
            "fresh_until": self.clock() + fresh,
            "answer": [answer.status, answer.headers, answer.body],
        }
        seconds = math.ceil(fresh + (self.lifetimes.stale if found else 0))
        self.cache.call("set", keys[0] if found else keys[1], json.dumps(entry), seconds)
        return True

    def _read(self, question: str, keys: tuple[str, str], versions: str) -> tuple[Answer | None, bool]:
        for text in self.cache.call("get_many", keys).values():
            with suppress(ValueError, TypeError, KeyError):  # what we did not write is not there
                entry = json.loads(text)
                # A place for what is missing serves many questions.
                if entry["question"] == f"{question}:{versions}":
                    return Answer(*entry["answer"]), self.clock() < entry["fresh_until"]
        return None, False

    # --8<-- [start:versions]
    def _versions(self, parts: tuple[str, ...]) -> str:
        """The versions of `parts`, read before anything that the answer is made from."""
        keys = [f"version:{part}" for part in parts]
        found = self.cache.call("get_many", keys)
        for key in keys:
            if key not in found:
                version = self.new_version()
                added = self.cache.call("add", key, version, VERSION_SECONDS)
                found[key] = version if added else self.cache.call("get", key) or version
        return ".".join(found[key] for key in keys)

    def forget(self, *parts: str) -> None:
        """Drop every answer made from `parts`. Call it when what changed is committed.

        If the cache cannot be reached, an answer stays for at most `lifetimes.fresh + lifetimes.stale`.
        """
        try:
            self.cache.call("delete_many", [f"version:{part}" for part in parts])
        except Unreachable:
            self.count("lost")

    # --8<-- [end:versions]
