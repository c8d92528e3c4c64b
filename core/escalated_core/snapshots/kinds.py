"""How the types that snapshots know are pictured, and what tells whether a value has changed."""

from __future__ import annotations

import enum
import sys
import types
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import Any

from escalated_core.snapshots.camera import (
    Camera,
    Picture,
    Watch,
    attributes_of,
    bases,
    distinct,
    entries,
    exact,
    has_plain_zone,
    members,
    never,
    picture,
    short_name,
    unsure,
)
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    FrozenSetSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    RelativeSnapshot,
    SetSnapshot,
    TupleSnapshot,
)
from escalated_core.snapshots.static import attributes, class_name, text_of, type_name


def _container(base: Any, made: Callable[[list[Any]], Any]) -> Picture:
    """Picture what iterates like `base`, by the methods of `base` itself."""
    each, length = base.__iter__, base.__len__
    return lambda value, camera: made(camera.items(each(value), length(value)))


_NAMES: Any = vars(types.ModuleType)["__dict__"].__get__
_ORDERED: Any = OrderedDict


def _ordered(value: Any, camera: Camera) -> DictSnapshot:
    return camera.entries(_ORDERED.items(value), _ORDERED.__len__(value))


def _scalar(read: Callable[[Any], Any]) -> Picture:
    """Picture the builtin that `read` makes of an instance of its subclass."""
    return lambda value, camera: camera.take(read(value))


def _parts(base: Any, *names: str) -> Callable[[Any], list[Any]]:
    """Reads parts of a value as `base` defines them."""
    readers = [getattr(base, name).__get__ for name in names]
    return lambda value: [read(value) for read in readers]


_DATE = ("year", "month", "day")
_TIME = ("hour", "minute", "second", "microsecond")
_date_of = _parts(date, *_DATE)


def _moment(kind: type[datetime] | type[time]) -> Picture:
    """Picture a moment as it is, unless its time zone or its class is somebody's own."""
    clock_of = _parts(kind, *(_DATE if kind is datetime else ()), *_TIME)
    zone_of = _parts(kind, "tzinfo", "fold")

    def take(value: Any, camera: Camera) -> Any:
        zone, fold = zone_of(value)
        is_known = has_plain_zone(zone) or type(zone) is _zone_info()
        if is_known and type(value) is kind:
            return value
        clock = kind(*clock_of(value)).replace(fold=fold)
        if is_known:
            return clock.replace(tzinfo=zone)
        text = f"{clock.isoformat()} ({class_name(zone)})"
        shown = camera.mapping({"clock": clock, "tzinfo": zone})
        return ObjectSnapshot(type_name(kind), "object", text, shown)

    return take


def _zone_info() -> type | None:
    """The class `ZoneInfo`, if anybody has imported it: it takes a while."""
    return getattr(sys.modules.get("zoneinfo"), "ZoneInfo", None)


def _enum(value: enum.Enum, camera: Camera) -> ObjectSnapshot:
    kind = type(value)
    member = attributes(value)
    shown = RelativeSnapshot if bases.nearest(kind) else ObjectSnapshot
    text = f"{short_name(kind)}.{member['_name_']}"
    return shown(type_name(kind), "enum", text, None, camera.take(member["_value_"]))


def _exception(value: BaseException, camera: Camera) -> ObjectSnapshot:
    name = class_name(value)
    found = {"args": vars(BaseException)["args"].__get__(value), **attributes(value)}
    return ObjectSnapshot(name, "object", f"<{name}>", camera.mapping(found))


def _method(value: types.MethodType, _: Camera) -> ObjectSnapshot:
    function = value.__func__
    name = _dotted(function) if type(function) is types.FunctionType else class_name(function)
    return ObjectSnapshot("method", "object", name)


def _text(write: Callable[[Any], str]) -> Picture:
    return lambda value, _: ObjectSnapshot(class_name(value), "object", write(value))


def _dotted(function: Any) -> str:
    module, name = function.__module__, text_of(function.__qualname__)
    return f"{module}.{name}" if type(module) is str else name


def _module(value: Any) -> str:
    name = _NAMES(value).get("__name__")
    return f"<module {name}>" if type(name) is str else "<module>"


def _zone(value: timezone) -> str:
    return text_of(timezone.tzname(value, None))


def _itself(value: Any, _: Camera) -> Any:
    return value


_CONTAINERS: dict[type, tuple[Picture, Watch]] = {
    list: (_container(list, ListSnapshot), members),
    tuple: (_container(tuple, TupleSnapshot), never),
    set: (_container(set, lambda items: SetSnapshot(distinct(items))), members),
    frozenset: (_container(frozenset, lambda items: FrozenSetSnapshot(distinct(items))), never),
    dict: (lambda value, camera: camera.mapping(value), entries),
    datetime: (_moment(datetime), never),
    time: (_moment(time), never),
}
_ONLY_THEMSELVES: dict[type, Picture] = {
    **dict.fromkeys((ListSnapshot, DictSnapshot, TupleSnapshot), _itself),
    **dict.fromkeys((SetSnapshot, FrozenSetSnapshot), _itself),
    **dict.fromkeys((ObjectSnapshot, RelativeSnapshot), _itself),
    range: _text(repr),
    timezone: _text(_zone),
    **dict.fromkeys((PurePosixPath, PureWindowsPath, PosixPath, WindowsPath), _text(str)),
    types.FunctionType: _text(_dotted),
    types.BuiltinFunctionType: _text(lambda value: value.__name__),
    types.MethodType: _method,
    types.ModuleType: _text(_module),
}
_RELATIVES: dict[type, Picture] = {
    deque: _container(deque, ListSnapshot),
    OrderedDict: _ordered,
    str: _scalar(str.__str__),
    bytes: _scalar(lambda value: bytes.__getitem__(value, slice(None))),
    bytearray: _scalar(lambda value: bytes(bytearray.__getitem__(value, slice(None)))),
    int: _scalar(int.__int__),
    float: _scalar(float.__float__),
    Decimal: _scalar(Decimal),
    date: _scalar(lambda value: date(*_date_of(value))),
    timedelta: _scalar(timedelta.__pos__),
}
_KNOWN: tuple[tuple[type, Picture, Watch], ...] = (
    (enum.Enum, _enum, attributes_of),
    (BaseException, _exception, unsure),
    (type, lambda v, _: ObjectSnapshot(class_name(v), "object", type_name(v)), never),
)


@cache
def register() -> None:
    """Teach the camera about all of these, once per process."""
    for kind, (function, watch) in _CONTAINERS.items():
        exact.register(kind, function, watch)
        bases.register(kind, function)
    for kind, function in _ONLY_THEMSELVES.items():
        exact.register(kind, function, never)
    for kind, function in _RELATIVES.items():
        bases.register(kind, function)
    for kind, function, watch in _KNOWN:
        picture.register(kind, function, watch)
