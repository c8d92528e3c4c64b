"""Arguments that callbacks change in place: what they are called, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from escalated_core.hooks.catalogue import catalogue_of, guide_catalogue
from escalated_core.records import CataloguedHook, Change, Firing, Profile, Step
from escalated_core.snapshots.diff import apply, changes
from escalated_core.snapshots.paths import MISSING, Path, value_at
from escalated_core.snapshots.pictures import DictSnapshot, TupleSnapshot, same


@lru_cache(maxsize=1024)
def documented(hook: str, profile: Profile) -> CataloguedHook | None:
    """What the documentation of the profile, or else the guide, says of a hook."""
    return catalogue_of(profile).get(hook) or guide_catalogue().get(hook)


def names_of(hook: str, profile: Profile) -> tuple[str, ...]:
    """What the documentation calls the arguments of a hook; empty for hooks it does not know."""
    found = documented(hook, profile)
    return tuple([each.name for each in found.parameters]) if found else ()


def spelt(path: Path, names: Sequence[str]) -> Path:
    """A path that begins with an argument's position, with its name there if it has one."""
    if not path or type(path[0]) is not int or not 0 <= path[0] < len(names):
        return path
    return (names[path[0]], *path[1:])


def touched(firing: Firing, step: Step) -> tuple[Change, ...]:
    """What a step changed in place of the arguments, by their names: `ticket.subject`."""
    names = names_of(firing.hook, firing.profile)
    return tuple(replace(change, path=spelt(change.path, names)) for change in step.touched)


def differing(
    some: Sequence[Any], others: Sequence[Any], names: Sequence[str] = ()
) -> tuple[Change, ...]:
    """What differs between two lots of arguments: `ticket.subject`, or `[0].subject` unnamed.

    They are matched by position: two rows are the same argument whatever their ids are.
    """
    found = changes(DictSnapshot(enumerate(some)), DictSnapshot(enumerate(others)))
    return tuple(replace(change, path=spelt(change.path, names)) for change in found)


def position_of(firing: Firing, path: Path) -> int | None:
    """The position of the argument that a path leads into; None if it leads into the value.

    An argument goes by its name, or by its position where the value has nothing of that name.
    """
    if not path:
        return None
    is_filter = firing.kind == "filter"
    values = (firing.args[0], firing.result) if is_filter and firing.args else ()
    if any(value_at(value, path[:1]) is not MISSING for value in values):
        return None
    names = names_of(firing.hook, firing.profile)
    for position, name in enumerate(names[: len(firing.args)]):
        if path[0] == name and position >= is_filter:
            return position
    first = path[0]
    return first if type(first) is int and is_filter <= first < len(firing.args) else None


def given_to(firing: Firing, index: int) -> tuple[Any, ...]:
    """The arguments as a step got them: what steps before it did to them is in them."""
    given = states(firing)[index]
    return (firing.steps[index].before, *given[1:]) if firing.kind == "filter" else given


def argument_life(firing: Firing, position: int, path: Path) -> list[tuple[int | None, Any]]:
    """What a path inside an argument led to at first (step None) and after steps that wrote it."""
    values = [value_at(given[position], path) for given in states(firing)]
    if all(value is MISSING for value in values):
        return []
    found: list[tuple[int | None, Any]] = [(None, values[0])]
    for index, (before, after) in enumerate(pairwise(values)):
        is_there = before is not MISSING or after is not MISSING
        if is_there and (before is MISSING or after is MISSING or not same(before, after)):
            found.append((index, after))
    return found


def states(firing: Firing) -> list[tuple[Any, ...]]:
    """The arguments before each step, and after the last one; a filter's value stays the first."""
    given: Any = TupleSnapshot(firing.args)
    found = [tuple(given)]
    for step in firing.steps:
        try:
            given = apply(given, step.touched) if step.touched else given
        except LookupError:
            # A part that was over the cap cannot be followed: it stays as it was given.
            given = TupleSnapshot(firing.args)
        found.append(tuple(given))
    return found
