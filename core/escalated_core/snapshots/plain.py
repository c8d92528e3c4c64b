"""Records and snapshots as JSON-ready builtins, without losing what they are.

What JSON has is written as it is. The rest is an object with one key that begins with `$`:
`$tuple`, `$set`, `$frozenset`, `$dict` (pairs, when a key is no string), `$bytes` (base64),
`$number` (nan, inf, complex, integers beyond 2**53), `$time`, `$seconds`, `$decimal`, `$uuid`,
`$object`.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
    canonical,
)
from escalated_core.snapshots.static import kind_of

_SAFE_INTEGER = 2**53


def to_plain(value: Any) -> Any:
    """JSON-ready builtins for a record, a snapshot, or containers of them.

    Raises:
        TypeError: the value is neither.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    for kind, encode in _ENCODERS.items():
        if isinstance(value, kind):
            return encode(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    raise TypeError(f"{type(value).__name__} is neither a record nor a snapshot")


def _record(value: Any) -> dict[str, Any]:
    """Fields and the derived properties of a record, by name."""
    names = [field.name for field in dataclasses.fields(value)]
    members = vars(kind_of(value))
    names += [name for name, member in members.items() if isinstance(member, property)]
    return {name: to_plain(getattr(value, name)) for name in names}


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
    return shown


def _mapping(value: dict[Any, Any]) -> dict[str, Any]:
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {key: to_plain(item) for key, item in value.items()}
    return {"$dict": [[to_plain(key), to_plain(item)] for key, item in value.items()]}


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
    datetime: _tagged("$time", datetime.isoformat),
    date: _tagged("$time", date.isoformat),
    time: _tagged("$time", time.isoformat),
    timedelta: lambda value: {"$seconds": cast("timedelta", value).total_seconds()},
    UUID: _tagged("$uuid", str),
    Decimal: _tagged("$decimal", str),
    dict: _mapping,
    list: _items,
    tuple: _items,
}
