"""Objects made anew of what their pictures keep, without running code of their classes.

A class is found by its name among what is loaded; `LookupError` says why an object cannot be had.
"""

from __future__ import annotations

import enum
import pathlib
import re
import sys
import types
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final, cast

from escalated_core.snapshots.pictures import ObjectSnapshot
from escalated_core.snapshots.static import (
    class_attribute,
    instance_dict,
    kind_of,
    mro,
    namespace,
    type_name,
)

NOTHING: Final = object()
"""Answered for what nothing is known about."""

_Maker = Callable[[Any, Any], Any]
"""Makes an instance of a class of the builtin that it is equal to."""


def simple(picture: ObjectSnapshot) -> Any:
    """A path, a range or a class; `NOTHING` for any other object."""
    if picture.type in _PATHS:
        return _PATHS[picture.type](picture.text)
    if picture.type == "range" and (found := _RANGE.fullmatch(picture.text)):
        return range(*(int(each) for each in found.groups() if each is not None))
    return found_class(picture.text) if picture.type == "type" else NOTHING


def relative(kind: str, equal: Any, attributes: Mapping[str, Any]) -> Any:
    """An instance of a class that inherits from a builtin.

    Args:
        kind: the name of the class.
        equal: the builtin that it is equal to.
        attributes: what it keeps besides.
    """
    found = found_class(kind)
    make = next((_MAKERS[base] for base in mro(found) if base in _MAKERS), None)
    if make is None:
        raise LookupError(f"an object of {kind}")
    made = _made(kind, partial(make, found, equal))
    return _with(made, attributes)


def instance(kind: str, attributes: Mapping[str, Any]) -> Any:
    """An instance of a dataclass with these attributes."""
    found = found_class(kind)
    declared: Any = class_attribute(found, "__dataclass_fields__")
    if type(declared) is not dict:
        raise LookupError(f"{kind} is no dataclass any more")
    fields = cast("dict[str, Any]", declared)
    for name in fields:
        if name not in attributes and not any(name in namespace(base) for base in mro(found)):
            raise LookupError(f"{kind} has a field {name} now, which was not recorded")
    return _with(_made(kind, partial(object.__new__, found)), attributes)


def member(kind: str, name: str) -> Any:
    """A member of an enum."""
    found = found_class(kind)
    members: Any = class_attribute(found, "_member_map_") if enum.Enum in mro(found) else None
    if not members or name not in members:
        raise LookupError(f"{kind} has no member {name}")
    return members[name]


def found_class(name: str) -> type:
    """The class of that name; raises `LookupError` if none is loaded."""
    parts = name.split(".")
    for count in reversed(range(len(parts))):
        module = sys.modules.get(".".join(parts[:count]) or "builtins")
        found = _inside(module, parts[count:])
        if found is not None and type_name(found) == name:
            return found
    raise LookupError(f"its class {name} is not loaded")


def _inside(module: Any, names: list[str]) -> type | None:
    """The class that names lead to from a module on."""
    place: Any = module
    for name in names:
        kind = kind_of(place)
        known: Any = namespace(place) if issubclass(kind, type) else instance_dict(place)
        if known is None or name not in known:
            return None
        place = known[name]
    return place if issubclass(kind_of(place), type) else None


def _with(made: Any, attributes: Mapping[str, Any]) -> Any:
    def set_all() -> Any:
        for name, value in attributes.items():
            object.__setattr__(made, name, value)
        return made

    return _made(type_name(kind_of(made)), set_all)


def _made(kind: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (TypeError, AttributeError, ValueError) as why:
        raise LookupError(f"an object of {kind}: {why}") from None


def _of(base: Any) -> _Maker:
    """Makes what takes the builtin itself."""
    return base.__new__


def _filled(base: Any) -> _Maker:
    """Makes what is filled after it has been made."""

    def make(kind: Any, equal: Any) -> Any:
        made = base.__new__(kind)
        base.__init__(made, equal)
        return made

    return make


def _ordered(kind: Any, equal: Mapping[Any, Any]) -> Any:
    made = OrderedDict[Any, Any].__new__(kind)
    for key, value in equal.items():
        OrderedDict[Any, Any].__setitem__(made, key, value)
    return made


def _read(base: Any, *names: str) -> _Maker:
    """Makes what takes its parts one by one."""
    return lambda kind, equal: base.__new__(kind, *(getattr(equal, name) for name in names))


_DATE: Final = ("year", "month", "day")
_TIME: Final = ("hour", "minute", "second", "microsecond", "tzinfo")
_MAKERS: Final[dict[type, _Maker]] = {
    OrderedDict: _ordered,
    **{base: _filled(base) for base in (list, dict, set, deque, bytearray)},
    **{base: _of(base) for base in (str, bytes, int, float, tuple, frozenset, Decimal)},
    datetime: _read(datetime, *_DATE, *_TIME),
    date: _read(date, *_DATE),
    time: _read(time, *_TIME),
    timedelta: _read(timedelta, "days", "seconds", "microseconds"),
}
_PATHS: Final[dict[str, Any]] = {
    type_name(each): each
    for each in (pathlib.PurePosixPath, pathlib.PureWindowsPath, type(pathlib.Path()))
}
_RANGE: Final = re.compile(r"range\((-?\d+), (-?\d+)(?:, (-?\d+))?\)")
NAMESPACE: Final = type_name(types.SimpleNamespace)
