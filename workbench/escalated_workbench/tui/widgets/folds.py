"""What of the timeline is folded: bursts of alike firings, and what firings caused."""

from __future__ import annotations

from collections.abc import Callable

from escalated_core.records import Row
from escalated_core.trace.trace import Brief, as_row

BURST = 10
"""Alike firings in a row that become one line."""
GAP = 0.1
"""Seconds between the beginnings of two firings of a burst, at most."""

Line = int | list[int]
"""The id of a firing, or those of a burst."""


def first_of(line: Line) -> int:
    """The id of the oldest firing of a line."""
    return line if isinstance(line, int) else line[0]


def last_of(line: Line) -> int:
    """The id of the newest firing of a line."""
    return line if isinstance(line, int) else line[-1]


class Folds:
    """Puts rows into lines, by which bursts somebody opened and which firings somebody closed.

    Args:
        find: the row of a firing; None when it is gone.
    """

    def __init__(self, find: Callable[[int], Brief | None]) -> None:
        self._find = find
        self._opened: list[tuple[int, int]] = []
        """The first and the last firing of each burst."""
        self._closed: set[int] = set()
        self._inside: set[int] = set()
        """Ids of closed firings and of everything they caused."""
        self._run = 0
        """How many lines at the end are alike, as long as they are no burst."""
        self._newest: Brief | None = None
        """What was put into a line last."""

    def is_closed(self, firing_id: int) -> bool:
        """Whether what the firing caused is folded away."""
        return firing_id in self._closed

    def hides(self, row: Brief) -> bool:
        """Whether a closed firing caused this one; to be asked of one after the other."""
        if not self._closed or row.parent_id not in self._inside:
            return False
        self._inside.add(row.id)
        return True

    def again_from(self, firing_id: int) -> None:
        """Expect to be asked again of the firings from this one on."""
        self._inside = {each for each in self._inside if each < firing_id} | self._closed
        self._run = 0

    def break_off(self) -> None:
        """Count alike lines from here on: some of those before have gone."""
        self._run = 0

    def append(self, lines: list[Line], row: Brief) -> None:
        """Put a row at the end, into the burst there if it is alike."""
        before = self._newest
        if lines and (before is None or before.id != last_of(lines[-1])):
            before = self._find(last_of(lines[-1]))
        if not lines or before is None or before.hook != row.hook:
            self._run = 0
        else:
            # Of the newest one its row is made once: it is compared with the next one, too.
            row = as_row(row)
            if not self._join(as_row(before), row):
                self._run = 0
            elif isinstance(lines[-1], list):
                lines[-1].append(row.id)
                self._newest = row
                return
        self._newest = row
        self._run += 1
        lines.append(row.id)
        if self._run >= BURST:
            lines[-self._run :] = [[first_of(line) for line in lines[-self._run :]]]

    def close(self, firing_id: int) -> None:
        """Fold what a firing caused."""
        self._closed.add(firing_id)

    def close_burst(self, firing_id: int) -> int | None:
        """Fold the opened burst that a firing belongs to; returns the id of its first one."""
        for burst in self._opened:
            if burst[0] <= firing_id <= burst[1]:
                self._opened.remove(burst)
                return burst[0]
        return None

    def open(self, line: Line) -> bool:
        """Unfold a line; False when nothing of it is folded."""
        if isinstance(line, list):
            self._opened.append((line[0], line[-1]))
        elif line in self._closed:
            self._closed.discard(line)
        else:
            return False
        return True

    def _join(self, one: Row, other: Row) -> bool:
        """Whether two firings of a hook that follow each other may share a line."""
        return (
            _tell_the_same(one, other)
            and not any(first <= other.id <= last for first, last in self._opened)
            and not (one.id in self._closed or other.id in self._closed)
        )


def _tell_the_same(one: Row, other: Row) -> bool:
    """Whether two firings of a hook are of one kind, changed nothing and came in short order."""
    return (
        not (one.changed or other.changed)
        and one.outcome == other.outcome
        and one.parent_id == other.parent_id
        and one.plugins == other.plugins
        and one.kind == other.kind
        and abs(other.started_at - one.started_at) <= GAP
    )
