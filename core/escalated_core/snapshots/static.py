"""Looking at objects without running any code of theirs.

`isinstance`, `getattr` and hashing a class may all run a plugin's code (`__class__`,
`__getattribute__`, a metaclass): here only Python's own descriptors are asked.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import GetSetDescriptorType, MappingProxyType, MemberDescriptorType
from typing import Any, Final, NamedTuple, cast

kind_of: Final[Callable[[object], type]] = type
"""The class of a value, whatever it claims to be."""

NAME_CAP: Final = 500
"""Characters kept of the name of a class, a function or a module."""

_MRO: Final = vars(type)["__mro__"].__get__
_NAMESPACE: Final = vars(type)["__dict__"].__get__
_MODULE: Final = vars(type)["__module__"].__get__
_QUALNAME: Final = vars(type)["__qualname__"].__get__


def mro(kind: type) -> tuple[type, ...]:
    """The classes that `kind` inherits from, itself first."""
    return _MRO(kind)


def namespace(kind: type) -> MappingProxyType[str, Any]:
    """What the class itself defines."""
    return _NAMESPACE(kind)


def class_attribute(kind: type, name: str) -> Any:
    """What `kind` or a base of it defines as `name`, as it stands there; None if none does."""
    return next((d[name] for base in mro(kind) if name in (d := namespace(base))), None)


def type_name(kind: type) -> str:
    """`module.Class`, without `builtins.`."""
    name = text_of(_QUALNAME(kind))
    try:
        module = _MODULE(kind)
    except AttributeError:  # it was made by code that has no name
        return name
    return name if type(module) is not str or module == "builtins" else f"{module}.{name}"


def text_of(text: str) -> str:
    """A name as plain text: it may be of a subclass of `str`, and of any length."""
    plain = str.__str__(text)
    return plain if len(plain) <= NAME_CAP else f"{plain[:NAME_CAP]}…"


def class_name(value: object) -> str:
    """`type_name` of the value's class."""
    return type_name(kind_of(value))


def attributes(value: object) -> dict[str, Any]:
    """The instance's own attributes: its `__dict__` and the slots that are set."""
    found: dict[str, Any] = {}
    for name, read in _layout(type(value)).slots:
        try:
            found[name] = read(value)
        except AttributeError:
            continue
    return found | (instance_dict(value) or {})


def instance_dict(value: object) -> dict[str, Any] | None:
    """The `__dict__` of an instance; None if it has none, or its class has hidden it."""
    read = _layout(type(value)).read_dict
    found: object = read(value) if read is not None else None
    return cast("dict[str, Any]", found) if type(found) is dict else None


def has_slots(kind: type) -> bool:
    """Whether instances keep attributes outside of their `__dict__`."""
    return bool(_layout(kind).slots)


class _Layout(NamedTuple):
    """Where instances of a class keep their attributes."""

    alive: weakref.ref[type]
    slots: tuple[tuple[str, Any], ...]
    read_dict: Callable[[object], object] | None


_layouts: Final[dict[int, _Layout]] = {}
"""By the identity of the class: hashing one may run code."""


def _layout(kind: type) -> _Layout:
    known = _layouts.get(id(kind))
    if known is not None and known.alive() is kind:
        return known
    slots = [
        (name, member.__get__)
        for base in reversed(mro(kind))
        for name, member in namespace(base).items()
        if type(member) is MemberDescriptorType and not name.startswith("__")
    ]
    member: Any = class_attribute(kind, "__dict__")
    is_own = type(member) is GetSetDescriptorType or type(member) is MemberDescriptorType
    number = id(kind)
    alive = weakref.ref(kind, lambda _: _layouts.pop(number, None))
    found = _layouts[number] = _Layout(alive, tuple(slots), member.__get__ if is_own else None)
    return found
