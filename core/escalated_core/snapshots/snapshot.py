"""Snapshots: immutable pictures of values, taken without running any code of a plugin.

None, bool, numbers, str, bytes, datetimes, UUIDs and Decimals are their own snapshot. Container
snapshots compare equal to, iterate and index like the builtins. Everything else becomes an
`ObjectSnapshot`. Sizes are capped with a visible mark; cycles are marked.
"""

from __future__ import annotations

from typing import Any

from escalated_core.snapshots import kinds
from escalated_core.snapshots.camera import Camera, picture
from escalated_core.snapshots.memory import Memory
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
    plain,
    same,
)
from escalated_core.snapshots.static import attributes, class_name

__all__ = [
    "Album",
    "DictSnapshot",
    "ListSnapshot",
    "ObjectSnapshot",
    "SetSnapshot",
    "TupleSnapshot",
    "attributes",
    "class_name",
    "picture",
    "plain",
    "same",
    "snapshot",
    "snapshot_names",
]

kinds.register()


def snapshot(value: object) -> Any:
    """A picture of `value` as it is now. Runs no code of a plugin and never raises."""
    return _taken(value, None)


def snapshot_names(names: dict[str, Any], room: int) -> DictSnapshot:
    """Pictures of named values, with `room` for as many values in all."""
    try:
        return Camera(room=room).mapping(names)
    except RecursionError:
        return DictSnapshot()


class Album:
    """Looks at a value again and again, also at others that share parts with it."""

    __slots__ = ("_memory", "_value", "picture")

    def __init__(self, value: object) -> None:
        self._value = value
        self._memory = Memory()
        self.picture = _taken(value, self._memory)
        """The newest picture."""

    @property
    def nodes(self) -> int:
        """How many values the newest picture has that it does not share with the one before."""
        return self._memory.new_nodes

    def look(self, value: object) -> Any:
        """A picture of `value` as it is now: the very one before if it shows the same.

        Parts that are as they were are shared with the picture before.
        """
        if value is self._value and self._memory.is_as_it_was():
            return self.picture
        memory = Memory(self._memory)
        shown = _taken(value, memory)
        self._memory, self._value = memory, value
        if not same(self.picture, shown):
            self.picture = shown
        return self.picture


def _taken(value: object, memory: Memory | None) -> Any:
    try:
        return Camera(memory).take(value)
    except RecursionError:
        if memory is not None:
            memory.give_up()
        return ObjectSnapshot(class_name(value), "truncated", "… not recorded: nested too deep")
    finally:
        if memory is not None:
            memory.close()
