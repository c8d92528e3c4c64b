"""Who wrote what: the last writer of each path, the life of a path, and two firings compared.

Pure functions over records. A step writes a path when what the path leads to is not the same
after it as before, or when what holds it was replaced by something of another type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple, TypeVar

from escalated_core.analysis.arguments import (
    argument_life,
    differing,
    names_of,
    position_of,
    spelt,
    touched,
)
from escalated_core.records import Change, Firing, Step
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.paths import ANY, MISSING, Path, parse_path, parts, value_at
from escalated_core.snapshots.pictures import ObjectSnapshot, same
from escalated_core.snapshots.static import kind_of

__all__ = [
    "MISSING",
    "Comparison",
    "Match",
    "Pair",
    "aligned",
    "compare",
    "life",
    "matched",
    "parse_path",
    "value_at",
    "writers",
    "wrote",
]

Key = TypeVar("Key", bound=Hashable)
Status = Literal["same", "changed", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Pair:
    """What became of one callback between two firings."""

    plugin: str | None
    callback: str
    occurrence: int
    """Which of the callback's steps in its firing, from 1."""
    status: Status
    """`changed` also when only the outcome or the error differs."""
    moved: bool = False
    """Whether it ran in another place among the callbacks that both firings have."""
    one: int | None = None
    """Index of its step in the first firing, None if it is not there."""
    other: int | None = None
    outcomes: tuple[str | None, str | None] = (None, None)
    errors: tuple[str | None, str | None] = (None, None)
    changes: tuple[Change, ...] = ()
    """From the value after it in the first firing to the value after it in the other."""


class Match(NamedTuple):
    """A callback of two firings: whose, which of its steps in its firing, and where those are."""

    plugin: str | None
    callback: str
    occurrence: int
    moved: bool
    one: int | None
    other: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two firings; the paths of `args` begin with the argument's index."""

    args: tuple[Change, ...]
    kwargs: tuple[Change, ...]
    steps: tuple[Pair, ...]
    """In the order of the other firing; what it lacks stands where it stood in the first."""
    result: tuple[Change, ...]

    @property
    def same(self) -> bool:
        """Whether the firings differ in nothing but time and output."""
        is_same = all(pair.status == "same" and not pair.moved for pair in self.steps)
        return is_same and not (self.args or self.kwargs or self.result)


def writers(firing: Firing) -> dict[Path, int]:
    """The index of the last step that wrote each leaf path that any step wrote.

    Leaves are what holds nothing more: texts, numbers, empty containers. What was removed and not
    written again stays, with the step that removed it. Where only the order or the type of keys
    was written, the path is that of the dict or list itself.
    """
    found: dict[Path, int] = {}
    orders: dict[Path, int] = {}
    for index, step in enumerate(firing.steps):
        for path, is_leaf in _written(step.before, step.after, (), False):
            if is_leaf:
                found[path] = index
            else:
                found.pop(path, None)
        orders = {path: last for path, last in orders.items() if parts(value_at(step.after, path))}
        orders |= {change.path: index for change in step.changes if _is_order(change)}
    return found | orders


def life(firing: Firing, path: Path) -> list[tuple[int | None, Any]]:
    """What a path led to in the argument (step None) and after each step that wrote it.

    That of an argument which is changed in place begins with its name, `ticket.subject`, or with
    its position. `MISSING` stands for nothing. The life is empty if there was never anything.
    """
    position = position_of(firing, path)
    if position is not None:
        return argument_life(firing, position, path[1:])
    has_value = firing.kind == "filter" and firing.args
    found: list[tuple[int | None, Any]] = []
    found.append((None, value_at(firing.args[0], path) if has_value else MISSING))
    found += [
        (index, value_at(step.after, path))
        for index, step in enumerate(firing.steps)
        if _writes(step, path)
    ]
    return [] if all(value is MISSING for _, value in found) else found


def wrote(firings: Iterable[Firing], pattern: str | Path) -> Iterator[tuple[Firing, int, Change]]:
    """Every recorded step that wrote a path, with its index and what it did, as recorded.

    A path matches what is inside of it, too; `*` or `[*]` stands for any part. Of a change that
    also touches other paths only what matches is told. Items of a list go by their `id` where all
    of them have one, else by the index where they came, went or changed. What was changed in place
    of an argument begins with the argument's name, `ticket.subject`; its position is understood.

    Raises:
        UsageError: the text is no path.
    """
    wanted = parse_path(pattern) if isinstance(pattern, str) else pattern
    return (
        (firing, index, change)
        for firing in firings
        for index, step in enumerate(firing.steps)
        for change in _written_by(firing, step, wanted)
    )


def _written_by(firing: Firing, step: Step, wanted: Path) -> Iterator[Change]:
    yield from _matching(step.changes, wanted)
    # The path of the whole value is that of no argument.
    if wanted and step.touched:
        names = names_of(firing.hook, firing.profile)
        yield from _matching(touched(firing, step), spelt(wanted, names))


def compare(one: Firing, other: Firing) -> Comparison:
    """What differs from the first firing to the other; steps are paired by callback."""
    return Comparison(
        args=differing(one.args, other.args),
        kwargs=changes(one.kwargs, other.kwargs),
        steps=tuple(_pairs(one, other)),
        result=changes(one.result, other.result),
    )


def _written(before: Any, after: Any, path: Path, is_replaced: bool) -> Iterator[tuple[Path, bool]]:
    """The leaf paths that are written, of those before or after; False: it is no leaf any more."""
    if before is after and not is_replaced:
        return
    old, new = parts(before), parts(after)
    if new and not old and before is not MISSING:
        yield path, False
    is_leaf = not new and not (after is MISSING and old)
    if is_leaf and (is_replaced or not same(before, after)):
        yield path, True
    is_replaced = is_replaced or _is_replaced(before, after)
    for part in new | old:
        one, other = old.get(part, MISSING), new.get(part, MISSING)
        yield from _written(one, other, (*path, part), is_replaced)


def _writes(step: Step, path: Path) -> bool:
    before, after = step.before, step.after
    is_replaced = False
    for part in path:
        if before is after and not is_replaced:
            return False
        is_replaced = is_replaced or _is_replaced(before, after)
        before, after = value_at(before, (part,)), value_at(after, (part,))
    is_there = before is not MISSING or after is not MISSING
    return is_there and (is_replaced or not same(before, after))


def _is_replaced(before: Any, after: Any) -> bool:
    """Whether what holds other values was replaced as a whole by something of another type."""
    if before is MISSING or after is MISSING:
        return False
    if not isinstance(before, ObjectSnapshot) or not isinstance(after, ObjectSnapshot):
        return kind_of(before) is not kind_of(after)
    if (before.type, before.kind) != (after.type, after.kind):
        return True
    return not (parts(before.of) or parts(after.of) or same(before.of, after.of))


def _is_order(change: Change) -> bool:
    """Whether a change of a whole container tells what no path inside of it can."""
    before, after = change.before, change.after
    has_parts = bool(parts(before) and parts(after))
    return change.kind == "changed" and has_parts and not _is_replaced(before, after)


def _matching(recorded: Iterable[Change], pattern: Path) -> Iterator[Change]:
    told: set[Path] = set()
    for change in recorded:
        if all(wanted in (ANY, part) for part, wanted in zip(change.path, pattern, strict=False)):
            for each in _narrowed(change, pattern, False):
                # A whole dict or list that is told for its order has told its values already.
                if not any(path[: len(each.path)] == each.path for path in told):
                    told.add(each.path)
                    yield each


def _narrowed(change: Change, pattern: Path, is_replaced: bool) -> Iterator[Change]:
    """What a change does to the paths that match; the change itself if it is at one or inside."""
    depth = len(change.path)
    if depth >= len(pattern):
        yield change
        return
    before = MISSING if change.kind == "added" else change.before
    after = MISSING if change.kind == "removed" else change.after
    is_replaced = is_replaced or _is_replaced(before, after)
    wanted = pattern[depth]
    for part in parts(after) | parts(before) if wanted == ANY else (wanted,):
        one, other = value_at(before, (part,)), value_at(after, (part,))
        path = (*change.path, part)
        if one is MISSING and other is MISSING:
            continue
        if one is MISSING:
            yield from _narrowed(Change("added", path, None, other), pattern, is_replaced)
        elif other is MISSING:
            yield from _narrowed(Change("removed", path, one, None), pattern, is_replaced)
        elif is_replaced or not same(one, other):
            yield from _narrowed(Change("changed", path, one, other), pattern, is_replaced)


_Step = tuple[str | None, str, int]


def aligned(
    old: Sequence[Key], new: Sequence[Key], suspects: Collection[Key] = ()
) -> list[tuple[Key, bool]]:
    """All keys of two orders, and which of those in both have moved; none occurs twice in one.

    They are in the order of the new; what it lacks stands where it stood in the old. It is the
    suspects that have moved, if that explains the order.
    """
    inside, known = set(new), set(old)
    common = [key for key in old if key in inside], [key for key in new if key in known]
    moved = _moved(*common, suspects)
    order = list(new)
    place = 0
    for key in old:
        if key in inside:
            place = order.index(key) + 1
        else:
            order.insert(place, key)
            place += 1
    return [(key, key in moved) for key in order]


def _moved(old: list[Key], new: list[Key], suspects: Collection[Key]) -> set[Key]:
    """As few as explain how two orders of the same keys differ."""
    if old == new:
        return set()
    moved = {key for key in old if key in suspects}
    if _without(old, moved) == _without(new, moved):
        for key in old:
            fewer = moved - {key}
            moved = fewer if _without(old, fewer) == _without(new, fewer) else moved
        return moved
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return set(old) - {key for i, _, n in blocks for key in old[i : i + n]}


def _without(keys: list[Key], some: set[Key]) -> list[Key]:
    return [key for key in keys if key not in some]


def _pairs(one: Firing, other: Firing) -> list[Pair]:
    return [_pair(one, other, each) for each in matched(one, other)]


def matched(one: Firing, other: Firing) -> list[Match]:
    """The callbacks of two firings, as in `Comparison.steps`."""
    old, new = _by_callback(one), _by_callback(other)
    both = [key for key in old if key in new]
    suspects = {
        key for key in both if one.steps[old[key]].priority != other.steps[new[key]].priority
    }
    order = aligned([*old], [*new], suspects)
    return [Match(*key, moved, old.get(key), new.get(key)) for key, moved in order]


def _by_callback(firing: Firing) -> dict[_Step, int]:
    """The indices of steps, by plugin, callback and occurrence."""
    seen: Counter[tuple[str | None, str]] = Counter()
    found: dict[_Step, int] = {}
    for index, step in enumerate(firing.steps):
        who = step.plugin, step.callback
        seen[who] += 1
        found[*who, seen[who]] = index
    return found


def _pair(one: Firing, other: Firing, match: Match) -> Pair:
    before = one.steps[match.one] if match.one is not None else None
    after = other.steps[match.other] if match.other is not None else None
    found = changes(before.after, after.after) if before and after else ()
    outcomes = before and before.outcome, after and after.outcome
    errors = _error(before), _error(after)
    status: Status = "same"
    if before is None:
        status = "added"
    elif after is None:
        status = "removed"
    elif found or outcomes[0] != outcomes[1] or errors[0] != errors[1]:
        status = "changed"
    who = match.plugin, match.callback, match.occurrence
    return Pair(*who, status, match.moved, match.one, match.other, outcomes, errors, found)


def _error(step: Step | None) -> str | None:
    return str(step.error) if step and step.error else None
