"""What was seen where while a picture was taken, so that what is as it was is known cheaply.

A container is as it was when it holds the very objects it held: immutable ones cannot have changed,
and those that can are remembered themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any, Final, NamedTuple

from escalated_core.snapshots.watch import Watch

Watched = tuple[()] | tuple[Any] | tuple[Any, Any]
"""What tells by its contents whether an object is as it was; nothing if it cannot change itself."""
UNSURE: Final[Watched] = (None,)
"""Nothing tells: the object must be looked at again each time."""


class Seen(NamedTuple):
    """An object that was pictured."""

    value: object
    picture: Any
    span: int
    """How many objects of the memory are its insides and itself, which comes after them."""
    nodes: int
    """How many values its picture has."""
    watched: Watched


_NEW: Final[Any] = vars(tuple)["__new__"]
"""Makes them in a third of the time: there is one for every container."""


class Memory:
    """What one picture was taken of.

    Args:
        older: the memory of the picture before, whose parts that are as they were are taken over.
            It is of no use afterwards.
    """

    __slots__ = ("_older", "_places", "_stale", "seen", "shared", "sure", "watch", "whole")

    def __init__(self, older: Memory | None = None) -> None:
        self.whole = True
        """Whether nothing was left out: else a part may look different from another place."""
        self.shared = 0
        self.seen: list[Seen] = []
        self.sure = True
        """Whether it can be told whether all is as it was."""
        self.watch = Watch()
        """Of what was pictured, now or before."""
        self._older: list[Seen] = []
        # What is not held any more is watched on, until it is more than what is.
        if older is not None and older.whole and older.watch.count <= 2 * len(older.seen) + 20:
            self.watch = older.watch
            changed = self.watch.changed() | {id(None)}
            older.whole = older.sure = False
            self._older = older.seen
            self._places = {id(each.value): place for place, each in enumerate(older.seen)}
            held = [each.watched for each in older.seen]
            stale = [bool(w) and (id(w[0]) in changed or id(w[-1]) in changed) for w in held]
            self._stale = [*accumulate(stale, initial=0)]

    def begin(self, value: object, watch: Callable[[Any, int], Watched], room: int) -> Any:
        """An object is going to be pictured: what watches it, and how many were noted before."""
        watched = watch(value, room)
        if watched is UNSURE:
            self.sure = False
        else:
            for each in watched:
                self.watch.add(each)
        return watched, len(self.seen)

    def note(self, value: object, picture: Any, begun: Any, nodes: int) -> None:
        """An object has been pictured."""
        watched, since = begun
        span = len(self.seen) - since + 1
        self.seen.append(_NEW(Seen, (value, picture, span, nodes, watched)))

    def take_over(self, value: object, room: int) -> Seen | None:
        """What was seen of an object before, if it and its insides are as they were and fit."""
        if not self._older:
            return None
        place = self._places.get(id(value))
        if place is None:
            return None
        seen = self._older[place]
        first, stop = place - seen.span + 1, place + 1
        if seen.nodes > room or self._stale[first] != self._stale[stop]:
            return None
        self.shared += seen.nodes
        self.seen += self._older[first:stop]
        return seen

    def close(self) -> None:
        """The picture is taken: nothing more is taken over."""
        self._older = []
        self._places = {}
        self._stale = []

    def give_up(self) -> None:
        """The picture could not be taken: nobody can tell whether the value is as it was."""
        self.whole = self.sure = False

    @property
    def new_nodes(self) -> int:
        """How many values the picture has that it does not share with the one before."""
        return (self.seen[-1].nodes if self.seen else 1) - self.shared

    def is_as_it_was(self) -> bool:
        """Whether all that was pictured still holds what it held."""
        return self.sure and self.watch.holds()
