"""The matrix of a hook: which ways to run it are tried, and what is told of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final, NamedTuple

from escalated_core.analysis.arguments import differing, names_of, states
from escalated_core.analysis.sent import by_target
from escalated_core.hooks.registration import Registration
from escalated_core.hooks.registry import Chain, Key
from escalated_core.records import (
    Affected,
    Change,
    Comparison,
    Difference,
    Firing,
    How,
    ReplayVerdict,
    Run,
    Step,
    Trial,
)
from escalated_core.snapshots.diff import changes, path_text
from escalated_core.snapshots.pictures import DictSnapshot, canonical
from escalated_core.whatif.overlay import ChangeChain, muted

_HOWS: Final[dict[ReplayVerdict, How]] = {
    "raises": "raises",
    "fixed": "mended",
    "effect": "sends",
    "added": "runs",
    "removed": "rests",
}


class Way(NamedTuple):
    """A way to run a chain: some of its callbacks left out, and two of them swapped."""

    out: tuple[Registration, ...] = ()
    swapped: tuple[Registration, ...] = ()

    def over(self, chain: Chain) -> Chain:
        """The chain as it runs in this way."""
        other = dict(zip(self.swapped, reversed(self.swapped), strict=True))
        placed = (other.get(each, each) for each in chain)
        return tuple(muted(each) if each in self.out else each for each in placed)


@dataclass(frozen=True)
class Plan:
    """One trial that is to be made."""

    callbacks: tuple[Registration, ...]
    way: Way
    against: Way
    """What it is compared with."""

    @property
    def is_swap(self) -> bool:
        return bool(self.way.swapped)


def taking_part(chain: Chain) -> Chain:
    """The callbacks that really run."""
    return tuple(each for each in chain if each.alive and not each.is_played)


def plans(chain: Chain) -> Iterator[Plan]:
    """Each callback left out, then each two of the same priority swapped.

    What stands between two is left out meanwhile: they cannot be swapped without passing it.
    """
    callbacks = taking_part(chain)
    for each in callbacks:
        yield Plan((each,), Way((each,)), Way())
    for one, other in combinations(callbacks, 2):
        if one.priority == other.priority:
            between = callbacks[callbacks.index(one) + 1 : callbacks.index(other)]
            yield Plan((one, other), Way(between, (one, other)), Way(between))


def in_place_of(chain: Chain, way: Way, others: ChangeChain) -> ChangeChain:
    """Runs the hook of `chain` in this way, and all others as `others` has it."""
    key: Key = chain[0].kind, chain[0].hook

    def change(given: Chain) -> Chain:
        changed = others(given)
        is_meant = bool(given) and (given[0].kind, given[0].hook) == key
        return way.over(changed) if is_meant else changed

    return change


def labels(chain: Chain) -> dict[Registration, str]:
    """What the callbacks of a chain are called: each in its own way."""
    found: dict[Registration, str] = {}
    seen: Counter[str] = Counter()
    for each in chain:
        name = called(each.slug, each.name)
        seen[name] += 1
        found[each] = f"{name} #{seen[name]}" if seen[name] > 1 else name
    return found


def called(plugin: str | None, callback: str) -> str:
    """`triage:normalise`."""
    return f"{plugin or 'host'}:{callback}"


class Noise:
    """What differs between two runs of which nothing was changed."""

    def __init__(self, comparison: Comparison) -> None:
        self._ends = _ends(comparison)
        self._affected = {(each.hook, each.callback) for each in _affected(comparison)}
        passed = {path_text(change.path) for end in self._ends for change in end}
        whose = {who for _, who in self._affected}
        self.words = (*sorted(passed), *sorted(whose))

    def without(self, found: Trial) -> Trial:
        """The trial without what is noise."""
        ends = found.result, found.arguments, found.effects
        result, arguments, effects = (
            tuple(change for change in end if not any(_meets(change, one) for one in noise))
            for end, noise in zip(ends, self._ends, strict=True)
        )
        affected = tuple(e for e in found.affected if (e.hook, e.callback) not in self._affected)
        ends = {"result": result, "arguments": arguments, "effects": effects}
        return replace(found, affected=affected, **ends)


def trial(plan: Plan, names: dict[Registration, str], comparison: Comparison) -> Trial:
    """What a plan came to."""
    result, arguments, effects = _ends(comparison)
    out = {names[each] for each in plan.way.out}
    hook = comparison.old.firing.hook
    affected = [
        each for each in _affected(comparison) if not (each.hook == hook and each.callback in out)
    ]
    return Trial(
        does="swap" if plan.is_swap else "leave out",
        callbacks=tuple(names[each] for each in plan.callbacks),
        between=tuple(names[each] for each in plan.way.out) if plan.is_swap else (),
        result=result,
        arguments=arguments,
        effects=effects,
        affected=tuple(affected),
    )


def _ends(comparison: Comparison) -> tuple[tuple[Change, ...], ...]:
    """What differs in the value at the end, in the arguments, and in what is sent and written."""
    assert comparison.new is not None
    old, new = comparison.old.firing, comparison.new.firing
    result = changes(old.result, new.result) if old.kind == "filter" else ()
    names = names_of(new.hook, new.profile)
    arguments = differing(states(old)[-1], states(new)[-1], names)
    effects = changes(*map(by_target, (comparison.old, comparison.new)))
    return _telling(result), _telling(arguments), _telling(effects)


def _telling(found: Iterable[Change]) -> tuple[Change, ...]:
    """Without the order of keys: two that add one each would always depend on their order."""
    return tuple(
        each
        for each in found
        if not (isinstance(each.before, DictSnapshot) and isinstance(each.after, DictSnapshot))
    )


def _affected(comparison: Comparison) -> list[Affected]:
    """The callbacks that do something else, in order."""
    assert comparison.new is not None
    old, new = _by_id(comparison.old), _by_id(comparison.new)
    found: dict[tuple[str, str], Affected] = {}
    for each in comparison.differences:
        how = _how(each, old, new) if each.callback else None
        if how is not None:
            name = _label(old if each.new_step is None else new, each)
            error = (each.errors[1] or "") if how == "raises" else ""
            found.setdefault((each.hook, name), Affected(each.hook, name, how, error))
    return list(found.values())


def _how(difference: Difference, old: dict[int, Firing], new: dict[int, Firing]) -> How | None:
    if difference.verdict in _HOWS:
        return _HOWS[difference.verdict]
    if difference.verdict == "order":
        return None
    if difference.old_step is None or difference.new_step is None:
        return None
    one = old[difference.old_firing or 0].steps[difference.old_step]
    other = new[difference.new_firing or 0].steps[difference.new_step]
    return "does" if _does_otherwise(one, other) else None


def _does_otherwise(one: Step, other: Step) -> bool:
    """Whether a step changes other places, or the same ones from the same to something else.

    One that got something else there may only have passed it on.
    """
    old, new = _places(one), _places(other)
    if {place: len(found) for place, found in old.items()} != {
        place: len(found) for place, found in new.items()
    }:
        return True
    for place, was in old.items():
        before, after = zip(*was, strict=True)
        new_before, new_after = zip(*new[place], strict=True)
        if sorted(before) == sorted(new_before) and sorted(after) != sorted(new_after):
            return True
    return False


def _places(step: Step) -> dict[tuple[object, ...], list[tuple[str, str]]]:
    """What a step changed, by place; where in a list it is does not count."""
    found: dict[tuple[object, ...], list[tuple[str, str]]] = {}
    for where, told in (("value", step.changes), ("arguments", step.touched)):
        for each in told:
            # An argument's position is no place in a list.
            fixed = each.path[:1] if where == "arguments" else ()
            path = (*fixed, *("[]" if type(p) is int else p for p in each.path[len(fixed) :]))
            pictures = canonical(each.before), canonical(each.after)
            found.setdefault((where, each.kind, path), []).append(pictures)
    return found


def _label(firings: dict[int, Firing], difference: Difference) -> str:
    """What the callback of a difference is called, as `labels` calls it."""
    is_new = difference.new_step is not None
    number = difference.new_firing if is_new else difference.old_firing
    index = difference.new_step if is_new else difference.old_step
    name = called(difference.plugin, difference.callback)
    if index is None:
        return name
    return name if (turn := _turn(firings[number or 0].steps, index)) == 1 else f"{name} #{turn}"


def _turn(steps: Sequence[Step], index: int) -> int:
    """Which of the steps of its callback a step is, from 1."""
    own = steps[index].plugin, steps[index].callback
    return sum((each.plugin, each.callback) == own for each in steps[: index + 1])


def _by_id(run: Run) -> dict[int, Firing]:
    return {each.id: each for each in (run.firing, *run.nested)}


def _meets(change: Change, noise: Change) -> bool:
    """Whether one of two changes is inside of the other."""
    shorter = min(len(change.path), len(noise.path))
    return change.path[:shorter] == noise.path[:shorter]
