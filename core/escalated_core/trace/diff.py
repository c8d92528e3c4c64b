"""What differs between two snapshots, as paths with the value before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from escalated_core.records import Change
from escalated_core.trace.snapshot import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
    same,
)

Path = tuple[str | int, ...]


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
    elif isinstance(before, SetSnapshot) and isinstance(after, SetSnapshot):
        yield from _sets(before, after, path)
    elif fields := _fields(before, after):
        yield from _mappings(*fields, path)
    else:
        yield Change("changed", path, before, after)


def _fields(before: Any, after: Any) -> tuple[DictSnapshot, DictSnapshot] | None:
    """The fields of two pictures of one type of object, where these differ."""
    if not isinstance(before, ObjectSnapshot) or not isinstance(after, ObjectSnapshot):
        return None
    if before.fields is None or after.fields is None or before.type != after.type:
        return None
    return None if same(before.fields, after.fields) else (before.fields, after.fields)


def _mappings(before: DictSnapshot, after: DictSnapshot, path: Path) -> Iterator[Change]:
    found = False
    for key in [*before, *(k for k in after if k not in before)]:
        part = key if isinstance(key, (str, int)) else str(key)
        for change in _entry(
            key in before, key in after, before.get(key), after.get(key), (*path, part)
        ):
            found = True
            yield change
    if not found:
        # Equal entries in another order, or keys of another type: 1 and True.
        yield Change("changed", path, before, after)


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
    return found or None


def _sets(before: SetSnapshot, after: SetSnapshot, path: Path) -> Iterator[Change]:
    found = False
    for item in sorted(before | after, key=repr):
        if item not in after:
            found = True
            yield Change("removed", (*path, repr(item)), item, None)
        elif item not in before:
            found = True
            yield Change("added", (*path, repr(item)), None, item)
    if not found:
        yield Change("changed", path, before, after)
