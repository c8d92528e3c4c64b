"""The recorded firings of a session, in the order they began; bounded."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import overload

from escalated_core.analysis.firings import Firings
from escalated_core.records import Firing, Row
from escalated_core.trace.readout import record_of, row_of
from escalated_core.trace.recording import OpenFiring

CAPACITY = 100_000
"""Firings kept."""
BYTES = 400_000_000
"""Bytes that the firings kept may take, by a rough estimate."""


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
        self.values = True
        """Whether values and arguments are pictured, too."""
        self._by_id: dict[int, OpenFiring] = {}
        self._dull: deque[int] = deque()
        self._dear: deque[int] = deque()
        self._pinned: set[int] = set()
        self._finished = 0
        self._lock = threading.Lock()

    def add(self, firing: OpenFiring) -> None:
        """Keep a finished firing; others go when the trace is full."""
        if not self.recording:
            return
        with self._lock:
            self._finished += 1
            firing.order = self._finished
            self._by_id[firing.id] = firing
            self.bytes += firing.bytes
            (self._dull if firing.outcome == "ok" else self._dear).append(firing.id)
            while len(self._by_id) > self.capacity or self.bytes > self.max_bytes:
                if not self._drop_one():
                    return

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
        with self._lock:
            count, kept = self._finished, len(self._by_id)
            # Those that finished since are the last ones; fewer, if some of them have been dropped.
            latest = islice(self._by_id.values(), max(kept - (count - seen), 0), None)
            chosen = list(islice((firing for firing in latest if firing.order > seen), limit))
        if limit is not None and len(chosen) == limit:
            count = chosen[-1].order if chosen else seen
        return [row_of(firing) for firing in chosen], count

    @property
    def finished(self) -> int:
        """How many firings have been recorded so far; what `rows` counts towards."""
        return self._finished

    def get(self, firing_id: int) -> Firing | None:
        firing = self._by_id.get(firing_id)
        return record_of(firing) if firing else None

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

    def _drop_one(self) -> bool:
        """Drop the firing that is missed least; False when only pinned ones are left."""
        dear_first = len(self._dear) > len(self._by_id) // 2
        for line in (self._dear, self._dull) if dear_first else (self._dull, self._dear):
            for _ in range(len(line)):
                oldest = line.popleft()
                if oldest in self._pinned:
                    line.append(oldest)
                    continue
                self.bytes -= self._by_id.pop(oldest).bytes
                self.dropped += 1
                return True
        return False
