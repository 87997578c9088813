"""Answer a field for all objects of a list in one query, when the first of them is asked."""

from collections.abc import Callable, Hashable, Sequence

# --8<-- [start:siblings]
Fetch = Callable[[Sequence[int], int], dict[int, list]]


class Siblings:
    """The ids of the objects that came in one list, and what was fetched for all of them.

    Args:
        ids: of all objects of the list.
        fetch: rows for each id, at most so many, in one statement.
    """

    def __init__(self, ids: Sequence[int], fetch: Fetch) -> None:
        self._ids = tuple(dict.fromkeys(ids))
        self._fetch = fetch
        self._fetched: dict[Hashable, dict[int, list]] = {}

    def of(self, own_id: int, first: int) -> list:
        """The rows of one object; the first call with this `first` fetches those of its siblings too."""
        if first not in self._fetched:
            self._fetched[first] = self._fetch(self._ids, first)
        return self._fetched[first].get(own_id, [])


# --8<-- [end:siblings]
