"""The recorded firings of a session, in the order they began; bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import overload

from escalated_core.records import Firing
from escalated_core.trace.recording import OpenFiring, Row

CAPACITY = 100_000


class Trace:
    """Finished firings by id. Iterates and indexes as `Firing` records, oldest first.

    At most `capacity` firings are kept; `dropped` counts the ones that had to go.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.dropped = 0
        self._by_id: OrderedDict[int, OpenFiring] = OrderedDict()
        self._finished = 0
        self._lock = threading.Lock()

    def add(self, firing: OpenFiring) -> None:
        """Keep a finished firing; the one that finished first goes when the trace is full."""
        with self._lock:
            self._by_id[firing.id] = firing
            self._finished += 1
            while len(self._by_id) > self.capacity:
                self._by_id.popitem(last=False)
                self.dropped += 1

    def clear(self) -> None:
        with self._lock:
            self._by_id.clear()

    def rows(self, seen: int = 0) -> tuple[list[Row], int]:
        """Rows of the firings that finished after the first `seen` ones, and the new count.

        Poll it with the count it returned last: a front end never misses a row that is kept.
        """
        with self._lock:
            new = min(self._finished - seen, len(self._by_id))
            latest = [
                firing
                for firing, _ in zip(reversed(self._by_id.values()), range(new), strict=False)
            ]
            count = self._finished
        return [firing.row() for firing in reversed(latest)], count

    def get(self, firing_id: int) -> Firing | None:
        """The record of a firing, or None when it is not (or no longer) kept."""
        firing = self._by_id.get(firing_id)
        return firing.record() if firing else None

    def children(self, firing_id: int) -> list[Firing]:
        """The firings that callbacks of a firing caused, in order."""
        return [f.record() for f in self._ordered() if f.parent and f.parent.id == firing_id]

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Firing]:
        return (firing.record() for firing in self._ordered())

    @overload
    def __getitem__(self, index: int) -> Firing: ...
    @overload
    def __getitem__(self, index: slice) -> list[Firing]: ...
    def __getitem__(self, index: int | slice) -> Firing | list[Firing]:
        chosen = self._ordered()[index]
        return [f.record() for f in chosen] if isinstance(chosen, list) else chosen.record()

    def _ordered(self) -> list[OpenFiring]:
        with self._lock:
            return sorted(self._by_id.values(), key=lambda firing: firing.id)
