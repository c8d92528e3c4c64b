"""What differs between two snapshots, as paths with the value before and after."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from escalated_core.records import Change
from escalated_core.snapshots.paths import (
    Path,
    identities,
    is_named_tuple,
    part_of,
    parts,
    path_text,
)
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    FrozenSetSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    RelativeSnapshot,
    SetSnapshot,
    TupleSnapshot,
    canonical,
    same,
)
from escalated_core.snapshots.static import kind_of
from escalated_core.snapshots.text import Run, text_changes

__all__ = ["Path", "Run", "apply", "changes", "path_text", "text_changes"]

_OWN_PARTS: Final = frozenset((str, int))
"""Keys that are parts of paths as they are, so they are apart there, too."""
_CONTAINERS: Final = (DictSnapshot, ListSnapshot, TupleSnapshot, SetSnapshot)

_Inside = Literal["fields", "of"]


def changes(before: Any, after: Any) -> tuple[Change, ...]:
    """Every difference; list items are matched by `id` where all of them have one.

    Indices of what is removed from a list count in the list before, all others in the list after.
    What paths cannot tell, such as the order of keys, is told by one `changed` of the smallest
    part that holds it, after the changes inside of it.
    """
    found: list[Change] = []
    _compare(before, after, (), found)
    return tuple(found)


def apply(before: Any, recorded: Iterable[Change]) -> Any:
    """The snapshot that is the `same` as `after`, for `recorded` made by `changes(before, after)`.

    Raises:
        LookupError: the changes were made from another value.
    """
    return _applied(before, list(recorded), 0)


def _compare(before: Any, after: Any, path: Path, found: list[Change]) -> None:
    # First: most parts of two values are the same, and that is told sooner than no difference.
    if same(before, after):
        return
    kind = kind_of(before)
    compare = _COMPARE.get(kind) if kind is kind_of(after) else None
    if compare is not None:
        compare(before, after, path, found)
    else:
        found.append(Change("changed", path, before, after))


def _mappings(before: DictSnapshot, after: DictSnapshot, path: Path, found: list[Change]) -> None:
    start = len(found)
    if len(before) == len(after) and all(map(same, before, after)):
        for (key, one), other in zip(before.items(), after.values(), strict=True):
            _compare(one, other, (*path, part_of(key)), found)
        is_told = True
    else:
        is_told = _entries(before, after, path, found)
    has_changed = not is_told or len(found) > start
    if has_changed and not (is_told and _is_nameable(before) and _is_nameable(after)):
        found.append(Change("changed", path, before, after))


def _entries(before: DictSnapshot, after: DictSnapshot, path: Path, found: list[Change]) -> bool:
    """Compare by key; returns whether that tells the keys and their order."""
    twins = {key: key for key in after}
    matched = {
        key: value for key, value in before.items() if key in twins and same(key, twins[key])
    }
    for key, value in before.items():
        if key in matched:
            _compare(value, after[key], (*path, part_of(key)), found)
        else:
            found.append(Change("removed", (*path, part_of(key)), value, None))
    added = [key for key in after if key not in matched]
    found += [Change("added", (*path, part_of(key)), None, after[key]) for key in added]
    return [*matched, *added] == list(after) and all(isinstance(k, (str, int)) for k in added)


def _is_nameable(mapping: DictSnapshot) -> bool:
    """Whether paths tell all keys apart."""
    if _OWN_PARTS.issuperset(map(type, mapping)):
        return True
    return len({part_of(key) for key in mapping}) == len(mapping)


def _sequences(before: Any, after: Any, path: Path, found: list[Change]) -> None:
    old, new = identities(before), identities(after)
    if old is None or new is None:
        _by_index(before, after, path, found)
        return
    for part, item in old.items():
        if part in new:
            _compare(item, new[part], (*path, part), found)
        else:
            found.append(Change("removed", (*path, part), item, None))
    added = [part for part in new if part not in old]
    found += [Change("added", (*path, part), None, new[part]) for part in added]
    if [*(part for part in old if part in new), *added] != list(new):
        found.append(Change("changed", path, before, after))


def _by_index(before: Any, after: Any, path: Path, found: list[Change]) -> None:
    start = 0
    shorter = min(len(before), len(after))
    while start < shorter and same(before[start], after[start]):
        start += 1
    end = 0
    while end < shorter - start and same(before[-1 - end], after[-1 - end]):
        end += 1
    last_before, last_after = len(before) - end, len(after) - end
    for index in range(start, max(last_before, last_after)):
        here = (*path, index)
        if index >= last_before:
            found.append(Change("added", here, None, after[index]))
        elif index >= last_after:
            found.append(Change("removed", here, before[index], None))
        else:
            _compare(before[index], after[index], here, found)


def _sets(before: SetSnapshot, after: SetSnapshot, path: Path, found: list[Change]) -> None:
    old = {canonical(member): member for member in before}
    new = {canonical(member): member for member in after}
    gone = [old[name] for name in sorted(old.keys() - new.keys())]
    come = [new[name] for name in sorted(new.keys() - old.keys())]
    found += [Change("removed", (*path, part_of(each)), each, None) for each in gone]
    found += [Change("added", (*path, part_of(each)), None, each) for each in come]


def _objects(
    before: ObjectSnapshot, after: ObjectSnapshot, path: Path, found: list[Change]
) -> None:
    told = before
    if before.type == after.type and before.kind == after.kind:
        for name in _INSIDES:
            one, other = getattr(told, name), getattr(after, name)
            if type(one) is type(other) and isinstance(one, _CONTAINERS):
                inside: list[Change] = []
                _compare(one, other, path, inside)
                deeper = [change for change in inside if len(change.path) > len(path)]
                found += deeper
                parts_of_it = {change.path[len(path)] for change in deeper}
                if deeper == inside and all(_inside(before, p) == name for p in parts_of_it):
                    told = _with(told, name, other)
    if not same(told, after):
        found.append(Change("changed", path, before, after))


_INSIDES: Final[tuple[_Inside, _Inside]] = ("fields", "of")


def _inside(picture: ObjectSnapshot, part: str | int) -> _Inside:
    """Where in an object a part of a path leads."""
    if picture.fields is None:
        return "of"
    is_field = part in picture.fields or not isinstance(picture.of, _CONTAINERS)
    return "fields" if is_field else "of"


def _with(picture: ObjectSnapshot, name: _Inside, inside: Any) -> ObjectSnapshot:
    """The picture with another inside, and with what follows from it."""
    if name == "fields":
        of = TupleSnapshot(inside.values()) if is_named_tuple(picture) else picture.of
        return dataclasses.replace(picture, fields=inside, of=of)
    text = picture.text
    if picture.kind == "subclass":
        text = f"{text.rpartition('(')[0]}({len(inside):,})"
    return dataclasses.replace(picture, of=inside, text=text)


_COMPARE: Final[dict[type, Callable[[Any, Any, Path, list[Change]], None]]] = {
    DictSnapshot: _mappings,
    ListSnapshot: _sequences,
    TupleSnapshot: _sequences,
    SetSnapshot: _sets,
    FrozenSetSnapshot: _sets,
    ObjectSnapshot: _objects,
    RelativeSnapshot: _objects,
}


def _applied(value: Any, recorded: list[Change], depth: int) -> Any:
    """Apply changes whose paths lead to `value` with their first `depth` parts."""
    if not recorded:
        return value
    last = recorded[-1]
    if len(last.path) == depth:
        return last.after
    if isinstance(value, ObjectSnapshot):
        told = value
        for name in _INSIDES:
            own = [change for change in recorded if _inside(value, change.path[depth]) == name]
            if own:
                told = _with(told, name, _applied(getattr(value, name), own, depth))
        return told
    if isinstance(value, SetSnapshot):
        return _applied_members(value, recorded)
    if isinstance(last.path[depth], int) and not isinstance(value, DictSnapshot):
        return _applied_by_index(value, recorded, depth)
    return _applied_by_part(value, recorded, depth)


def _applied_members(value: SetSnapshot, recorded: list[Change]) -> SetSnapshot:
    members = {canonical(member): member for member in value}
    for change in recorded:
        if change.kind == "removed":
            del members[canonical(change.before)]
        else:
            members[canonical(change.after)] = change.after
    return type(value)(members.values())


def _applied_by_index(value: Any, recorded: list[Change], depth: int) -> Any:
    items = list(value)
    gone: list[Any] = []
    for index, kind, own in _by_part(recorded, depth):
        if kind == "added":
            items.insert(index, own[0].after)
        elif kind == "removed":
            gone.append(index)
        else:
            items[index] = _applied(items[index], own, depth + 1)
    for index in reversed(gone):
        del items[index]
    return type(value)(items)


def _applied_by_part(value: Any, recorded: list[Change], depth: int) -> Any:
    """Apply changes to a dict, or to a list whose items have ids."""
    held = parts(value)
    is_mapping = isinstance(value, DictSnapshot)
    keys = {part_of(key): key for key in value} if is_mapping else {}
    for part, kind, own in _by_part(recorded, depth):
        if kind == "added":
            held[part] = own[0].after
        elif kind == "removed":
            del held[part]
            keys.pop(part, None)
        else:
            held[part] = _applied(held[part], own, depth + 1)
    if is_mapping:
        return DictSnapshot((keys.get(part, part), item) for part, item in held.items())
    return type(value)(held.values())


def _by_part(recorded: list[Change], depth: int) -> list[tuple[Any, str, list[Change]]]:
    """The changes by the next part of their paths, and what happens to that part."""
    found: dict[tuple[Any, str], list[Change]] = {}
    for change in recorded:
        kind = change.kind if len(change.path) == depth + 1 else "changed"
        found.setdefault((change.path[depth], kind), []).append(change)
    return [(part, kind, own) for (part, kind), own in found.items()]
