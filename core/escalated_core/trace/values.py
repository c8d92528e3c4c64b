"""The pictures of a firing's value and arguments, taken as its steps come to their end."""

from __future__ import annotations

from typing import Any

from escalated_core.snapshots.pictures import DictSnapshot, ObjectSnapshot, same
from escalated_core.snapshots.snapshot import Album, snapshot
from escalated_core.trace.recording import OpenFiring

NO_KEYWORDS = DictSnapshot()
NOT_RECORDED = ObjectSnapshot("…", "truncated", "… not recorded")
"""Stands for a value while values are not recorded."""


def pictures_of(
    firing: OpenFiring, args: tuple[Any, ...], kwargs: dict[str, Any], *, wanted: bool
) -> Pictures | None:
    """The pictures of a firing, also if somebody steps through it; else it says it has none."""
    if wanted or firing.walk is not None:
        return Pictures(firing, args, kwargs)
    firing.args = (NOT_RECORDED,) * len(args)
    firing.kwargs = NO_KEYWORDS
    firing.pictures = [NOT_RECORDED] if firing.kind == "filter" else []
    return None


class Pictures:
    """Takes the pictures of a firing: of its arguments at first, of what changes at each step."""

    def __init__(self, firing: OpenFiring, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._firing = firing
        passes = firing.kind == "filter"
        self._args = args[1:] if passes else args
        self._value = Album(args[0]) if passes else None
        self._others = Album(self._args) if self._args else None
        others = tuple(self._others.picture) if self._others is not None else ()
        firing.kwargs = snapshot(kwargs) if kwargs else NO_KEYWORDS
        firing.args = others if self._value is None else (self._value.picture, *others)
        firing.nodes = sum(a.nodes for a in (self._value, self._others) if a is not None)
        if self._value is not None:
            firing.pictures = [self._value.picture]

    def take(self, value: Any, answer: Any) -> None:
        """A callback got `value` and answered `answer`; unchanged values are stored once."""
        firing = self._firing
        album = self._value
        if album is not None:
            before = album.picture
            after = album.look(value)
            if after is not before:
                firing.notes().mutated = True
                firing.nodes += album.nodes
            if answer is not value:
                after = album.look(answer)
                firing.nodes += album.nodes
                if answer is None:
                    firing.notes().returned_none = True
            firing.pictures.append(before if same(before, after) else after)
        others = self._others
        if others is not None:
            before = others.picture
            after = others.look(self._args)
            if after is not before:
                firing.notes().arguments = before, after
                firing.nodes += others.nodes
