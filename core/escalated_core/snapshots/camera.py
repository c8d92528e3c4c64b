"""The walk through a value that takes a snapshot of it, and the registers of what it knows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import islice
from typing import Any, Final, cast
from uuid import UUID

from escalated_core.errors import Unwind
from escalated_core.snapshots.memory import UNSURE, Memory, Watched
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    RelativeSnapshot,
    SetSnapshot,
    TupleSnapshot,
)
from escalated_core.snapshots.static import (
    attributes,
    class_attribute,
    class_name,
    has_slots,
    instance_dict,
    kind_of,
    mro,
    type_name,
)
from escalated_core.snapshots.watch import refers_to

STRING_CAP: Final = 20_000
"""Characters (or bytes) of one text kept in a snapshot."""
INTEGER_CAP: Final = 2_000
"""Bits of one integer kept in a snapshot: Python refuses to write out much longer ones."""
NODE_CAP: Final = 20_000
"""Values kept in one snapshot, nested ones included."""
DEPTH_CAP: Final = 40

_DICT: Final[Any] = dict
_ATOMS: Final = frozenset(
    map(id, (type(None), bool, float, complex, date, timedelta, UUID, Decimal))
)
"""Types whose instances are their own snapshot, by identity: hashing a class may run code."""
_LARGEST: Final = 1 << INTEGER_CAP
_SMALLEST: Final = -_LARGEST

Picture = Callable[[Any, "Camera"], Any]
Watch = Callable[[Any, int], Watched]
"""What tells whether an object is as it was, given the room there is for its picture."""


def unsure(_: Any, __: int) -> Watched:
    """Nothing tells whether it changed."""
    return UNSURE


def never(_: Any, __: int) -> Watched:
    """It does not change itself; what it holds may."""
    return ()


def members(value: Any, room: int) -> Watched:
    """What iterates over all that it holds."""
    return (value,) if len(value) <= room else UNSURE


def entries(value: Any, room: int) -> Watched:
    """A dict."""
    return (value,) if len(value) <= room else UNSURE


def attributes_of(value: Any, room: int) -> Watched:
    """An object that keeps all its attributes in its `__dict__`."""
    found = None if has_slots(kind_of(value)) else instance_dict(value)
    if found is None or len(found) > room or not refers_to(value, found, kind_of(value)):
        return UNSURE
    return value, found


class Pictures:
    """How types are pictured: by `function(value, camera)`, which runs no code of the value."""

    def __init__(self) -> None:
        self.by_id: dict[int, tuple[Picture, Watch]] = {}
        self._kinds: list[type] = []
        """Kept: a type that is gone would leave its identity to another."""

    def register(self, kind: type, function: Picture, watch: Watch = unsure) -> None:
        self.by_id[id(kind)] = function, watch
        self._kinds.append(kind)

    def nearest(self, kind: type) -> tuple[Picture, Watch] | None:
        """How the type, or else the nearest of its bases that is known, is pictured."""
        known = self.by_id
        return next((known[id(base)] for base in mro(kind) if id(base) in known), None)


exact: Final = Pictures()
"""Types that are pictured so themselves, but not their subclasses."""
picture: Final = Pictures()
"""How types and their subclasses are pictured; hosts register the types they know."""
bases: Final = Pictures()
"""Builtins by whose eyes their relatives are pictured."""


class Camera:
    """One snapshot being taken: the room that is left and the containers it is inside of.

    Args:
        memory: notes what was seen where, and knows what is as it was.
        room: how many values the picture may have.
    """

    __slots__ = ("_inside", "_memory", "_room")

    def __init__(self, memory: Memory | None = None, room: int = NODE_CAP) -> None:
        self._room = room
        self._inside: set[int] = set()
        self._memory = memory

    def take(self, value: Any) -> Any:
        """The picture of one value."""
        kind = kind_of(value)
        if kind is str or kind is bytes:
            return value if len(value) <= STRING_CAP else _long_text(value)
        if kind is int:
            return value if _SMALLEST < value < _LARGEST else _long_integer(value)
        if id(kind) in _ATOMS or (kind is datetime and has_plain_zone(value.tzinfo)):
            return value
        return self._look_into(kind, value)

    def items(self, values: Iterable[Any], length: int) -> list[Any]:
        """Pictures of as many values as there is room for, with a mark for the rest."""
        taken = self._as_many_as_fit(values, length)
        for index, value in enumerate(taken):
            kind = kind_of(value)
            # As `take` begins, which takes a while to call for each of them.
            if kind is str:
                is_itself = len(value) <= STRING_CAP
            elif kind is int:
                is_itself = _SMALLEST < value < _LARGEST
            else:
                is_itself = id(kind) in _ATOMS
            if not is_itself:
                taken[index] = self.take(value)
        if len(taken) < length:
            taken.append(self._rest(length - len(taken)))
        return taken

    def mapping(self, values: dict[Any, Any]) -> DictSnapshot:
        """The same for a dict, whatever its subclass makes of itself."""
        return self.entries(_DICT.items(values), _DICT.__len__(values))

    def entries(self, entries: Iterable[tuple[Any, Any]], length: int) -> DictSnapshot:
        """The same for pairs of keys and values."""
        taken: dict[Any, Any] = {}
        again: dict[Any, int] = {}
        may_clash, take = False, self.take
        kept = self._as_many_as_fit(entries, length)
        for key, value in kept:
            if type(key) is str and len(key) <= STRING_CAP:
                name = key
            else:
                # Different keys may look the same.
                name, may_clash = take(key), True
            if may_clash and name in taken:
                name = _numbered(name, again)
            kind = kind_of(value)
            if kind is str:
                is_itself = len(value) <= STRING_CAP
            elif kind is int:
                is_itself = _SMALLEST < value < _LARGEST
            else:
                is_itself = id(kind) in _ATOMS
            taken[name] = value if is_itself else take(value)
        if len(kept) < length:
            taken["…"] = self._rest(length - len(kept))
        return DictSnapshot(taken)

    def _as_many_as_fit(self, values: Iterable[Any], length: int) -> list[Any]:
        # Copied first: another thread may change the container meanwhile.
        room = self._room
        kept = [*values] if length <= room else [*islice(values, max(room, 0))]
        self._room = room - len(kept)
        return kept

    def _look_into(self, kind: type, value: Any) -> Any:
        """Picture a container or an object, and remember what it held."""
        memory, room, inside, key = self._memory, self._room, self._inside, id(value)
        known = memory.take_over(value, room) if memory is not None else None
        if known is not None:
            self._room = room - known.nodes
            return known.picture
        if key in inside:
            return self._mark(kind, "cycle", "… the value itself again")
        if room <= 0 or len(inside) >= DEPTH_CAP:
            return self._mark(kind, "truncated", "… not recorded: too large")
        how, watch = exact.by_id.get(id(kind)) or picture.nearest(kind) or _OBJECT
        begun = memory.begin(value, watch, room) if memory is not None else None
        inside.add(key)
        try:
            shown = how(value, self)
        except Unwind:
            raise
        except BaseException as error:  # noqa: BLE001 - a hostile value must never fail a step
            shown = self._mark(kind, "object", f"… unreadable: {class_name(error)}")
        finally:
            inside.discard(key)
        if memory is not None:
            memory.note(value, shown, begun, room - self._room)
        return shown

    def _mark(self, kind: type, why: str, text: str) -> ObjectSnapshot:
        """What stands for a value whose picture depends on the place it is seen from."""
        if self._memory is not None:
            self._memory.whole = False
        return ObjectSnapshot(type_name(kind), why, text)

    def _rest(self, count: int) -> ObjectSnapshot:
        if self._memory is not None:
            self._memory.whole = False
        return ObjectSnapshot("…", "truncated", f"… {count:,} more")


def distinct(pictures: Iterable[Any]) -> Iterator[Any]:
    """The pictures, with a number on those of different objects that look the same."""
    seen: set[Any] = set()
    again: dict[Any, int] = {}
    for each in pictures:
        yield _numbered(each, again) if each in seen else each
        seen.add(each)


def _numbered(picture: Any, again: dict[Any, int]) -> ObjectSnapshot:
    count = again[picture] = again.get(picture, 1) + 1
    is_object = isinstance(picture, ObjectSnapshot)
    name, text = (picture.type, picture.text) if is_object else (class_name(picture), str(picture))
    return ObjectSnapshot(name, "object", f"{text} #{count}")


def short_name(kind: type) -> str:
    """The class's own name."""
    return type_name(kind).rpartition(".")[2]


def has_plain_zone(zone: object) -> bool:
    """Whether a moment's time zone is none, or one of `datetime` without a name of somebody's."""
    if zone is None or zone is UTC:
        return True
    return type(zone) is timezone and type(timezone.tzname(zone, None)) is str


def _long_text(value: str | bytes) -> ObjectSnapshot:
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    unit = "characters" if isinstance(value, str) else "bytes"
    start = value[:2000] if isinstance(value, str) else repr(value[:500])
    text = f"{start}… ({len(value):,} {unit})"
    return ObjectSnapshot(class_name(value), "truncated", text, None, _digest(data))


def _long_integer(value: int) -> ObjectSnapshot:
    bits = value.bit_length()
    data = value.to_bytes(bits // 8 + 1, "little", signed=True)
    return ObjectSnapshot("int", "truncated", f"… an integer of {bits:,} bits", None, _digest(data))


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def _object(value: object, camera: Camera) -> ObjectSnapshot:
    """Any object: a builtin's relative, a dataclass, or something with attributes."""
    kind = kind_of(value)
    name, found = type_name(kind), attributes(value)
    base = bases.nearest(kind)
    if base is not None:
        of = base[0](value, camera)
        fields = _tuple_fields(kind, of) or (camera.mapping(found) if found else None)
        return RelativeSnapshot(name, "subclass", f"{short_name(kind)}({_inner(of)})", fields, of)
    declared: Any = class_attribute(kind, "__dataclass_fields__")
    if type(declared) is dict:
        in_order = {field: found[field] for field in cast("Any", declared) if field in found}
        return ObjectSnapshot(name, "dataclass", short_name(kind), camera.mapping(in_order | found))
    return ObjectSnapshot(name, "object", f"<{name}>", camera.mapping(found) if found else None)


def _tuple_fields(kind: type, of: Any) -> DictSnapshot | None:
    """The fields of a named tuple by their names."""
    names: Any = class_attribute(kind, "_fields")
    if type(of) is TupleSnapshot and type(names) is tuple and len(cast("Any", names)) == len(of):
        return DictSnapshot(zip(cast("Any", names), of, strict=True))
    return None


def _inner(of: Any) -> str:
    """What stands between the brackets of a relative: the value, or how many it holds."""
    if isinstance(of, (ListSnapshot, DictSnapshot, TupleSnapshot, SetSnapshot)):
        return f"{len(of):,}"
    return of.text if isinstance(of, ObjectSnapshot) else repr(of)


def _own_attributes(value: Any, room: int) -> Watched:
    """An object's attributes, unless it is also a builtin with contents of its own."""
    return UNSURE if bases.nearest(kind_of(value)) else attributes_of(value, room)


_OBJECT: Final[tuple[Picture, Watch]] = _object, _own_attributes
