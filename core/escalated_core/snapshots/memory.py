"""What was seen where while a picture was taken, so that what is as it was is known cheaply.

A container is as it was when it holds the very objects it held: immutable ones cannot have changed,
and those that can are remembered themselves. Comparing identities runs no code of a plugin and
sees what `==` would miss: 1 for True, a tuple for a list, another order of keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import accumulate, chain
from operator import is_
from typing import Any, NamedTuple

from escalated_core.snapshots.static import instance_dict

Views = tuple[Collection[Any], ...]
"""Live views of what an object holds; none if it cannot change itself."""


class Namespace(Collection[Any]):
    """Says of which class an object is and which dict holds its attributes."""

    __slots__ = ("_value",)

    def __init__(self, value: object) -> None:
        self._value = value

    def __iter__(self) -> Iterator[Any]:
        return iter((type(self._value), instance_dict(self._value)))

    def __len__(self) -> int:
        return 2

    def __contains__(self, item: object) -> bool:
        return any(item is each for each in self)


class Unsure(Collection[Any]):
    """Never holds what it held: an object that must be looked at again each time."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return iter((object(),))

    def __len__(self) -> int:
        return 1

    def __contains__(self, item: object) -> bool:
        return False


UNSURE: Views = (Unsure(),)


class Seen(NamedTuple):
    """An object that was pictured."""

    value: object
    picture: Any
    span: int
    """How many objects of the memory are its insides and itself, which comes after them."""
    nodes: int
    """How many values its picture has."""
    views: int
    """How many views tell whether it is as it was."""


Held = tuple[Views, list[Any], list[int]]
"""Views of an object, what they held one after the other, and how much each."""


def held_by(views: Views) -> Held:
    """What views hold now. Called before the picture is taken: what changes meanwhile shows."""
    if not views:
        return _NOTHING
    if len(views) == 1:
        contents = [*views[0]]
        return views, contents, [len(contents)]
    contents: list[Any] = []
    lengths: list[int] = []
    for view in views:
        before = len(contents)
        contents += view
        lengths.append(len(contents) - before)
    return views, contents, lengths


_NOTHING: Held = ((), [], [])


class Memory:
    """What one picture was taken of.

    Args:
        older: the memory of the picture before, whose parts that are as they were are taken over.
    """

    __slots__ = (
        "_ends",
        "_older",
        "_places",
        "contents",
        "lengths",
        "seen",
        "shared",
        "views",
        "whole",
    )

    def __init__(self, older: Memory | None = None) -> None:
        self.whole = True
        """Whether nothing was left out: else a part may look different from another place."""
        self.shared = 0
        self.seen: list[Seen] = []
        self.views: list[Collection[Any]] = []
        self.lengths: list[int] = []
        self.contents: list[Any] = []
        self._older = older if older is not None and older.whole else None
        if self._older is not None:
            self._places = {id(each.value): place for place, each in enumerate(self._older.seen)}
            contents = [*accumulate(self._older.lengths, initial=0)]
            views = accumulate((each.views for each in self._older.seen), initial=0)
            self._ends = [(view, contents[view]) for view in views]

    def note(self, value: object, picture: Any, held: Held, since: int, nodes: int) -> None:
        """An object has been pictured; `since` objects were noted before its insides were."""
        views, contents, lengths = held
        self.views += views
        self.lengths += lengths
        self.contents += contents
        span = len(self.seen) - since + 1
        self.seen.append(Seen(value, picture, span, nodes, len(views)))

    def take_over(self, value: object, room: int) -> Seen | None:
        """What was seen of an object before, if it and its insides are as they were and fit."""
        older = self._older
        place = self._places.get(id(value)) if older is not None else None
        if older is None or place is None:
            return None
        seen = older.seen[place]
        if seen.nodes > room:
            return None
        first = place - seen.span + 1
        start, stop = self._ends[first], self._ends[place + 1]
        views, contents = slice(start[0], stop[0]), slice(start[1], stop[1])
        if not _hold(older.views[views], older.lengths[views], older.contents[contents]):
            return None
        self.shared += seen.nodes
        self.seen += older.seen[first : place + 1]
        self.views += older.views[views]
        self.lengths += older.lengths[views]
        self.contents += older.contents[contents]
        return seen

    def close(self) -> None:
        """The picture is taken: nothing more is taken over."""
        self._older = None
        self._places = {}
        self._ends = []

    def give_up(self) -> None:
        """The picture could not be taken: nobody can tell whether the value is as it was."""
        self.whole = False
        self.views, self.lengths, self.contents = [*UNSURE], [1], [None]

    @property
    def new_nodes(self) -> int:
        """How many values the picture has that it does not share with the one before."""
        return (self.seen[-1].nodes if self.seen else 1) - self.shared

    def is_as_it_was(self) -> bool:
        """Whether all that was pictured still holds what it held."""
        return _hold(self.views, self.lengths, self.contents)


def _hold(views: list[Collection[Any]], lengths: list[int], contents: list[Any]) -> bool:
    try:
        return [*map(len, views)] == lengths and all(map(is_, chain.from_iterable(views), contents))
    except RuntimeError:  # another thread changes one at this moment
        return False
