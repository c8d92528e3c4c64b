"""One side of a comparison, and which parts of two sides are known to be the same."""

from __future__ import annotations

from typing import Any

from escalated_core.analysis.arguments import states
from escalated_core.records import Change, Firing, Step
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.pictures import same

Given = tuple[Any, ...]
"""What a callback gets: the value of a filter, the arguments, those by name."""


class Side:
    """A firing, with what each step got and left."""

    def __init__(self, firing: Firing) -> None:
        self.firing = firing
        self.args = states(firing)

    def before(self, index: int) -> Given:
        """What there was before a step, or after the last one."""
        firing, args = self.firing, self.args[index]
        if firing.kind == "filter" and args:
            value = firing.steps[index].before if index < len(firing.steps) else firing.result
            args = (value, *args[1:])
        return (*args, firing.kwargs)


class Sameness:
    """Whether pictures are the same. What was asked once is known: steps share most of theirs."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Any, Any, bool]] = {}
        """By identity; the pictures are kept, so that it goes to no other."""

    def same(self, one: Any, other: Any) -> bool:
        """Whether two pictures are the same."""
        known = self._known.get((id(one), id(other)))
        return self._note(one, other, same(one, other)) if known is None else known[2]

    def all_same(self, some: Given, others: Given) -> bool:
        """Whether they are, one by one."""
        return len(some) == len(others) and all(map(self.same, some, others))

    def changes(self, one: Any, other: Any) -> tuple[Change, ...]:
        """What differs between two pictures."""
        return () if self.same(one, other) else changes(one, other)

    def did_the_same(self, old: Step, new: Step) -> bool:
        """Whether two steps that got the same changed the same; then they have left the same."""
        is_same = same_changes(old.changes, new.changes) and same_changes(old.touched, new.touched)
        if is_same:
            self._note(old.after, new.after, True)
        return is_same

    def _note(self, one: Any, other: Any, is_same: bool) -> bool:
        self._known[id(one), id(other)] = one, other, is_same
        return is_same


def same_changes(some: tuple[Change, ...], others: tuple[Change, ...]) -> bool:
    """Whether changes are the same, one by one."""
    return len(some) == len(others) and all(map(_same_change, some, others))


def _same_change(one: Change, other: Change) -> bool:
    return (
        (one.kind, one.path) == (other.kind, other.path)
        and same(one.before, other.before)
        and same(one.after, other.after)
    )
