"""What differs between two snapshots, as paths with the value before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from escalated_core.records import Change
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
    canonical,
    same,
)

Path = tuple[str | int, ...]

_CONTAINERS = (ListSnapshot, DictSnapshot, TupleSnapshot, SetSnapshot)


def changes(before: Any, after: Any) -> tuple[Change, ...]:
    """Every difference, outermost first; list items are matched by `id` where they have one."""
    return tuple(_compare(before, after, ()))


def path_text(path: Path) -> str:
    """`data.tags[2]`-like text of a path; the value itself is `value`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return text or "value"


def _compare(before: Any, after: Any, path: Path) -> Iterator[Change]:
    if same(before, after):
        return
    if isinstance(before, DictSnapshot) and isinstance(after, DictSnapshot):
        yield from _mappings(before, after, path)
    elif type(before) is type(after) and isinstance(before, (ListSnapshot, TupleSnapshot)):
        yield from _sequences(before, after, path)
    elif type(before) is type(after) and isinstance(before, SetSnapshot):
        yield from _sets(before, after, path)
    elif insides := _insides(before, after):
        yield from _compare(*insides, path)
    else:
        yield Change("changed", path, before, after)


def _insides(before: Any, after: Any) -> tuple[Any, Any] | None:
    """The fields, or the builtins, of two pictures of one type of object, where these differ."""
    if not isinstance(before, ObjectSnapshot) or not isinstance(after, ObjectSnapshot):
        return None
    if before.type != after.type or before.kind != after.kind:
        return None
    both = before.fields is not None and after.fields is not None
    if both and not same(before.fields, after.fields):
        return before.fields, after.fields
    if isinstance(before.of, _CONTAINERS) and not same(before.of, after.of):
        return before.of, after.of
    return None


def _mappings(before: DictSnapshot, after: DictSnapshot, path: Path) -> Iterator[Change]:
    found = list(_entries(before, after, path))
    # Nothing but the order differs: it shows only then.
    yield from found or [Change("changed", path, before, after)]


def _entries(before: DictSnapshot, after: DictSnapshot, path: Path) -> Iterator[Change]:
    twins = {key: key for key in after}
    matched = {key for key in before if key in twins and same(key, twins[key])}
    for key, value in before.items():
        if key in matched:
            yield from _compare(value, after[key], (*path, _part(key)))
        else:
            yield Change("removed", (*path, _part(key)), value, None)
    for key, value in after.items():
        if key not in matched:
            yield Change("added", (*path, _part(key)), None, value)


def _entry(had: bool, has: bool, before: Any, after: Any, path: Path) -> Iterator[Change]:
    if not had:
        yield Change("added", path, None, after)
    elif not has:
        yield Change("removed", path, before, None)
    else:
        yield from _compare(before, after, path)


def _sequences(before: Any, after: Any, path: Path) -> Iterator[Change]:
    old, new = _identities(before), _identities(after)
    if (
        old is not None
        and new is not None
        and [i for i in old if i in new] == [i for i in new if i in old]
    ):
        yield from _by_identity(old, new, path)
        return
    start = 0
    shorter = min(len(before), len(after))
    while start < shorter and same(before[start], after[start]):
        start += 1
    end = 0
    while end < shorter - start and same(before[-1 - end], after[-1 - end]):
        end += 1
    last_before, last_after = len(before) - end, len(after) - end
    for index in range(start, max(last_before, last_after)):
        had, has = index < last_before, index < last_after
        one = before[index] if had else None
        other = after[index] if has else None
        yield from _entry(had, has, one, other, (*path, index))


def _by_identity(old: dict[Any, Any], new: dict[Any, Any], path: Path) -> Iterator[Change]:
    for identity in [*old, *(i for i in new if i not in old)]:
        part = f"id={identity}"
        yield from _entry(
            identity in old, identity in new, old.get(identity), new.get(identity), (*path, part)
        )


def _identities(items: Any) -> dict[Any, Any] | None:
    """The items by their `id`, if each has one of its own."""
    found: dict[Any, Any] = {}
    for item in items:
        fields = item.fields if isinstance(item, ObjectSnapshot) else item
        identity = fields.get("id") if isinstance(fields, DictSnapshot) else None
        if not isinstance(identity, (str, int)) or identity in found:
            return None
        found[identity] = item
    return found


def _sets(before: SetSnapshot, after: SetSnapshot, path: Path) -> Iterator[Change]:
    old = {canonical(item): item for item in before}
    new = {canonical(item): item for item in after}
    for name in sorted(old.keys() - new.keys()):
        yield Change("removed", (*path, _part(old[name])), old[name], None)
    for name in sorted(new.keys() - old.keys()):
        yield Change("added", (*path, _part(new[name])), None, new[name])


def _part(key: Any) -> str | int:
    """A key or a member of a set as it is named in a path."""
    if isinstance(key, (str, int)):
        return key
    return key.text if isinstance(key, ObjectSnapshot) else repr(key)
