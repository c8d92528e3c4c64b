"""Records and snapshots as JSON-ready builtins that lose nothing of what they are.

What JSON has is written as it is. The rest is an object with one key that begins with `$`:
`$tuple`, `$set`, `$frozenset`, `$dict` (pairs, when a key is no string), `$bytes` (base64),
`$number` (nan, inf, complex, integers beyond 2**53), `$time`, `$seconds`, `$decimal`, `$uuid`,
`$object`. Keys beside it say what that leaves open: the `zone`, `offset_name` and `fold` of a
`$time`, the `exact` parts of `$seconds`, and whether an enum's member is `relative` to a builtin.
"""

from __future__ import annotations

import base64
import dataclasses
import math
import types
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, cast
from uuid import UUID

from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    RelativeSnapshot,
    SetSnapshot,
    TupleSnapshot,
    canonical,
)
from escalated_core.snapshots.static import kind_of

_SAFE_INTEGER = 2**53

_AS_IT_IS = frozenset((str, bool, types.NoneType))


def to_plain(value: Any) -> Any:
    """JSON-ready builtins for a record, a snapshot, or containers of them.

    Raises:
        TypeError: the value is neither.
    """
    kind = kind_of(value)
    if kind in _AS_IT_IS or (kind is int and -_SAFE_INTEGER <= value <= _SAFE_INTEGER):
        return value
    known = _ENCODERS.get(kind)
    if known is not None:
        return known(value)
    if hasattr(kind, "__dataclass_fields__") and not isinstance(value, ObjectSnapshot):
        return record_to_plain(value)
    for base, encode in _ENCODERS.items():
        if isinstance(value, base):
            return encode(value)
    if isinstance(value, str):
        return value
    raise TypeError(f"{kind.__name__} is neither a record nor a snapshot")


def record_to_plain(record: Any, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Fields and the derived properties of a record by name, but for private ones and some."""
    names, read = _members(kind_of(record), without)
    # Most of a session is such items: a call for each of them would take twice as long.
    return {
        name: value if kind_of(value) in _AS_IT_IS else to_plain(value)
        for name, value in zip(names, read(record), strict=True)
    }


@cache
def _members(
    kind: type[Any], without: frozenset[str]
) -> tuple[list[str], Callable[[Any], tuple[Any, ...]]]:
    """The names of what is told of a record, and what gives their values, all at once."""
    fields = [field.name for field in dataclasses.fields(kind)]
    derived = [name for name, member in vars(kind).items() if isinstance(member, property)]
    known = (*fields, *derived)
    names = [name for name in known if name not in without and not name.startswith("_")]
    return names, attrgetter(*names) if len(names) > 1 else lambda r: (getattr(r, names[0]),)


def _number(value: float) -> Any:
    if isinstance(value, int):
        return value if abs(value) <= _SAFE_INTEGER else {"$number": _digits(value)}
    return value if math.isfinite(value) else {"$number": repr(value)}


def _digits(value: int) -> str:
    """The number as Python reads it; in hexadecimal where Python refuses decimal digits."""
    return str(value) if value.bit_length() <= 2_000 else hex(value)


def _object(value: ObjectSnapshot) -> dict[str, Any]:
    shown: dict[str, Any] = {"$object": value.type, "kind": value.kind, "text": value.text}
    if value.fields is not None:
        shown["fields"] = to_plain(value.fields)
    if value.of is not None:
        shown["of"] = to_plain(value.of)
    if isinstance(value, RelativeSnapshot) and value.kind != "subclass":
        shown["relative"] = True
    return shown


def _moment(value: datetime | time) -> dict[str, Any]:
    shown: dict[str, Any] = {"$time": value.isoformat()}
    zone: Any = value.tzinfo
    if isinstance(zone, timezone):
        given: tuple[Any, ...] = cast("Any", zone).__getinitargs__()
        if len(given) > 1:
            shown["offset_name"] = given[1]
    elif zone is not None and zone.key is not None:
        shown["zone"] = zone.key
    if value.fold:
        shown["fold"] = value.fold
    return shown


def _duration(value: timedelta) -> dict[str, Any]:
    seconds = value.total_seconds()
    shown: dict[str, Any] = {"$seconds": seconds}
    # Beyond some decades a float has no room for every microsecond.
    if abs(value.days) > 10_000:
        shown["exact"] = [value.days, value.seconds, value.microseconds]
    return shown


def _mapping(value: dict[Any, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str) or key.startswith("$"):
            return {"$dict": [[to_plain(key), to_plain(item)] for key, item in value.items()]}
        shown[key] = item if kind_of(item) in _AS_IT_IS else to_plain(item)
    return shown


def _items(value: Any) -> list[Any]:
    return [to_plain(item) for item in value]


def _set(value: SetSnapshot) -> dict[str, Any]:
    name = "$frozenset" if value.frozen else "$set"
    return {name: _items(sorted(value, key=canonical))}


def _tagged(name: str, text: Callable[[Any], str]) -> Callable[[Any], dict[str, str]]:
    return lambda value: {name: text(value)}


_ENCODERS: dict[type, Callable[[Any], Any]] = {
    int: _number,
    float: _number,
    complex: _tagged("$number", repr),
    DictSnapshot: _mapping,
    ListSnapshot: _items,
    TupleSnapshot: lambda value: {"$tuple": _items(value)},
    SetSnapshot: _set,
    ObjectSnapshot: _object,
    bytes: _tagged("$bytes", lambda value: base64.b64encode(value).decode()),
    datetime: _moment,
    date: _tagged("$time", date.isoformat),
    time: _moment,
    timedelta: _duration,
    UUID: _tagged("$uuid", str),
    Decimal: _tagged("$decimal", str),
    dict: _mapping,
    list: _items,
    tuple: _items,
}
