"""Records and snapshots as JSON-ready builtins and back, without losing what they are.

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
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from escalated_core.snapshots.pictures import (
    DictSnapshot,
    FrozenSetSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    RelativeSnapshot,
    SetSnapshot,
    TupleSnapshot,
    canonical,
    plain,
)
from escalated_core.snapshots.static import kind_of

_SAFE_INTEGER = 2**53

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """JSON-ready builtins for a record, a snapshot, or containers of them.

    Raises:
        TypeError: the value is neither.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    known = _ENCODERS.get(kind_of(value))
    if known is not None:
        return known(value)
    if hasattr(kind_of(value), "__dataclass_fields__") and not isinstance(value, ObjectSnapshot):
        return _record(value)
    for kind, encode in _ENCODERS.items():
        if isinstance(value, kind):
            return encode(value)
    raise TypeError(f"{type(value).__name__} is neither a record nor a snapshot")


def _record(value: Any) -> dict[str, Any]:
    """Fields and the derived properties of a record, by name."""
    return {name: to_plain(getattr(value, name)) for name in _members(kind_of(value))}


@cache
def _members(kind: type[Any]) -> tuple[str, ...]:
    names = [field.name for field in dataclasses.fields(kind)]
    return *names, *(name for name, member in vars(kind).items() if isinstance(member, property))


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


def from_plain(data: Any, kind: type[T], shared: Sequence[Any] = ()) -> T:
    """The record of class `kind` that `to_plain` made `data` of.

    Keys that the class does not know are left out, fields that `data` lacks keep their default.
    `shared` holds the snapshots that `{"$ref": index}` stands for.

    Raises:
        ValueError: `data` is no such record; the text names the field.
    """
    try:
        return _read(data, kind, shared)
    except (TypeError, KeyError, IndexError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"{kind.__name__}: {type(error).__name__}: {error}") from None


def snapshot_from(data: Any, shared: Sequence[Any] = ()) -> Any:
    """The snapshot that `to_plain` made `data` of; raises like `from_plain`."""
    return from_plain(data, cast("type[Any]", Any), shared)


def _read(data: Any, kind: Any, shared: Sequence[Any]) -> Any:
    if kind is Any:
        return _picture(data, shared)
    if dataclasses.is_dataclass(kind):
        return _record_from(data, cast("type[Any]", kind), shared)
    generic = _GENERICS.get(get_origin(kind))
    if generic is not None:
        return generic(data, get_args(kind), shared)
    if kind in (int, float) and isinstance(data, dict):
        data = _picture(data, shared)
    return data if kind is float and type(data) is int else _expect(data, kind)


def _record_from(data: Any, kind: type[Any], shared: Sequence[Any]) -> Any:
    given = _expect(data, dict)
    found: dict[str, Any] = {}
    for name, hint in _hints(kind).items():
        if name in given:
            try:
                found[name] = _read(given[name], hint, shared)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
    return kind(**found)


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _tuple_from(data: Any, inner: tuple[Any, ...], shared: Sequence[Any]) -> tuple[Any, ...]:
    items = _expect(data, list)
    if inner[-1] is Ellipsis:
        return tuple([_read(item, inner[0], shared) for item in items])
    return tuple(_read(item, each, shared) for item, each in zip(items, inner, strict=True))


def _any_of(data: Any, inner: tuple[Any, ...], shared: Sequence[Any]) -> Any:
    if data is None and types.NoneType in inner:
        return None
    kinds = [kind for kind in inner if kind is not types.NoneType]
    for kind in kinds[:-1]:
        if type(data) is kind:
            return data
    return _read(data, kinds[-1], shared)


def _one_of(data: Any, inner: tuple[Any, ...], _: Sequence[Any]) -> Any:
    if data not in inner:
        raise ValueError(f"{data!r} is none of {', '.join(map(str, inner))}")
    return data


def _builtins(data: Any, _: tuple[Any, ...], shared: Sequence[Any]) -> Any:
    return plain(_picture(_expect(data, dict), shared))


_GENERICS: dict[Any, Callable[[Any, tuple[Any, ...], Sequence[Any]], Any]] = {
    tuple: _tuple_from,
    Union: _any_of,
    types.UnionType: _any_of,
    Literal: _one_of,
    dict: _builtins,
}


def _expect(data: Any, kind: type[Any]) -> Any:
    if not isinstance(data, kind):
        raise ValueError(f"{kind.__name__} expected, not {type(data).__name__}")
    return data


def _picture(data: Any, shared: Sequence[Any]) -> Any:
    if isinstance(data, list):
        return ListSnapshot(_pictures(data, shared))
    if not isinstance(data, dict):
        return data
    fields = cast("dict[str, Any]", data)
    first = next(iter(fields), "")
    if not first.startswith("$"):
        return DictSnapshot({key: _picture(item, shared) for key, item in fields.items()})
    decode = _DECODERS.get(first)
    if decode is None:
        raise ValueError(f"nothing is known that is written as {first}")
    return decode(fields, shared)


def _pictures(data: Any, shared: Sequence[Any]) -> list[Any]:
    return [_picture(item, shared) for item in _expect(data, list)]


def _shared(data: dict[str, Any], shared: Sequence[Any]) -> Any:
    index = _expect(data["$ref"], int)
    if index < 0:
        raise ValueError(f"$ref is {index}")
    return shared[index]


def _pairs(data: dict[str, Any], shared: Sequence[Any]) -> DictSnapshot:
    pairs = (_pictures(pair, shared) for pair in _expect(data["$dict"], list))
    return DictSnapshot([(key, item) for key, item in pairs])


def _object_from(data: dict[str, Any], shared: Sequence[Any]) -> ObjectSnapshot:
    is_relative = data["kind"] == "subclass" or data.get("relative", False)
    made = RelativeSnapshot if is_relative else ObjectSnapshot
    kind, how, text = (_expect(data[name], str) for name in ("$object", "kind", "text"))
    fields = _picture(data["fields"], shared) if "fields" in data else None
    return made(kind, how, text, fields, _picture(data.get("of"), shared))


def _number_from(data: dict[str, Any], _: Sequence[Any]) -> complex:
    text = _expect(data["$number"], str)
    if text.endswith(("j", "j)")):
        return complex(text)
    return float(text) if text in ("nan", "inf", "-inf") else int(text, 0)


def _moment_from(data: dict[str, Any], _: Sequence[Any]) -> date | time:
    text = _expect(data["$time"], str)
    if "-" in text[:5] and "T" not in text:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text) if "T" in text else time.fromisoformat(text)
    zone = moment.tzinfo
    if "zone" in data:
        zone = _zone(data["zone"]) or zone
    elif "offset_name" in data and zone is not None:
        offset = cast("timedelta", moment.utcoffset())
        zone = timezone(offset, data["offset_name"])
    return moment.replace(tzinfo=zone, fold=data.get("fold", 0))


def _zone(key: str) -> Any:
    """The time zone of that name; None where this machine does not know it."""
    # Only for moments that name a zone: it takes a while.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _duration_from(data: dict[str, Any], _: Sequence[Any]) -> timedelta:
    return timedelta(*data["exact"]) if "exact" in data else timedelta(seconds=data["$seconds"])


def _decimal(data: dict[str, Any], _: Sequence[Any]) -> Decimal:
    try:
        return Decimal(data["$decimal"])
    except InvalidOperation:
        raise ValueError(f"{data['$decimal']!r} is no number") from None


_DECODERS: dict[str, Callable[[dict[str, Any], Sequence[Any]], Any]] = {
    "$ref": _shared,
    "$tuple": lambda data, shared: TupleSnapshot(_pictures(data["$tuple"], shared)),
    "$set": lambda data, shared: SetSnapshot(_pictures(data["$set"], shared)),
    "$frozenset": lambda data, shared: FrozenSetSnapshot(_pictures(data["$frozenset"], shared)),
    "$dict": _pairs,
    "$bytes": lambda data, _: base64.b64decode(data["$bytes"], validate=True),
    "$number": _number_from,
    "$time": _moment_from,
    "$seconds": _duration_from,
    "$decimal": _decimal,
    "$uuid": lambda data, _: UUID(data["$uuid"]),
    "$object": _object_from,
}
