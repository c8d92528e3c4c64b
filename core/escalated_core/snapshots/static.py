"""Looking at objects without running any code of theirs.

`isinstance`, `getattr` and hashing a class may all run a plugin's code (`__class__`,
`__getattribute__`, a metaclass): here only Python's own descriptors are asked.
"""

from __future__ import annotations

from collections.abc import Callable
from types import GetSetDescriptorType, MappingProxyType, MemberDescriptorType
from typing import Any, Final, cast

kind_of: Final[Callable[[object], type]] = type
"""The class of a value, whatever it claims to be."""

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
    module, name = _MODULE(kind), _QUALNAME(kind)
    return name if type(module) is not str or module == "builtins" else f"{module}.{name}"


def class_name(value: object) -> str:
    """`type_name` of the value's class."""
    return type_name(kind_of(value))


def attributes(value: object) -> dict[str, Any]:
    """The instance's own attributes: its `__dict__` and the slots that are set."""
    found: dict[str, Any] = {}
    for base in reversed(mro(type(value))):
        for name, member in namespace(base).items():
            if type(member) is MemberDescriptorType and not name.startswith("__"):
                try:
                    found[name] = member.__get__(value)
                except AttributeError:
                    continue
    return found | _instance_dict(value)


def _instance_dict(value: object) -> dict[str, Any]:
    """The `__dict__` of an instance; empty if a class has hidden it behind something else."""
    member: object = class_attribute(type(value), "__dict__")
    if type(member) is not GetSetDescriptorType and type(member) is not MemberDescriptorType:
        return {}
    found: object = member.__get__(value)
    return cast("dict[str, Any]", found) if type(found) is dict else {}
