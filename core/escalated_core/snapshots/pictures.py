"""What snapshots are made of: immutable pictures that compare, iterate and index like builtins."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime, time
from decimal import Decimal
from typing import Any, ClassVar, Final, NoReturn, cast


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

    def __reduce__(self) -> tuple[type, tuple[list[Any]]]:
        return type(self), (list(self),)


class DictSnapshot(dict[Any, Any]):
    """A picture of a dict, in its order."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    @property
    def value(self) -> dict[Any, Any]:
        return {_plain_key(key): plain(item) for key, item in self.items()}

    def __reduce__(self) -> tuple[type, tuple[dict[Any, Any]]]:
        return type(self), (dict(self),)


class TupleSnapshot(tuple[Any, ...]):
    """A picture of a tuple."""

    __slots__ = ()

    @property
    def value(self) -> tuple[Any, ...]:
        return tuple(plain(item) for item in self)


class SetSnapshot(frozenset[Any]):
    """A picture of a set."""

    __slots__ = ()
    frozen: ClassVar[bool] = False

    @property
    def value(self) -> set[Any] | frozenset[Any]:
        return {_plain_key(item) for item in self}


class FrozenSetSnapshot(SetSnapshot):
    """A picture of a frozenset."""

    __slots__ = ()
    frozen: ClassVar[bool] = True

    @property
    def value(self) -> frozenset[Any]:
        return frozenset(_plain_key(item) for item in self)


@dataclasses.dataclass(frozen=True, slots=True)
class ObjectSnapshot:
    """A picture of anything else.

    `kind` says how it was pictured: `model` and `dataclass` have `fields`, `queryset` has its SQL
    as `text`, `enum` its member, `truncated` and `cycle` mark what is not shown, and `object` has
    the instance's attributes as far as they could be read without running its code. `subclass` is
    explained with `RelativeSnapshot`.
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
            return plain(self.of)
        return self.text if self.fields is None else self.fields.value


class RelativeSnapshot(ObjectSnapshot):
    """A picture of a relative of a builtin: `of` is the builtin's picture, which it is equal to.

    Relatives are instances of subclasses (`kind` is `subclass`, or `enum` when its members are
    builtins, too) and what behaves like one: an OrderedDict, a deque, a bytearray.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ObjectSnapshot):
            return isinstance(other, RelativeSnapshot) and bool(self.of == other.of)
        return bool(self.of == other)

    def __hash__(self) -> int:
        try:
            return hash(self.of)
        except TypeError:
            return ObjectSnapshot.__hash__(self)

    def __getitem__(self, name: Any) -> Any:
        if self.fields is not None and name in self.fields:
            return self.fields[name]
        return self.of[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.of)

    def __len__(self) -> int:
        return len(self.of)

    def __bool__(self) -> bool:
        return bool(self.of)

    @property
    def value(self) -> Any:
        return plain(self.of)


def plain(picture: object) -> Any:
    """A snapshot as builtins that may be changed."""
    # Not isinstance: anything may be asked, and an object may answer that with code of its own.
    return cast("Any", picture).value if id(type(picture)) in _PICTURES else picture


def _plain_key(key: Any) -> Any:
    """`plain`, for where only what can be hashed can stand."""
    match key:
        case RelativeSnapshot():
            return _plain_key(key.of)
        case ObjectSnapshot():
            return key.text
        case TupleSnapshot():
            return tuple(map(_plain_key, key))
        case SetSnapshot():
            return frozenset(map(_plain_key, key))
        case ListSnapshot() | DictSnapshot():
            return repr(key)
        case _:
            return key


def same(one: object, other: object) -> bool:
    """Whether two snapshots picture the same: types, signs and key order count, NaN equals NaN."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    compare = _SAME.get(kind)
    return compare(one, other) if compare else bool(one == other)


def canonical(picture: object) -> str:
    """A text that two snapshots share exactly if they are the `same`."""
    spell = _CANONICAL.get(type(picture))
    return f"{type(picture).__name__} {spell(picture) if spell else repr(picture)}"


def _same_mapping(one: DictSnapshot, other: DictSnapshot) -> bool:
    return _same_sequence([*one.keys(), *one.values()], [*other.keys(), *other.values()])


def _same_sequence(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(map(same, one, other))


def _same_set(one: SetSnapshot, other: SetSnapshot) -> bool:
    return len(one) == len(other) and canonical(one) == canonical(other)


def _same_object(one: ObjectSnapshot, other: ObjectSnapshot) -> bool:
    return all(map(same, _parts(one), _parts(other)))


def _same_text(one: object, other: object) -> bool:
    return repr(one) == repr(other)


def _parts(picture: ObjectSnapshot) -> tuple[Any, ...]:
    return picture.type, picture.kind, picture.text, picture.fields, picture.of


def _spell_items(items: Any) -> str:
    return f"({', '.join(map(canonical, items))})"


def _spell_mapping(picture: DictSnapshot) -> str:
    return _spell_items([part for entry in picture.items() for part in entry])


def _spell_set(picture: SetSnapshot) -> str:
    return f"({', '.join(sorted(map(canonical, picture)))})"


_SAME: Final[dict[type, Callable[[Any, Any], bool]]] = {
    DictSnapshot: _same_mapping,
    ListSnapshot: _same_sequence,
    TupleSnapshot: _same_sequence,
    SetSnapshot: _same_set,
    FrozenSetSnapshot: _same_set,
    ObjectSnapshot: _same_object,
    RelativeSnapshot: _same_object,
    **dict.fromkeys((float, complex, Decimal, datetime, time), _same_text),
}

_CANONICAL: Final[dict[type, Callable[[Any], str]]] = {
    DictSnapshot: _spell_mapping,
    ListSnapshot: _spell_items,
    TupleSnapshot: _spell_items,
    SetSnapshot: _spell_set,
    FrozenSetSnapshot: _spell_set,
    ObjectSnapshot: lambda picture: _spell_items(_parts(picture)),
    RelativeSnapshot: lambda picture: _spell_items(_parts(picture)),
}

_PICTURES: Final = frozenset(
    map(
        id,
        (
            *(ListSnapshot, DictSnapshot, TupleSnapshot, SetSnapshot, FrozenSetSnapshot),
            *(ObjectSnapshot, RelativeSnapshot),
        ),
    )
)
