"""Records and snapshots made anew of what `plain` has made of them."""

from __future__ import annotations

import base64
import dataclasses
import re
import types
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from escalated_core.snapshots.pictures import (
    DictSnapshot,
    FrozenSetSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    RelativeSnapshot,
    SetSnapshot,
    TupleSnapshot,
    plain,
)
from escalated_core.snapshots.static import kind_of

T = TypeVar("T")
_Reader = Callable[[Any, Sequence[Any]], Any]
"""Reads JSON-ready builtins; the second argument holds what `$ref` stands for."""
_NESTED = frozenset((dict, list))


def from_plain(data: Any, kind: type[T], shared: Sequence[Any] = ()) -> T:
    """The record of class `kind` that `to_plain` made `data` of.

    Keys that the class does not know are left out, fields that `data` lacks keep their default.
    `shared` holds the snapshots that `{"$ref": index}` stands for.

    Raises:
        ValueError: `data` is no such record; the text names the field.
    """
    try:
        return _reader(kind)(data, shared)
    except (TypeError, KeyError, IndexError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"{kind.__name__}: {type(error).__name__}: {error}") from None


def snapshot_from(data: Any, shared: Sequence[Any] = ()) -> Any:
    """The snapshot that `to_plain` made `data` of; raises like `from_plain`."""
    return from_plain(data, cast("type[Any]", Any), shared)


@cache
def _reader(kind: Any) -> _Reader:
    """What reads values of an annotated type. Made once: it is asked for with every field."""
    if kind is Any:
        return _picture
    if dataclasses.is_dataclass(kind):
        return _record_reader(cast("type[Any]", kind))
    generic = _GENERICS.get(get_origin(kind))
    return _builtin_reader(kind) if generic is None else generic(get_args(kind))


def _record_reader(kind: type[Any]) -> _Reader:
    def read(data: Any, shared: Sequence[Any]) -> Any:
        given, found, name = _expect(data, dict), {}, ""
        try:
            for name, reader in _field_readers(kind):
                if name in given:
                    found[name] = reader(given[name], shared)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        return kind(**found)

    return read


@cache
def _field_readers(kind: type[Any]) -> list[tuple[str, _Reader]]:
    # Not with the record's own reader: a record may have a field of its own class.
    hints = get_type_hints(kind)
    return [(field.name, _reader(hints[field.name])) for field in dataclasses.fields(kind)]


def _builtin_reader(kind: type[Any]) -> _Reader:
    def read(data: Any, shared: Sequence[Any]) -> Any:
        if type(data) is kind:
            return data
        if kind in (int, float) and isinstance(data, dict):
            data = _picture(data, shared)
        return data if kind is float and type(data) is int else _expect(data, kind)

    return read


def _tuple_reader(inner: tuple[Any, ...]) -> _Reader:
    readers = [_reader(each) for each in inner if each is not Ellipsis]

    def read(data: Any, shared: Sequence[Any]) -> tuple[Any, ...]:
        items = _expect(data, list)
        if inner[-1] is Ellipsis:
            return tuple([readers[0](item, shared) for item in items])
        return tuple([reader(item, shared) for item, reader in zip(items, readers, strict=True)])

    return read


def _union_reader(inner: tuple[Any, ...]) -> _Reader:
    kinds = [kind for kind in inner if kind is not types.NoneType]
    last = _reader(kinds[-1])
    as_they_are = kinds[:-1]
    is_optional = len(kinds) < len(inner)

    def read(data: Any, shared: Sequence[Any]) -> Any:
        if (data is None and is_optional) or type(data) in as_they_are:
            return data
        return last(data, shared)

    return read


def _literal_reader(inner: tuple[Any, ...]) -> _Reader:
    def read(data: Any, _: Sequence[Any]) -> Any:
        if data not in inner:
            raise ValueError(f"{data!r} is none of {', '.join(map(str, inner))}")
        return data

    return read


def _builtins_reader(_: tuple[Any, ...]) -> _Reader:
    return lambda data, shared: plain(_picture(_expect(data, dict), shared))


_GENERICS: dict[Any, Callable[[tuple[Any, ...]], _Reader]] = {
    tuple: _tuple_reader,
    Union: _union_reader,
    types.UnionType: _union_reader,
    Literal: _literal_reader,
    dict: _builtins_reader,
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
        # Most of a session is such items: a call for each of them would take twice as long.
        return DictSnapshot(
            {
                key: _picture(item, shared) if kind_of(item) in _NESTED else item
                for key, item in fields.items()
            }
        )
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


_TINY_OFFSET: Final = re.compile(r"([+-])00:00:00\.(\d{6})\Z")


def _moment_from(data: dict[str, Any], _: Sequence[Any]) -> date | time:
    text = _expect(data["$time"], str)
    if "-" in text[:5] and "T" not in text:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text) if "T" in text else time.fromisoformat(text)
    if tiny := _TINY_OFFSET.search(text):
        # Python takes an offset of less than a second for none.
        moment = moment.replace(tzinfo=timezone(timedelta(microseconds=int(tiny[1] + tiny[2]))))
    if len(data) == 1:
        return moment
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
