"""Whether containers and objects hold the very objects they held, without running code of theirs.

Comparing identities sees what `==` would miss: 1 for True, a tuple for a list, another order of
keys. CPython up to 3.12 also numbers every change of every dict, and no number comes twice; reading
it costs a tenth of looking at the entries. Both are nowhere promised as they are read here, so they
are tried out at import, and without them more is looked at, which tells the same.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from collections.abc import Callable, Iterable
from gc import get_referents
from itertools import chain, repeat
from operator import is_
from typing import Any, Final, cast

_WORD: Final = struct.calcsize("P")
_AFTER_HEAD: Final = object.__basicsize__ + _WORD
"""Where a dict keeps its number: after the head of every object and its length."""
_MARK: Final = object()
_BAR: Final = (_MARK,)
"""Keeps what one object refers to apart from what the next one does."""
_window: Final = (ctypes.c_char * 8).from_address


def _addresses(values: tuple[Any, ...]) -> Any:
    return ctypes.string_at(id(values) + tuple.__basicsize__, _WORD * len(values))


def _ids(values: tuple[Any, ...]) -> Any:
    return tuple(map(id, values))


def _keeps_addresses() -> bool:
    """Whether a tuple's items can be read as addresses, which are what `id` tells."""
    if sys.implementation.name != "cpython":
        return False
    values: tuple[Any, ...] = (None, "text", [], {})
    return _addresses(values) == struct.pack(f"{len(values)}P", *map(id, values))


def _numbers_changes() -> bool:
    """Whether each kind of change gives a dict another number, and looking at it does not."""
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 13):
        return False
    value: dict[Any, Any] = {"a": 1, "b": None}
    changes: tuple[Callable[[], object], ...] = (
        lambda: value.update(a=2),
        lambda: value.update(c=1),
        lambda: value.pop("a"),
        lambda: value.update(a=2),
        lambda: value.setdefault(5, None),
        value.popitem,
        value.clear,
    )
    number = _window(id(value) + _AFTER_HEAD)
    seen = [bytes(number)]
    for change in changes:
        change()
        seen.append(bytes(number))
    repr((value.get("a"), [*value.items()], value.copy()))
    return len({*seen}) == len(seen) and bytes(number) == seen[-1]


IS_NUMBERED: Final = _numbers_changes()
"""Whether dicts have numbers here."""
identities: Final = _addresses if _keeps_addresses() else _ids
"""Which objects a tuple holds, to be compared with `==` while all that was held is alive."""


class Watch:
    """Tells at once whether objects hold what they held when they were added, or last asked about.

    It keeps them alive, and what they hold.
    """

    __slots__ = (
        "_bars",
        "_dicts",
        "_held",
        "_identities",
        "_known",
        "_numbers",
        "_others",
        "_windows",
    )

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._dicts: list[dict[Any, Any]] = []
        self._windows: list[Any] = []
        self._numbers = bytearray()
        self._others: list[Any] = []
        self._bars: list[Any] = []
        self._held: list[Any] = []
        self._identities: Any = None

    @property
    def count(self) -> int:
        """How many are watched."""
        return len(self._known)

    def add(self, value: Any) -> None:
        """Watch one more: a dict, a list, a set, or an object for its class and `__dict__`.

        Before it is pictured: what changes meanwhile shows.
        """
        name = id(value)
        if name in self._known:
            return
        self._known.add(name)
        if IS_NUMBERED and type(value) is dict:
            number = _window(name + _AFTER_HEAD)
            self._numbers += number
            self._windows.append(number)
            self._dicts.append(cast("dict[Any, Any]", value))
        else:
            self._held.append(_MARK)
            self._held += _held_by(value)
            self._bars += (_BAR, value)
            self._others.append(value)
            self._identities = None

    def holds(self) -> bool:
        """Whether nothing has changed."""
        if bytearray().join(self._windows) != self._numbers:
            return False
        return identities((*_found(self._bars),)) == self._seen()

    def _seen(self) -> Any:
        if self._identities is None:
            self._identities = identities((*self._held,))
        return self._identities

    def changed(self) -> set[int]:
        """The identities of those that have changed; from now on they are taken as they are."""
        found: set[int] = set()
        old, new = self._numbers, bytearray().join(self._windows)
        if old != new:
            for place, value in enumerate(self._dicts):
                at = slice(8 * place, 8 * place + 8)
                if old[at] != new[at]:
                    found.add(id(value))
            self._numbers = new
        held = _found(self._bars)
        newest = identities((*held,))
        if newest != self._seen():
            each = zip(self._others, _split(self._held), _split(held), strict=True)
            for value, before, now in each:
                if len(before) != len(now) or not all(map(is_, before, now)):
                    found.add(id(value))
            self._held, self._identities = held, newest
        return found


def refers_to(value: object, *parts: object) -> bool:
    """Whether a watch of an object sees when these parts of it are others."""
    held = get_referents(value)
    return all(any(map(is_, held, repeat(part))) for part in parts)


def _found(bars: Iterable[Any]) -> list[Any]:
    """What all of them hold, one after the other, with a mark before each."""
    if IS_NUMBERED:
        return get_referents(*bars)
    return [*chain.from_iterable(map(_held_by, bars))]


def _held_by(value: Any) -> list[Any]:
    # Python does not tell text keys, nor what lies in an object.
    return [*value, *value.values()] if type(value) is dict else get_referents(value)


def _split(held: list[Any]) -> list[list[Any]]:
    """What was held by each."""
    parts: list[list[Any]] = []
    for each in held:
        if each is _MARK:
            parts.append([])
        else:
            parts[-1].append(each)
    return parts
