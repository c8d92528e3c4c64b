"""The recorded firings of a session, in the order they began; bounded."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from operator import attrgetter
from time import monotonic, sleep
from typing import overload

from escalated_core.analysis.firings import Firings
from escalated_core.records import Firing, Row
from escalated_core.trace.readout import record_of, row_of
from escalated_core.trace.recording import OpenFiring, tell

CAPACITY = 100_000
"""Firings kept."""
BYTES = 400_000_000
"""Bytes that the firings kept may take, by a rough estimate."""

NAP = 0.001
"""Seconds after which plugin code that keeps quiet looks whether it may go on."""

Brief = Row | OpenFiring
"""A firing as a list holds it: its row, or what `as_row` makes one of when it is looked at."""

_order = attrgetter("order")


class Trace(Firings):
    """Finished firings by id. Iterates and indexes as `Firing` records, oldest first.

    At most `capacity` firings of about `max_bytes` are kept; `dropped` counts the ones that had to
    go. Those that are pinned, failed or were interrupted outlive the others, as long as these are
    at least half of what is kept; pinned ones go last.
    """

    def __init__(self, capacity: int = CAPACITY, max_bytes: int = BYTES) -> None:
        self.capacity = capacity
        self.max_bytes = max_bytes
        self.dropped = 0
        self.bytes = 0
        """About how much memory the firings take that are kept."""
        self.recording = True
        """Whether firings are kept from now on; what `fire` returns is made anyway."""
        self._quiet_until = 0.0
        self.values = True
        """Whether values and arguments are pictured, too."""
        self.known: Callable[[], Iterable[str]] = lambda: ()
        """Gives the slugs of plugins that may be called."""
        self._by_id: dict[int, OpenFiring] = {}
        self._dull: deque[int] = deque()
        self._dear: deque[int] = deque()
        self._pinned: set[int] = set()
        self._finished = 0
        # Of a thread that holds it, again: what is dropped may be the last that held an object
        # of a plugin, which says something then.
        self._lock = threading.RLock()
        self._grew = self._has_grown

    def add(self, firing: OpenFiring) -> None:
        """Keep a finished firing; others go when the trace is full."""
        if self.recording:
            with self._lock:
                self._finished += 1
                firing.order = self._finished
                self._by_id[firing.id] = firing
                self.bytes += firing.bytes
                (self._dull if firing.outcome == "ok" else self._dear).append(firing.id)
                firing.grew = self._grew
                if firing.noted:
                    tell(firing, self._grew)
                if len(self._by_id) > self.capacity or self.bytes > self.max_bytes:
                    self._make_room()
        if self._quiet_until:
            # Only now: who is interrupted here has been recorded.
            self._keep_quiet()

    def hush(self, seconds: float) -> None:
        """Have whoever fires hooks wait after a firing, for so long at most: 0 to go on at once.

        One interpreter runs one thread at a time: where firings follow each other without a pause,
        a front end that answers a key or draws has to wait for its turn again and again.
        """
        self._quiet_until = monotonic() + seconds if seconds else 0.0

    def pin(self, firing_id: int, pinned: bool = True) -> None:
        """Have a firing outlive all others, or no longer."""
        with self._lock:
            (self._pinned.add if pinned else self._pinned.discard)(firing_id)

    @property
    def pinned(self) -> frozenset[int]:
        """The ids of the firings that are pinned."""
        return frozenset(self._pinned)

    def clear(self) -> None:
        """Forget every firing, pinned ones too; that is no dropping."""
        with self._lock:
            self._by_id.clear()
            self._dull.clear()
            self._dear.clear()
            self._pinned.clear()
            self.bytes = 0

    def rows(self, seen: int = 0, limit: int | None = None) -> tuple[list[Row], int]:
        news, count = self.news(seen, limit)
        return [row_of(firing) for firing in news], count

    def news(self, seen: int = 0, limit: int | None = None) -> tuple[list[OpenFiring], int]:
        """The same as `rows`, before rows are made of them: most are never looked at."""
        with self._lock:
            count = self._finished
            # Those that finished since are the last ones; fewer, if some of them have been dropped.
            latest = list(islice(reversed(self._by_id.values()), max(count - seen, 0)))
        latest.reverse()
        chosen = latest[bisect_right(latest, seen, key=_order) :][:limit]
        if limit is not None and len(chosen) == limit:
            count = chosen[-1].order if chosen else seen
        return chosen, count

    @property
    def finished(self) -> int:
        """How many firings have been recorded so far; what `rows` counts towards."""
        return self._finished

    @property
    def ids(self) -> list[int]:
        with self._lock:
            return sorted(self._by_id)

    def get(self, firing_id: int) -> Firing | None:
        firing = self._by_id.get(firing_id)
        return record_of(firing) if firing else None

    def slugs(self) -> Iterable[str]:
        return self.known()

    def children(self, firing_id: int) -> list[Firing]:
        return [record_of(f) for f in self._ordered() if f.parent_id == firing_id]

    def kept(self, ids: Iterable[int]) -> set[int]:
        """Which of these firings are still kept."""
        return self._by_id.keys() & set(ids)

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Firing]:
        return (record_of(firing) for firing in self._ordered())

    @overload
    def __getitem__(self, index: int) -> Firing: ...
    @overload
    def __getitem__(self, index: slice) -> list[Firing]: ...
    def __getitem__(self, index: int | slice) -> Firing | list[Firing]:
        chosen = self._ordered()[index]
        return [record_of(f) for f in chosen] if isinstance(chosen, list) else record_of(chosen)

    def _ordered(self) -> list[OpenFiring]:
        with self._lock:
            return sorted(self._by_id.values(), key=lambda firing: firing.id)

    def _keep_quiet(self) -> None:
        """Leave the interpreter to the front end."""
        while (left := self._quiet_until - monotonic()) > 0:
            sleep(min(left, NAP))

    def _has_grown(self, firing_id: int, size: int) -> None:
        """More was said about a firing after its end."""
        with self._lock:
            firing = self._by_id.get(firing_id)
            if firing is not None:
                firing.bytes += size
                self.bytes += size
                self._make_room()

    def _make_room(self) -> None:
        while len(self._by_id) > self.capacity or self.bytes > self.max_bytes:
            if not self._drop_one():
                break

    def _drop_one(self) -> bool:
        """Drop the firing that is missed least; False when only pinned ones are left."""
        dear_first = len(self._dear) > len(self._by_id) // 2
        for line in (self._dear, self._dull) if dear_first else (self._dull, self._dear):
            for _ in range(len(line)):
                oldest = line.popleft()
                if oldest in self._pinned:
                    line.append(oldest)
                    continue
                gone = self._by_id.pop(oldest)
                self.bytes -= gone.bytes
                self.dropped += 1
                return True
        return False


def as_row(brief: Brief) -> Row:
    """The row of a firing."""
    return brief if isinstance(brief, Row) else row_of(brief)
