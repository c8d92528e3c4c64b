"""What the timeline lists: rows in order, judged by a query, folded; worked off in slices."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence, Set
from operator import attrgetter
from time import perf_counter

from escalated_core.analysis.query import Query
from escalated_core.records import Firing, Outcome, Row
from escalated_core.trace.trace import Brief, as_row
from escalated_workbench.tui.widgets.folds import BURST, Folds, Line, first_of, last_of

LOOKED_AT = 1_000
"""Rows below one that are looked through for what it caused."""
CHECKED = 4_000
"""Rows at least that are checked at a time for still being kept."""
_LOOK_AT_CLOCK = 63

_id = attrgetter("id")


_SEVERITY: Sequence[Outcome] = ("ok", "skipped", "error", "interrupted")


class Listing:
    """Firings by id and the lines they are shown in; rows are made of those that are looked at.

    `add` only takes rows in; `work` judges and folds as many of them as there is time for. After
    another query the lines that were there stay until all rows are judged again.

    Args:
        fetch: the record of a firing, for what its row does not tell; None when it is gone.
    """

    def __init__(self, fetch: Callable[[int], Firing | None]) -> None:
        self.rows: list[Brief] = []
        self.lines: list[Line] = []
        self.query = Query()
        self._fetch = fetch
        self._passed = bytearray()
        """Of each row that was judged, whether the query matches it."""
        self._next: list[Line] | None = None
        """The lines by the new query, until all of them are there."""
        self._folds = Folds(self._brief)
        self._checked = 0

    @property
    def behind(self) -> int:
        """How many rows have not been judged."""
        return len(self.rows) - len(self._passed)

    @property
    def hidden(self) -> int:
        """How many of the judged rows the query does not match."""
        return self._passed.count(0)

    def add(self, rows: Iterable[Brief]) -> None:
        """Take in firings of any order."""
        new = sorted(rows, key=_id)
        if new and self.rows and new[0].id < self.rows[-1].id:
            place = bisect_left(self.rows, new[0].id, key=_id)
            new = sorted([*self.rows[place:], *new], key=_id)
            del self.rows[place:]
            self._forget(new[0].id, place)
        self.rows += new

    def ask(self, query: Query) -> None:
        """Show what another query matches."""
        self.query = query
        self._again()

    def work(self, seconds: float) -> bool:
        """Judge rows for so long, at least one; True when none is left."""
        until = perf_counter() + seconds
        rows, lines = self.rows, self.lines if self._next is None else self._next
        judge = self.query.matches_row if self.query.terms else None
        for index in range(len(self._passed), len(rows)):
            row = rows[index]
            answer = judge is None or judge(as_row(row))
            passes = _matches(self.query, self._fetch(row.id)) if answer is None else answer
            self._passed.append(passes)
            if not self._folds.hides(row) and passes:
                self._folds.append(lines, row)
            if (answer is None or not index & _LOOK_AT_CLOCK) and perf_counter() > until:
                break
        if self.behind:
            return False
        self.lines, self._next = lines, None
        return True

    def prune(self, kept: Callable[[Iterable[int]], Set[int]]) -> int:
        """Let go of rows that are no longer kept, some thousands at a time; returns how many.

        What is dropped is mostly old: the front is looked at each time, the rest in turn.
        """
        gone = self._prune(0, kept)
        if not gone:
            start = self._checked if self._checked < len(self.rows) else 0
            gone = self._prune(start, kept)
            self._checked = start + CHECKED - gone
        return gone

    def _prune(self, start: int, kept: Callable[[Iterable[int]], Set[int]]) -> int:
        ids = [row.id for row in self.rows[start : start + CHECKED]]
        held = kept(ids)
        if len(held) < len(ids):
            stop = start + len(ids)
            judged = zip(ids, self._passed[start:stop], strict=False)
            self._passed[start:stop] = bytes(passed for each, passed in judged if each in held)
            self.rows[start:stop] = [row for row in self.rows[start:stop] if row.id in held]
            for lines in (self.lines, self._next):
                if lines:
                    _prune_lines(lines, ids, held)
            if stop > len(self._passed) - BURST:
                self._folds.break_off()
        return len(ids) - len(held)

    def row(self, firing_id: int) -> Row | None:
        """The row of a firing."""
        found = self._brief(firing_id)
        return as_row(found) if found is not None else None

    def at(self, index: int) -> Row | None:
        """The row that a line shows: of a burst, the newest."""
        return self.row(last_of(self.lines[index])) if 0 <= index < len(self.lines) else None

    def index(self, firing_id: int) -> int:
        """The line that shows a firing, else the one before it; -1 if there is none."""
        return bisect_right(self.lines, firing_id, key=first_of) - 1

    def shows(self, firing_id: int) -> bool:
        """Whether a line stands for the firing."""
        index = self.index(firing_id)
        return index >= 0 and _stands_for(self.lines[index], firing_id)

    def below(self, row: Row) -> int:
        """How many firings a firing caused, counted up to a limit."""
        return len(self._caused(row))

    def worst(self, row: Row) -> Outcome:
        """The worst outcome of a firing and of what it caused, looked through up to a limit."""
        found: set[Outcome] = {row.outcome, *(each.outcome for each in self._caused(row))}
        return max(found, key=_SEVERITY.index)

    def is_closed(self, firing_id: int) -> bool:
        """Whether what the firing caused is folded away."""
        return self._folds.is_closed(firing_id)

    def fold(self, index: int) -> int | None:
        """Fold a line: its burst, else what it caused, else what it belongs to.

        Returns the id of the firing to go to, or None when there is nothing to fold.
        """
        row = self.at(index)
        if row is None or isinstance(self.lines[index], list):
            return None
        burst = self._folds.close_burst(row.id)
        if burst is not None:
            self._again(burst)
            return burst
        if not self._folds.is_closed(row.id) and self.below(row):
            self._folds.close(row.id)
            self._again(row.id)
            return row.id
        return row.parent_id if row.parent_id is not None and self.row(row.parent_id) else None

    def unfold(self, index: int) -> int | None:
        """Unfold a burst, or what a firing caused; returns its id, or None if nothing is folded."""
        if not 0 <= index < len(self.lines) or not self._folds.open(self.lines[index]):
            return None
        firing_id = first_of(self.lines[index])
        self._again(firing_id)
        return firing_id

    def _caused(self, row: Row) -> list[Brief]:
        """The firings that one caused, directly or not."""
        place = bisect_left(self.rows, row.id, key=_id) + 1
        inside, found = {row.id}, list[Brief]()
        for other in self.rows[place : place + LOOKED_AT]:
            if other.parent_id in inside:
                inside.add(other.id)
                found.append(other)
        return found

    def _brief(self, firing_id: int) -> Brief | None:
        place = bisect_left(self.rows, firing_id, key=_id)
        found = self.rows[place : place + 1]
        return found[0] if found and found[0].id == firing_id else None

    def _again(self, firing_id: int | None = None) -> None:
        """Judge rows again, from a firing on; what is shown stays until that is done."""
        place = 0 if firing_id is None else bisect_left(self.rows, firing_id, key=_id)
        if self._next is None:
            self._next = list(self.lines)
        self._forget(firing_id or 0, place)

    def _forget(self, firing_id: int, place: int) -> None:
        """Take back what was judged from a firing on, which has this place among the rows."""
        lines = self.lines if self._next is None else self._next
        del self._passed[place:]
        del lines[bisect_left(lines, firing_id, key=first_of) :]
        if lines and isinstance(line := lines[-1], list):
            # A list of its own: the lines that are still shown have the old one.
            lines[-1] = line[: bisect_left(line, firing_id)]
        self._folds.again_from(firing_id)


def _matches(query: Query, firing: Firing | None) -> bool:
    return firing is not None and query.matches(firing)


def _stands_for(line: Line, firing_id: int) -> bool:
    ids: Sequence[int] = (line,) if isinstance(line, int) else line
    place = bisect_left(ids, firing_id)
    return place < len(ids) and ids[place] == firing_id


def _prune_lines(lines: list[Line], ids: Sequence[int], held: Set[int]) -> None:
    """Take firings that are not held out of the lines; `ids` are those that were checked."""
    first = max(bisect_right(lines, ids[0], key=first_of) - 1, 0)
    last = bisect_right(lines, ids[-1], key=first_of)
    gone = set(ids) - held
    left: list[Line] = []
    for line in lines[first:last]:
        if isinstance(line, int):
            if line not in gone:
                left.append(line)
            continue
        end = bisect_right(line, ids[-1])
        if rest := [each for each in line[:end] if each not in gone] + line[end:]:
            left.append(rest)
    lines[first:last] = left
