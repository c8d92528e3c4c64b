"""Snapshots: immutable pictures of values, taken without running any code of a plugin.

None, bool, numbers, str, bytes, datetimes, UUIDs and Decimals are their own snapshot. Container
snapshots compare equal to, iterate and index like the builtins. Everything else becomes an
`ObjectSnapshot`. Sizes are capped with a visible mark; cycles are marked.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import types
from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import singledispatch
from pathlib import PurePath
from typing import Any, Final, NoReturn, cast
from uuid import UUID

STRING_CAP: Final = 20_000
"""Characters (or bytes) of one text kept in a snapshot."""
NODE_CAP: Final = 20_000
"""Values kept in one snapshot, nested ones included."""
DEPTH_CAP: Final = 40

ATOMS: Final = frozenset(
    {type(None), bool, int, float, complex, datetime, date, time, timedelta, UUID, Decimal}
)


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError("A snapshot cannot be changed; take its .value for a copy.")


class ListSnapshot(list[Any]):
    """A picture of a list."""

    __slots__ = ()
    append = extend = insert = remove = pop = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    @property
    def value(self) -> list[Any]:
        return [plain(item) for item in self]


class DictSnapshot(dict[Any, Any]):
    """A picture of a dict, in its order."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    @property
    def value(self) -> dict[Any, Any]:
        return {key: plain(item) for key, item in self.items()}


class TupleSnapshot(tuple[Any, ...]):
    """A picture of a tuple."""

    __slots__ = ()

    @property
    def value(self) -> tuple[Any, ...]:
        return tuple(plain(item) for item in self)


class SetSnapshot(frozenset[Any]):
    """A picture of a set or frozenset; `frozen` tells which."""

    __slots__ = ("frozen",)
    frozen: bool

    @property
    def value(self) -> frozenset[Any] | set[Any]:
        items = {plain(item) for item in self}
        return frozenset(items) if self.frozen else items


@dataclasses.dataclass(frozen=True, slots=True)
class ObjectSnapshot:
    """A picture of anything else.

    `kind` says how it was pictured: `model` and `dataclass` have `fields`, `queryset` has its SQL
    as `text`, `enum` its member, `truncated` and `cycle` mark what is not shown, and `object` has
    the instance's attributes as far as they could be read without running its code.
    """

    type: str
    kind: str
    text: str
    fields: DictSnapshot | None = None
    of: Any = None
    """The member's value for an enum, the digest for a truncated text."""

    def __getitem__(self, name: str) -> Any:
        if self.fields is None:
            raise KeyError(name)
        return self.fields[name]

    def __hash__(self) -> int:
        return hash((self.type, self.kind, self.text))

    @property
    def value(self) -> Any:
        if self.kind == "enum":
            return self.of
        return self.text if self.fields is None else self.fields.value


def plain(picture: object) -> Any:
    """A snapshot as builtins that may be changed."""
    if isinstance(
        picture, (ListSnapshot, DictSnapshot, TupleSnapshot, SetSnapshot, ObjectSnapshot)
    ):
        return picture.value
    return picture


class _Camera:
    """One snapshot being taken: the room that is left and the containers it is inside of."""

    __slots__ = ("inside", "room")

    def __init__(self) -> None:
        self.room = NODE_CAP
        self.inside: set[int] = set()

    def take(self, value: object) -> Any:
        kind = type(value)
        if kind in ATOMS:
            return value
        if isinstance(value, (str, bytes)) and kind in (str, bytes):
            return value if len(value) <= STRING_CAP else _long(value)
        self.room -= 1
        key = id(value)
        if key in self.inside:
            return ObjectSnapshot(type_name(kind), "cycle", "… the value itself again")
        if self.room <= 0 or len(self.inside) >= DEPTH_CAP:
            return ObjectSnapshot(type_name(kind), "truncated", "… not recorded: too large")
        self.inside.add(key)
        try:
            return (_BUILTIN.get(kind) or picture.dispatch(kind))(value, self)
        except Exception as error:  # noqa: BLE001 - a hostile value must never fail a step
            return ObjectSnapshot(type_name(kind), "object", f"… unreadable: {class_name(error)}")
        finally:
            self.inside.discard(key)

    def items(self, values: Collection[Any]) -> list[Any]:
        """Pictures of as many values as there is room for, with a mark for the rest."""
        taken: list[Any] = []
        for count, value in enumerate(values):
            self.room -= 1
            if self.room <= 0:
                rest = f"… {len(values) - count:,} more"
                taken.append(ObjectSnapshot("…", "truncated", rest))
                break
            taken.append(self.take(value))
        return taken

    def mapping(self, values: dict[Any, Any]) -> DictSnapshot:
        taken: dict[Any, Any] = {}
        for count, (key, value) in enumerate(values.items()):
            self.room -= 1
            if self.room <= 0:
                taken["…"] = ObjectSnapshot("…", "truncated", f"… {len(values) - count:,} more")
                break
            name = self.take(key)
            while name in taken:
                name = ObjectSnapshot(class_name(key), "object", f"{name} (again)")
            taken[name] = self.take(value)
        return DictSnapshot(taken)


def snapshot(value: object) -> Any:
    """A picture of `value` as it is now. Runs no code of a plugin and never raises."""
    try:
        return _Camera().take(value)
    except RecursionError:
        return ObjectSnapshot(class_name(value), "truncated", "… not recorded: nested too deep")


def type_name(kind: type[Any]) -> str:
    """`module.Class`, without `builtins.`; read past any metaclass tricks."""
    try:
        module = type.__getattribute__(kind, "__module__")
        name = type.__getattribute__(kind, "__qualname__")
    except Exception:  # noqa: BLE001 - a class may hide even these
        return "?"
    return name if module in ("builtins", None) else f"{module}.{name}"


def class_name(value: object) -> str:
    """`type_name` of the value's class."""
    return type_name(type(value))


@singledispatch
def picture(value: object, camera: _Camera) -> Any:
    """How a type is pictured; hosts register the types they know (`picture.register`)."""
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
        found = {n: object.__getattribute__(value, n) for n in names if _has(value, n)}
        return ObjectSnapshot(type_name(kind), "dataclass", kind.__name__, camera.mapping(found))
    fields = attributes(value)
    shown = camera.mapping(fields) if fields else None
    return ObjectSnapshot(type_name(kind), "object", f"<{type_name(kind)}>", shown)


def attributes(value: object) -> dict[str, Any]:
    """The instance's own attributes, read without running its code."""
    try:
        found: object = object.__getattribute__(value, "__dict__")
    except Exception:  # noqa: BLE001 - `__dict__` may be a property of the plugin's making
        return {}
    return cast("dict[str, Any]", found) if type(found) is dict else {}


def _has(value: object, name: str) -> bool:
    try:
        object.__getattribute__(value, name)
    except Exception:  # noqa: BLE001 - an unset slot, or a property that raises
        return False
    return True


def _long(value: str | bytes) -> ObjectSnapshot:
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    digest = hashlib.blake2b(data, digest_size=12).hexdigest()
    unit = "characters" if isinstance(value, str) else "bytes"
    start = value[:2000] if isinstance(value, str) else repr(value[:500])
    text = f"{start}… ({len(value):,} {unit})"
    return ObjectSnapshot(class_name(value), "truncated", text, None, digest)


@picture.register(enum.Enum)
def _(value: enum.Enum, camera: _Camera) -> ObjectSnapshot:
    kind = type(value)
    member = object.__getattribute__(value, "_value_")
    name = object.__getattribute__(value, "_name_")
    return ObjectSnapshot(
        type_name(kind), "enum", f"{kind.__name__}.{name}", None, camera.take(member)
    )


@picture.register(str)
def _(value: str, camera: _Camera) -> Any:
    return camera.take(str.__getitem__(value, slice(None)))


@picture.register(bytes)
@picture.register(bytearray)
def _(value: bytes | bytearray, camera: _Camera) -> Any:
    return camera.take(bytes(value))


@picture.register(int)
def _(value: int, _: _Camera) -> int:
    return int.__index__(value)


@picture.register(float)
def _(value: float, _: _Camera) -> float:
    return float.__float__(value)


@picture.register(PurePath)
def _(value: PurePath, _: _Camera) -> ObjectSnapshot:
    return ObjectSnapshot(class_name(value), "object", PurePath.__str__(value))


@picture.register(type)
@picture.register(types.FunctionType)
@picture.register(types.BuiltinFunctionType)
@picture.register(types.MethodType)
def _(value: Any, _: _Camera) -> ObjectSnapshot:
    name = f"{value.__module__}.{value.__qualname__}"
    return ObjectSnapshot(class_name(value), "object", name)


@picture.register(types.ModuleType)
def _(value: types.ModuleType, _: _Camera) -> ObjectSnapshot:
    return ObjectSnapshot("module", "object", f"<module {value.__name__}>")


@picture.register(BaseException)
def _(value: BaseException, camera: _Camera) -> ObjectSnapshot:
    kind = type(value)
    shown = camera.mapping({"args": value.args})
    return ObjectSnapshot(type_name(kind), "object", f"<{type_name(kind)}>", shown)


def _list(value: list[Any], camera: _Camera) -> ListSnapshot:
    return ListSnapshot(camera.items(value))


def _tuple(value: tuple[Any, ...], camera: _Camera) -> TupleSnapshot:
    return TupleSnapshot(camera.items(value))


def _set(value: set[Any] | frozenset[Any], camera: _Camera) -> SetSnapshot:
    taken = SetSnapshot(camera.items(value))
    taken.frozen = isinstance(value, frozenset)
    return taken


def _dict(value: dict[Any, Any], camera: _Camera) -> DictSnapshot:
    return camera.mapping(value)


_BUILTIN: Final[dict[type, Callable[[Any, _Camera], Any]]] = {
    list: _list,
    tuple: _tuple,
    set: _set,
    frozenset: _set,
    dict: _dict,
    ListSnapshot: _list,
    DictSnapshot: _dict,
    TupleSnapshot: _tuple,
    ObjectSnapshot: lambda value, _: value,
}


def same(one: object, other: object) -> bool:
    """Whether two snapshots picture the same: types, signs and key order count, NaN equals NaN."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    compare = _SAME.get(kind)
    return compare(one, other) if compare else bool(one == other)


def _same_mapping(one: DictSnapshot, other: DictSnapshot) -> bool:
    return _same_sequence([*one.keys(), *one.values()], [*other.keys(), *other.values()])


def _same_sequence(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(map(same, one, other))


def _same_set(one: SetSnapshot, other: SetSnapshot) -> bool:
    return one.frozen == other.frozen and sorted(map(repr, one)) == sorted(map(repr, other))


def _same_object(one: ObjectSnapshot, other: ObjectSnapshot) -> bool:
    names = ("type", "kind", "text", "fields", "of")
    return all(same(getattr(one, name), getattr(other, name)) for name in names)


def _same_text(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)


_SAME: Final[dict[type, Callable[[Any, Any], bool]]] = {
    DictSnapshot: _same_mapping,
    ListSnapshot: _same_sequence,
    TupleSnapshot: _same_sequence,
    SetSnapshot: _same_set,
    ObjectSnapshot: _same_object,
    **dict.fromkeys((float, complex, Decimal, datetime, time), _same_text),
}
