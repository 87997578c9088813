"""One thing that is wrong: where, which kind, and what to do about it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """A fault at a place. A `line` or `column` of 0 stands for the whole file or line."""

    path: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return (
            f"{place}:{self.column}: {self.code} {self.message}"
            if self.column
            else f"{place}: {self.code} {self.message}"
        )

    def annotation(self) -> str:
        """The same as a workflow command, which GitHub shows beside the line of the pull request."""
        place = f"file={self.path}" + (f",line={self.line}" if self.line else "")
        place += f",col={self.column}" if self.column else ""
        message = f"{self.code} {self.message}"
        for character, escape in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
            message = message.replace(character, escape)
        return f"::error {place}::{message}"


def nearest(word: str, words: Iterable[str], cutoff: float = 0.6) -> str:
    """The one of `words` that `word` was probably meant to be; empty where none is close."""
    words = sorted(set(words))
    lowered = {each.lower(): each for each in reversed(words)}
    found = difflib.get_close_matches(word.lower(), list(lowered), 1, cutoff)
    return lowered[found[0]] if found else ""


def meant(near: str, otherwise: str) -> str:
    """The end of a message about a wrong name: which one was probably meant, or what to do."""
    return f', did you mean "{near}"?' if near else f". {otherwise}"


def listed(words: Iterable[str], most: int = 12) -> str:
    """`a, b, c`, cut after `most` words; "none" where there are none."""
    words = list(words)
    shown = ", ".join(words[:most])
    return f"{shown} and {len(words) - most} more" if len(words) > most else shown or "none"


def shortened(text: str, most: int = 60) -> str:
    """`text` on one line and at most `most` characters long, for a message."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
