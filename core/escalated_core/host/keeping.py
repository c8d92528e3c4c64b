"""The recorded firings that are worth being run again: pinned ones, and the most telling."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from escalated_core.hooks.registry import Key
from escalated_core.records import Firing, Run
from escalated_core.trace.readout import record_of
from escalated_core.trace.recording import OpenFiring
from escalated_core.trace.trace import Trace

CAPACITY = 1_000
"""Firings kept."""

_Sort = tuple[object, ...]
Fired = TypeVar("Fired", OpenFiring, Firing)


@dataclass(eq=False)
class Kept:
    """One outermost firing with those inside of it."""

    firings: Sequence[OpenFiring]
    """The outermost first, the others as they began; none of one from a session."""
    accepted: Run | None = None
    """What it is to do, where that is not what was recorded."""
    last: Run | None = None
    """What it did when it was replayed last."""
    _recorded: Run | None = None

    @classmethod
    def of(cls, run: Run) -> Kept:
        """One that somebody else has recorded."""
        return cls((), _recorded=run)

    @property
    def id(self) -> int:
        return self.firings[0].id if self.firings else self.recorded.firing.id

    @property
    def recorded(self) -> Run:
        if self._recorded is None:
            root, *nested = map(record_of, self.firings)
            self._recorded = Run(root, tuple(nested))
        return self._recorded

    @property
    def baseline(self) -> Run:
        """What it is compared with."""
        return self.accepted or self.recorded

    @property
    def sort(self) -> _Sort:
        """What it has in common with those of its kind: hook, callbacks, outcome."""
        return tuple(
            (each.kind, each.hook, each.outcome, *((r.slug, r.name) for r in each.ran))
            for each in self.firings
        )

    @property
    def meddling(self) -> str:
        """What somebody did to its course by hand or by a what-if, in words; empty if nothing."""
        root, nested = self.recorded.firing, self.recorded.nested
        steps = (step for firing in (root, *nested) for step in firing.steps if step.note)
        told = (
            f"{step.callback}: {step.note}" if step.callback != step.note else step.note
            for step in steps
        )
        return next(told, "")

    @property
    def has_failed(self) -> bool:
        """Whether a callback failed in it."""
        return any(each.outcome != "ok" for each in self.firings)

    def concerns(self, slug: str, keys: Collection[Key]) -> bool:
        """Whether code of a plugin ran in it, or would now as it listens to these hooks."""
        return any(
            (each.kind, each.hook) in keys or any(r.slug == slug for r in each.ran)
            for each in self.firings
        )


class Keep:
    """A bounded choice of what a trace has recorded so far.

    Pinned firings stay, then failures and the first of each sort, then the newest of each sort.
    What an event fired is kept firing by firing.
    """

    def __init__(self, trace: Trace, capacity: int = CAPACITY) -> None:
        self._trace = trace
        self._capacity = capacity
        self._seen = 0
        self._kept: dict[int, Kept] = {}
        self._waiting: list[OpenFiring] = []
        """Those inside of something that was not finished at the last look."""

    def get(self, firing_id: int) -> Kept | None:
        return self._kept.get(firing_id)

    def look(self) -> list[Kept]:
        """Take in what has been recorded since; returns all that is kept, the oldest first."""
        news, self._seen = self._trace.news(self._seen)
        known = {firing.id: firing for firing in (*self._waiting, *news)}
        self._waiting, new = [], {firing.id for firing in news}
        found: defaultdict[int, list[OpenFiring]] = defaultdict(list)
        for firing in sorted(known.values(), key=lambda each: each.id):
            outermost, is_whole = _outermost(firing, known)
            if is_whole:
                found[outermost.id].append(firing)
            elif firing.id in new:
                self._waiting.append(firing)
        for number, firings in found.items():
            if firings[0].kind != "event":
                self._kept[number] = Kept(firings)
        if len(self._kept) > self._capacity:
            self._trim()
        return [self._kept[number] for number in sorted(self._kept)]

    def _trim(self) -> None:
        by_sort: defaultdict[_Sort, list[Kept]] = defaultdict(list)
        for number in sorted(self._kept, reverse=True):
            kept = self._kept[number]
            by_sort[kept.sort].append(kept)
        pinned = self._trace.pinned
        ranked: list[tuple[int, int, int]] = []
        for alike in by_sort.values():
            for place, kept in enumerate(alike):
                is_first = place == len(alike) - 1
                is_failure = kept.firings[0].outcome != "ok" and place < _FAILURES
                rank = 0 if kept.id in pinned else 1 if is_first or is_failure else 2
                ranked.append((rank, place, kept.id))
        ranked.sort()
        chosen = sorted(number for *_, number in ranked[: self._capacity])
        self._kept = {number: self._kept[number] for number in chosen}


def runs_of(firings: Iterable[Firing]) -> list[Run]:
    """Firings that were saved, as runs; what an event fired is one firing by firing."""
    known = {firing.id: firing for firing in firings}
    found: defaultdict[int, list[Firing]] = defaultdict(list)
    for number in sorted(known):
        found[_outermost(known[number], known)[0].id].append(known[number])
    return [Run(root, tuple(nested)) for root, *nested in found.values() if root.kind != "event"]


_FAILURES = 20
"""How many failures of one sort are dearer than anything else."""


def _outermost(firing: Fired, known: Mapping[int, Fired]) -> tuple[Fired, bool]:
    """The outermost firing around this one, events left aside, and whether that is known."""
    while firing.parent_id is not None:
        around = known.get(firing.parent_id)
        if around is None:
            return firing, False
        if around.kind == "event":
            break
        firing = around
    return firing, True
