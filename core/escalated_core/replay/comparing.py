"""Two runs of the same firing compared step by step: what differs, where it began, what follows.

Pure functions over records. Steps are paired by whose callback they are, not by their place, and
nested firings by the hook and by how often the step has fired it. What never counts: durations,
ids, threads, moments, lines, output and logs.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from escalated_core.analysis import blame
from escalated_core.analysis.arguments import differing, names_of, touched
from escalated_core.analysis.firings import Firings
from escalated_core.analysis.sent import all_sent, by_step, sent
from escalated_core.records import (
    VERDICTS,
    Change,
    Comparison,
    Difference,
    Firing,
    ReplayVerdict,
    Run,
    Step,
)
from escalated_core.replay.sides import Sameness, Side, same_changes
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.pictures import ListSnapshot
from escalated_core.snapshots.redaction import masked_firing

__all__ = ["compare", "judged", "masked", "run_of", "verdict_of"]

RANKS: Final = {verdict: rank for rank, verdict in enumerate(VERDICTS)}
"""How telling a verdict is: 0 is the most."""

_FAILURES: Final = ("error", "interrupted")


def run_of(source: Firings, firing: Firing) -> Run:
    """A recorded firing with all that was fired inside of it, as far as that is kept."""
    nested: list[Firing] = []
    around = [firing]
    while around:
        inside = source.children(around.pop().id)
        nested += inside
        around += inside
    return Run(firing, tuple(sorted(nested, key=lambda each: each.id)))


def masked(run: Run) -> Run:
    """The run without its secrets: what is compared with a run from a session has to be so, too."""
    return Run(masked_firing(run.firing), tuple(map(masked_firing, run.nested)))


def compare(old: Run, new: Run) -> Comparison:
    """What differs from the old run to the new, see `Comparison`."""
    walk = _Walk(old, new)
    walk.firings(old.firing, new.firing, None)
    found = tuple(walk.found)
    return judged(Comparison("same", old, new, found, notes=tuple(walk.notes)))


def judged(comparison: Comparison) -> Comparison:
    """The comparison with the verdict that its differences make, and its pace."""
    verdict = verdict_of(comparison.differences)
    if verdict == "same" and comparison.pace is not None and comparison.pace.is_slower:
        verdict = "slower"
    return replace(comparison, verdict=verdict)


def verdict_of(differences: Iterable[Difference]) -> ReplayVerdict:
    """The most telling of what follows from nothing else; what now raises counts anywhere."""
    told: list[ReplayVerdict] = [
        each.verdict for each in differences if each.follows is None or each.verdict == "raises"
    ]
    return min(told, key=RANKS.__getitem__) if told else "same"


class _Walk:
    """Goes through two runs at once; differences come about in the order of the new one."""

    def __init__(self, old: Run, new: Run) -> None:
        self.found: list[Difference] = []
        self.notes: list[str] = []
        self._inside = by_step(old), by_step(new)
        self._known = Sameness()

    def firings(self, old: Firing, new: Firing, source: int | None) -> int | None:
        """Compare two firings of a hook, and all inside of them.

        Args:
            source: the difference that may have led to other arguments.

        Returns:
            The difference that led to another result, or to other arguments at the end; None if
            they are the same.
        """
        given = self._given(old, new)
        if given:
            told = self._tell("value", _whole(old, new), touched=given, follows=source)
            source = told if source is None else source
        sides, matches = (Side(old), Side(new)), blame.matched(old, new)
        # First: what moved to a later place is missed before that.
        moved = [
            self._tell("order", _place(sides, m, (m.one, m.other))) for m in matches if m.moved
        ]
        for match in matches:
            source = self._step(sides, match, _first(source, moved))
        left = (side.before(len(side.firing.steps)) for side in sides)
        return None if self._known.all_same(*left) else _first(source, moved)

    def _given(self, old: Firing, new: Firing) -> tuple[Change, ...]:
        """What differs in the arguments of two firings."""
        args: tuple[Change, ...] = ()
        if not self._known.all_same(old.args, new.args):
            args = differing(old.args, new.args, names_of(new.hook, new.profile))
        return (*args, *self._known.changes(old.kwargs, new.kwargs))

    def _step(self, sides: _Sides, match: blame.Match, source: int | None) -> int | None:
        """Compare what became of one callback; returns the difference that counts from here on."""
        one, other = (
            None if index is None or side.firing.steps[index].outcome == "skipped" else index
            for side, index in zip(sides, (match.one, match.other), strict=True)
        )
        place = _place(sides, match, (one, other))
        if one is not None and other is not None:
            left = self._both(sides, (one, other), place, source)
            # What it left in another place says nothing about what comes after it.
            return source if match.moved else left
        if one is None and other is None:
            return source
        told = self._alone(sides, (one, other), place)
        return told if source is None else source

    def _alone(self, sides: _Sides, at: _Places, place: Difference) -> int:
        """Tell of a call that only one of the firings has."""
        verdict: ReplayVerdict = "added" if at[0] is None else "removed"
        found = [
            (side.firing, index) for side, index in zip(sides, at, strict=True) if index is not None
        ]
        ((firing, index),) = found
        step = firing.steps[index]
        return self._tell(
            verdict,
            place,
            changes=step.changes,
            touched=touched(firing, step),
            errors=_errors(sides, at),
            effects=self._sent(verdict, firing, [index]),
        )

    def _both(
        self, sides: _Sides, at: tuple[int, int], place: Difference, source: int | None
    ) -> int | None:
        """Compare two steps of the same callback."""
        pairs = [*zip(sides, at, strict=True)]
        old, new = (side.firing.steps[index] for side, index in pairs)
        got, left = ([side.before(i + more) for side, i in pairs] for more in (0, 1))
        if self._known.all_same(*got):
            source = None
            self._known.did_the_same(old, new)
        inner = self._nested(sides, at, source)
        source = inner if source is None else source
        found = self._outputs(sides, at)
        verdict = _verdict(found, old, new)
        if verdict != "same":
            told = self._tell(verdict, place, follows=source, **found)
            source = told if source is None else source
        self._note(place, old, new)
        return None if self._known.all_same(*left) else source

    def _outputs(self, sides: _Sides, at: tuple[int, int]) -> dict[str, Any]:
        """All that two steps did, as far as it differs: fields of a `Difference`."""
        old, new = (side.firing.steps[index] for side, index in zip(sides, at, strict=True))
        left: tuple[Change, ...] = ()
        # Not the arguments themselves: it may only have left them as it got them.
        if not same_changes(old.touched, new.touched):
            one, other = (side.args[index + 1] for side, index in zip(sides, at, strict=True))
            firing = sides[1].firing
            left = differing(one, other, names_of(firing.hook, firing.profile))
        return {
            "changes": self._known.changes(old.after, new.after),
            "touched": left,
            "errors": _errors(sides, at),
            "effects": self._known.changes(sent(old), sent(new)),
        }

    def _nested(self, sides: _Sides, at: tuple[int, int], source: int | None) -> int | None:
        """Compare what two steps fired; returns the difference that reached the callback."""
        inside = [
            each.get((side.firing.id, index), ())
            for each, side, index in zip(self._inside, sides, at, strict=True)
        ]
        if not any(inside):
            return None
        reached: list[int] = []
        old, new = map(_by_turn, inside)
        for key, moved in blame.aligned([*old], [*new]):
            one, other = old.get(key), new.get(key)
            if one is None or other is None:
                verdict: ReplayVerdict = "added" if one is None else "removed"
                place = _whole(one, other)
                told: int | None = self._tell(
                    verdict, place, effects=self._sent(verdict, one or other), follows=source
                )
            else:
                if moved:
                    self._tell("order", _whole(one, other), follows=source)
                told = self.firings(one, other, source)
            reached += [] if told is None else [told]
        return reached[0] if reached else None

    def _sent(
        self, verdict: ReplayVerdict, firing: Firing | None, steps: Iterable[int] | None = None
    ) -> tuple[Change, ...]:
        """What only one of the runs sent, in steps of a firing and in all inside of them."""
        is_added = verdict == "added"
        inside = self._inside[is_added]
        found = ListSnapshot(all_sent(inside, firing, steps) if firing else ())
        none = ListSnapshot()
        return changes(none, found) if is_added else changes(found, none)

    def _tell(self, verdict: ReplayVerdict, place: Difference, **what: Any) -> int:
        """Keep a difference; returns its index."""
        self.found.append(replace(place, verdict=verdict, **what))
        return len(self.found) - 1

    def _note(self, place: Difference, old: Step, new: Step) -> None:
        """Tell what is no change of behaviour."""
        if not (old.output or new.output or old.logs or new.logs):
            return
        logged = ([(each.level, each.message) for each in step.logs] for step in (old, new))
        told = {"prints": old.output != new.output, "logs": operator.ne(*logged)}
        who = f"{place.plugin or 'host'}:{place.callback}"
        self.notes += [f"{who} {what} something else" for what, differs in told.items() if differs]


_Sides = tuple[Side, Side]
_Places = tuple[int | None, int | None]
_Turn = tuple[str, str, int]


def _first(source: int | None, moved: Sequence[int]) -> int | None:
    """The difference that counts: one that was told, or else that callbacks have moved."""
    return source if source is not None or not moved else moved[0]


def _verdict(found: Mapping[str, Any], old: Step, new: Step) -> ReplayVerdict:
    """The most telling of what differs at one step."""
    fails = new.outcome in _FAILURES
    before, now = found["errors"]
    if fails and before != now:
        return "raises"
    if old.outcome in _FAILURES and not fails:
        return "fixed"
    if found["changes"] or found["touched"]:
        return "value"
    return "effect" if found["effects"] else "same"


def _errors(sides: _Sides, at: _Places) -> tuple[str | None, str | None]:
    old, new = (
        _error(side.firing.steps[index]) if index is not None else None
        for side, index in zip(sides, at, strict=True)
    )
    return old, new


def _error(step: Step) -> str | None:
    """What a step raised; how long it took until somebody stopped it does not count."""
    if step.outcome == "interrupted":
        return "Interrupted"
    return str(step.error) if step.error else None


def _place(sides: _Sides, match: blame.Match, at: _Places) -> Difference:
    old, new = (side.firing for side in sides)
    return Difference("same", new.hook, match.plugin, match.callback, old.id, new.id, *at)


def _whole(old: Firing | None, new: Firing | None) -> Difference:
    """What is about a firing itself."""
    known = new or old
    assert known is not None
    plugin = known.cause.removeprefix("plugin:") if known.cause.startswith("plugin:") else None
    ids = old and old.id, new and new.id
    return Difference("same", known.hook, plugin, "", *ids)


def _by_turn(firings: Iterable[Firing]) -> dict[_Turn, Firing]:
    """Firings by hook, and by how often that was fired before."""
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[_Turn, Firing] = {}
    for firing in firings:
        what = firing.kind, firing.hook
        seen[what] += 1
        found[*what, seen[what]] = firing
    return found
