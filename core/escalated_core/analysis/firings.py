"""What every source of recorded firings can be asked, be it a live trace or a session file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, get_args

from escalated_core.analysis import blame, timing
from escalated_core.analysis.query import Query
from escalated_core.analysis.tabular import Records, flat, frame
from escalated_core.errors import UsageError, meant
from escalated_core.hooks.history import History
from escalated_core.records import Change, Firing, Row

if TYPE_CHECKING:
    from escalated_core.analysis.moments import Moment


class Firings(ABC):
    """Recorded firings by id, oldest first."""

    history: History | None = None
    """Of the registry that they were fired in; None where it is not known."""

    @abstractmethod
    def __iter__(self) -> Iterator[Firing]: ...

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    def finished(self) -> int:
        """How many firings have been recorded so far, also those that are no longer kept."""
        return len(self)

    @property
    @abstractmethod
    def ids(self) -> list[int]:
        """The ids of the firings that are kept, in order."""

    @abstractmethod
    def get(self, firing_id: int) -> Firing | None:
        """The record of a firing, or None when it is not (or no longer) kept."""

    @abstractmethod
    def rows(self, seen: int = 0, limit: int | None = None) -> tuple[list[Row], int]:
        """Rows of the firings that finished after the first `seen` ones, and the new count.

        Poll it with the count it returned last: a front end never misses a row that is kept.
        With a limit, they are the oldest ones of those, and the count is how far they reach.
        """

    @abstractmethod
    def children(self, firing_id: int) -> list[Firing]:
        """The firings that callbacks of a firing caused, in order."""

    def slugs(self) -> Iterable[str]:
        """The slugs of plugins that may have been called, as far as they are known."""
        return ()

    def at(self, firing: int | Firing, step: int | None = None) -> Moment:
        """The world as a firing found it, or as it was after a step of it.

        Args:
            firing: one of these firings, or its id.
            step: the index of the step that has just run; None for when the firing began.

        Raises:
            UsageError: the firing is not kept, or has no such step.
        """
        # Only here: moments need firings in their turn.
        from escalated_core.analysis.moments import Travel

        return Travel(self, self.history).at(firing, step)

    def require(self, firing_id: int) -> Firing:
        """The record of a firing; raises `UsageError` when it is not kept."""
        firing = self.get(firing_id)
        if firing is None:
            raise UsageError(f"There is no firing {firing_id}.", f"{len(self):,} are kept.")
        return firing

    def query(self, text: str) -> Records[Firing]:
        """The firings that a query matches (see docs/query.md), oldest first.

        Raises:
            UsageError: the query cannot be read; it names the term and the cure.
        """
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook's
            raise UsageError(f"{text!r} is no query.", "Write one such as 'outcome:error'.")
        wanted = Query.parse(text)
        rows = sorted(self.rows()[0], key=lambda row: row.id)
        now = max((row.started_at for row in rows), default=0.0)
        found = Records(Firing)
        for row in rows:
            verdict = wanted.matches_row(row, now)
            record = self.get(row.id) if verdict is not False else None
            if record is not None and (verdict or wanted.matches(record, now)):
                found.append(record)
        return found

    def timings(
        self, by: timing.By = "callback", slow_ns: int = timing.SLOW_NS
    ) -> Records[timing.Timing]:
        """What took how long, by callback, plugin or hook; the most costly first.

        Raises:
            UsageError: `by` is none of these.
        """
        known = get_args(timing.By)
        if by not in known:
            raise UsageError(f"Nothing can be timed by {by!r}.", meant(by, known))
        return Records(timing.Timing, timing.timings(self, by, slow_ns))

    def slower_since_reload(self, slug: str) -> Records[timing.TimingChange]:
        """How the two newest generations of a plugin compare, callback by callback.

        Raises:
            UsageError: no such plugin is known of.
        """
        firings = list(self)
        found = timing.compare_generations(firings, slug)
        if not found:
            ran = {step.plugin: None for firing in firings for step in firing.steps if step.plugin}
            known = [*self.slugs(), *ran]
            if known and slug not in known:
                raise UsageError(f"There is no plugin {slug!r}.", meant(slug, known))
        return Records(timing.TimingChange, found)

    def compare(self, one: int, other: int) -> blame.Comparison:
        """What differs between two firings, given by id."""
        return blame.compare(self.require(one), self.require(other))

    def wrote(self, path: str) -> list[tuple[Firing, int, Change]]:
        """Every recorded step that wrote a path such as `comments[*].body`: firing, step, change.

        Raises:
            UsageError: the path cannot be read.
        """
        return list(blame.wrote(self, path))

    def to_dicts(self) -> list[dict[str, Any]]:
        """One flat dict of builtins per firing (see `tabular.flat`)."""
        return [flat(firing) for firing in self]

    def to_frame(self) -> Any:
        """The same as a `pandas.DataFrame`; raises `UsageError` where pandas is not installed."""
        return frame(Firing, self)

    def speedscope(self) -> dict[str, Any]:
        """Everything as a profile in the format of https://www.speedscope.app."""
        # Only here: few want it.
        from escalated_core.analysis.speedscope import speedscope

        return speedscope(self)
