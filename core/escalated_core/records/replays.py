"""What differs when a recorded firing is run again: two runs of it compared, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from escalated_core.records.findings import Location
from escalated_core.records.firings import Change, Firing, Step

ReplayVerdict = Literal[
    "raises",
    "value",
    "removed",
    "added",
    "order",
    "effect",
    "fixed",
    "slower",
    "same",
    "unsteady",
    "missing",
]

VERDICTS: Final[Mapping[ReplayVerdict, str]] = {
    "raises": "now raises",
    "value": "value changed",
    "removed": "call removed",
    "added": "call added",
    "order": "order changed",
    "effect": "effects changed",
    "fixed": "fixed",
    "slower": "slower",
    "same": "same",
    "unsteady": "cannot be reproduced",
    "missing": "arguments are missing",
}
"""What each verdict is called for people; the most telling first.

`raises`: also something else than before. `order`: it ran in another place among the callbacks
that both runs have; what it did there is told by itself. `effect`: something else is sent, or
written to the database. `unsteady`: two runs of the same code differ. `missing`: the arguments
cannot be made again, so nothing was run.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A firing with all that was fired inside of it, in the order of their ids."""

    firing: Firing
    nested: tuple[Firing, ...] = ()

    def __repr__(self) -> str:
        # What a line of a terminal holds: values can be of any size.
        return f"Run({self.firing!r}, {len(self.nested)} nested)"

    def find(self, number: int | None) -> Firing | None:
        """The firing with this id."""
        return next((each for each in (self.firing, *self.nested) if each.id == number), None)


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs from the old run to the new at one step of a firing, or about the firing itself.

    Firings are told by id, steps by index; None where that run has none. Both steps are None for
    what is about the firing itself: that it was fired at all, or with which arguments.
    """

    verdict: ReplayVerdict
    """The most telling of all that differs here."""
    hook: str
    plugin: str | None
    """Whose callback it is, or who fired the hook; None for the host."""
    callback: str
    """Empty for what is about the firing itself."""
    old_firing: int | None
    new_firing: int | None
    old_step: int | None = None
    new_step: int | None = None
    changes: tuple[Change, ...] = ()
    """Of the value that came out; of a call that was added or removed, what it does to it."""
    touched: tuple[Change, ...] = ()
    """Of the arguments as it left them; paths begin with an argument's name, or its position."""
    errors: tuple[str | None, str | None] = (None, None)
    """What was raised, in the old run and in the new: type and message."""
    effects: tuple[Change, ...] = ()
    """In the list of what it sent, and of the statements that wrote to the database; of what was
    added or removed, with all that was fired inside of it."""
    follows: int | None = None
    """Which difference it comes from, as its index among all; None where a difference begins.

    What got the same as before and does something else is a beginning. What got something else
    follows from whatever made that so: it may do nothing but pass it on.
    """

    def __str__(self) -> str:
        who = f"{self.plugin or 'host'}:{self.callback}" if self.callback else self.hook
        told = f"{who} {VERDICTS[self.verdict]}"
        return f"{told}: {self.errors[1]}" if self.verdict == "raises" and self.errors[1] else told


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the same took in two codes, run in turns: the old, the new, the old, ..."""

    old_ns: int
    """The median, as `new_ns`."""
    new_ns: int
    slower_share: float
    """In which share of the pairs the new one took longer, 0..1; where both took as long, half."""
    pairs: int
    chance: float
    """How likely so many pairs would be slower if nothing had changed, 0..1."""
    is_slower: bool
    """Whether it is noticeably slower, and by more than chance."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A recorded firing beside the same one run again."""

    verdict: ReplayVerdict
    """The most telling of the differences that follow from no other; that something now raises
    counts wherever it is."""
    old: Run
    new: Run | None
    """None where nothing was run: the arguments are missing."""
    differences: tuple[Difference, ...] = ()
    """In the order they came about, so the first one is the origin."""
    why: str = ""
    """Why it could not be run, or not be compared; for `missing` and `unsteady`."""
    uncontrolled: tuple[str, ...] = ()
    """What the run depends on and nobody controls, in words."""
    notes: tuple[str, ...] = ()
    """What else is to be known and is no change of behaviour: other output or logs, a what-if that
    no callback fits."""
    pace: Pace | None = None
    recorded: Run | None = None
    """The firing as it was recorded, of which `old` may be another run; None where it is `old`."""

    def __repr__(self) -> str:
        firing, origin = self.old.firing, self.origin
        said = [VERDICTS[self.verdict], *(filter(None, [self.why or str(origin or "")]))]
        follow = sum(each.follows is not None for each in self.differences)
        said += [f"{follow} more follow{'s' * (follow == 1)}"] if follow else []
        return f"Comparison(#{firing.id} {firing.hook}: {', '.join(said)})"

    @property
    def changed(self) -> bool:
        """Whether the behaviour changed: neither the time nor what could not be told counts."""
        return self.verdict not in ("same", "slower", "unsteady", "missing")

    @property
    def origin(self) -> Difference | None:
        """The first difference, which follows from no other."""
        return self.differences[0] if self.differences else None

    def likeness(self) -> tuple[object, ...]:
        """What it has in common with those that differ alike: the hook, where, at which paths."""
        origin = self.origin
        where: tuple[object, ...] = ()
        if origin is not None:
            found = (origin.changes, origin.touched, origin.effects)
            paths = tuple(tuple(change.path for change in some) for some in found)
            where = origin.verdict, origin.hook, origin.plugin, origin.callback, paths
        return self.verdict, self.old.firing.hook, where

    def firings_of(self, difference: Difference) -> tuple[Firing | None, Firing | None]:
        """The two firings that a difference is about, in the old run and in the new."""
        new = self.new.find(difference.new_firing) if self.new is not None else None
        return self.old.find(difference.old_firing), new

    def step_of(self, difference: Difference) -> Step | None:
        """The step that a difference is about, of the new run, else of the old one."""
        one, other = self.firings_of(difference)
        if other is not None and difference.new_step is not None:
            return other.steps[difference.new_step]
        if one is not None and difference.old_step is not None:
            return one.steps[difference.old_step]
        return None

    def place_of(self, difference: Difference) -> Location | None:
        """The line of the callback that differs, of the new code where that still has it."""
        step = self.step_of(difference)
        return Location(step.file, step.line) if step is not None and step.file else None
