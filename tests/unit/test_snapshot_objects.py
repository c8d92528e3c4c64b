"""Snapshots of what is no plain data: objects, hostile ones, huge ones."""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import threading
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from escalated_core.snapshots.camera import DEPTH_CAP, NODE_CAP, STRING_CAP
from escalated_core.snapshots.diff import changes, path_text
from escalated_core.snapshots.pictures import RelativeSnapshot
from escalated_core.snapshots.plain import to_plain
from escalated_core.snapshots.snapshot import ObjectSnapshot, same, snapshot


def taken(value: object) -> Any:
    """The snapshot of a value, which must be ready for JSON and the same when taken again."""
    picture = snapshot(value)
    json.dumps(to_plain(picture), allow_nan=False)
    assert same(picture, snapshot(value))
    return picture


def told(before: Any, after: Any) -> list[str]:
    """The paths of the changes between two snapshots."""
    return [path_text(change.path) for change in changes(before, after)]


# --- objects that fight back

TRAPS = [
    *("__repr__", "__str__", "__format__", "__bytes__", "__eq__", "__ne__", "__hash__", "__bool__"),
    *("__len__", "__iter__", "__contains__", "__getitem__", "__getattr__", "__getattribute__"),
    *("__int__", "__float__", "__index__", "__complex__", "__lt__", "__reduce__", "__reduce_ex__"),
    *("__getstate__", "__sizeof__", "__dir__", "__copy__", "__deepcopy__", "__call__", "__next__"),
    *("keys", "items", "values", "isoformat", "utcoffset", "tzname", "dst", "as_tuple", "hex"),
]
PROPERTIES = [
    "__class__",
    "__dict__",
    "__module__",
    "args",
    "year",
    "value",
    "name",
    "_value_",
    "x",
]


class Traps:
    """Makes methods that must not be called `with` them; what was called is in `sprung`."""

    def __init__(self) -> None:
        self.on = False
        self.sprung: list[str] = []

    def __enter__(self) -> None:
        self.on = True

    def __exit__(self, *_: object) -> None:
        self.on = False
        assert self.sprung == []

    def method(self, name: str, base: type) -> Callable[..., Any]:
        real = getattr(base, name, None)

        def trap(*args: Any, **kwargs: Any) -> Any:
            if self.on:
                self.sprung.append(name)
                raise SystemExit(name)
            if real is None:
                raise AttributeError(name)
            return real(*args, **kwargs)

        return trap

    def property(self, name: str) -> property:
        def trap(_: object) -> Any:
            if self.on:
                self.sprung.append(name)
                raise SystemExit(name)
            raise AttributeError(name)

        return property(trap)

    def namespace(self, base: type, *properties: str) -> dict[str, Any]:
        names = [n for n in TRAPS if not (n in ("__hash__", "__eq__") and base is type)]
        traps = {name: self.method(name, base) for name in names}
        return {**traps, **{name: self.property(name) for name in properties}}


@pytest.fixture
def traps() -> Traps:
    return Traps()


def hostile(traps: Traps, base: type, *properties: str) -> type:
    """A subclass of `base` that must not be touched, of a metaclass that must not be either."""
    names = ["__hash__", "__eq__", "__getattribute__", "__instancecheck__", "__subclasscheck__"]
    meta_namespace = {name: traps.method(name, type) for name in [*names, "__repr__", "__call__"]}
    meta = type("Meta", (type(base),), meta_namespace)
    return meta("Hostile", (base,), traps.namespace(base, *properties))


BASES: list[tuple[type, tuple[Any, ...]]] = [
    (object, ()),
    (SimpleNamespace, ()),
    (list, ([1, 2],)),
    (tuple, ((1, 2),)),
    (set, ({1},)),
    (frozenset, ({1},)),
    (dict, ({"a": 1},)),
    (OrderedDict, ({"a": 1},)),
    (deque, ([1],)),
    (str, ("text",)),
    (bytes, (b"text",)),
    (bytearray, (b"text",)),
    (int, (5,)),
    (float, (1.5,)),
    (Decimal, ("1.50",)),
    (date, (2025, 1, 2)),
    (datetime, (2025, 1, 2, 3)),
    (time, (1, 2)),
    (timedelta, (1,)),
    (ValueError, ("wrong",)),
    (tzinfo, ()),
    (functools.partial, (print,)),
]


@pytest.mark.parametrize(
    ("base", "arguments"), BASES, ids=lambda given: getattr(given, "__name__", "")
)
@pytest.mark.parametrize("properties", [(), PROPERTIES], ids=["methods", "properties"])
def test_no_code_of_a_value_runs(
    traps: Traps, base: type, arguments: tuple[Any, ...], properties: tuple[str, ...]
):
    value = hostile(traps, base, *properties)(*arguments)
    holders = [value, [value], (value, value), {"key": value}, {"list": [value]}]
    with traps:
        for holder in holders:
            picture = taken(holder)
            assert changes(picture, snapshot(1))
            assert changes(snapshot(1), picture)
            assert repr(picture)


@pytest.mark.parametrize(
    ("base", "arguments"), [(object, ((), ())), (str, ("a", "b")), (tuple, ([()], [(1,)]))]
)
def test_hostile_keys_and_members_are_looked_at_no_closer(
    traps: Traps, base: type, arguments: tuple[Any, Any]
):
    kind = hostile(traps, base)
    one, other = kind(*arguments[0]), kind(*arguments[1])
    mapping, members = {one: 1, other: 2}, {one, other}
    with traps:
        assert len(taken(mapping)) == 2
        assert len(taken(members)) == 2


def test_hostile_classes_functions_and_zones_as_values(traps: Traps):
    kind = hostile(traps, object, *PROPERTIES)
    zone = hostile(traps, tzinfo)()
    bound = [kind.__dict__["keys"], functools.partial(kind), datetime(2025, 1, 2, tzinfo=zone)]
    bound += [time(3, tzinfo=zone), ValueError(kind)]
    with traps:
        for value in (kind, zone, *bound):
            taken(value)
    assert taken(bound[2]).text.startswith("2025-01-02T00:00:00 (")


def test_an_untouchable_value_is_described_by_its_type():
    class Untouchable:
        __slots__ = ()

        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError(name)

    picture = taken(Untouchable())
    assert (picture.kind, picture.fields) == ("object", None)
    assert picture.text == f"<{picture.type}>"
    assert picture.type.endswith("Untouchable")


def test_lazy_objects_stay_lazy():
    class Lazy:
        @functools.cached_property
        def cached(self) -> int:
            raise AssertionError

        @property
        def plain(self) -> int:
            raise AssertionError

    assert taken(Lazy()).fields is None


# --- what objects show


class Point:
    def __init__(self, x: int) -> None:
        self.x = x


class Slotted:
    __slots__ = ("__private", "unset", "x")

    def __init__(self, x: int) -> None:
        self.x = x
        self.__private = 1


@dataclasses.dataclass
class Invoice:
    number: str
    lines: list[int] = dataclasses.field(default_factory=list)
    later: int = dataclasses.field(init=False)


@dataclasses.dataclass(slots=True, frozen=True)
class Frozen:
    x: int


@pytest.mark.parametrize("make", [Point, Slotted, Frozen, lambda x: SimpleNamespace(x=x)])
def test_attributes_show_and_differ_by_path(make: Callable[[int], Any]):
    picture = taken({"at": make(1)})
    assert picture["at"]["x"] == 1
    assert told(picture, taken({"at": make(2)})) == ["at.x"]
    assert told(picture, taken({"at": make(True)})) == ["at.x"]


def test_a_dataclass_shows_its_fields_in_order():
    invoice = Invoice("7", [1])
    before = taken(invoice)
    assert (before.kind, before.text) == ("dataclass", "Invoice")
    assert before.value == {"number": "7", "lines": [1]}
    invoice.lines.append(2)
    invoice.later = 5
    assert told(before, taken(invoice)) == ["lines[1]", "later"]


class Color(enum.Enum):
    RED = 1
    ALSO_A_LIST = [1]  # noqa: RUF012 - a member


class Level(enum.IntEnum):
    LOW = 1


class Status(enum.StrEnum):
    OPEN = "open"


class Right(enum.Flag):
    READ = 1
    WRITE = 2


def test_enums_show_member_and_value():
    assert (taken(Color.RED).kind, taken(Color.RED).text, taken(Color.RED).of) == (
        "enum",
        "Color.RED",
        1,
    )
    assert taken(Color.RED) != 1
    assert taken(Right.READ | Right.WRITE).of == 3
    assert taken(Color.ALSO_A_LIST).value == [1]
    assert taken({Color.RED: 1, 1: 2}).value == {"Color.RED": 1, 1: 2}
    for member in (Level.LOW, Status.OPEN):
        picture = taken(member)
        assert picture == member == member.value == picture.of
        assert changes(picture, snapshot(member.value))
        assert taken({member: 5})[member.value] == 5


class Version(NamedTuple):
    major: int
    minor: int


class Data(dict[str, Any]):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.owner = "ann"


RELATIVES: list[tuple[Any, Any, str]] = [
    (OrderedDict(a=1), {"a": 1}, "collections.OrderedDict"),
    (defaultdict(list, a=[1]), {"a": [1]}, "collections.defaultdict"),
    (Counter("aab"), {"a": 2, "b": 1}, "collections.Counter"),
    (deque([1, 2], maxlen=2), [1, 2], "collections.deque"),
    (Version(1, 2), (1, 2), "Version"),
    (namedtuple("Pair", "a b")(1, [2]), (1, [2]), "Pair"),
    (bytearray(b"x"), b"x", "bytearray"),
    (type("Text", (str,), {})("x"), "x", "Text"),
    (type("Number", (int,), {})(5), 5, "Number"),
    (
        type("Moment", (datetime,), {})(2025, 1, 2, tzinfo=UTC),
        datetime(2025, 1, 2, tzinfo=UTC),
        "Moment",
    ),
    (type("Day", (date,), {})(2025, 1, 2), date(2025, 1, 2), "Day"),
    (type("Span", (timedelta,), {})(days=1, microseconds=5), timedelta(1, 0, 5), "Span"),
    (type("Money", (Decimal,), {})("1.50"), Decimal("1.50"), "Money"),
    (type("Names", (frozenset,), {})({"a"}), frozenset({"a"}), "Names"),
]


@pytest.mark.parametrize(("value", "builtin", "name"), RELATIVES, ids=lambda given: str(given)[:20])
def test_relatives_of_builtins_are_equal_to_them_but_not_the_same(
    value: Any, builtin: Any, name: str
):
    picture = taken(value)
    assert isinstance(picture, RelativeSnapshot)
    assert picture == builtin
    assert builtin == picture
    assert picture == snapshot(value)
    assert type(picture.value) is type(builtin)
    assert picture.value == builtin
    assert picture.type.endswith(name)
    assert same(picture.of, snapshot(builtin))
    assert len(changes(picture, snapshot(builtin))) == 1
    if isinstance(builtin, (list, dict, tuple, frozenset)):
        assert list(picture) == list(builtin)
        assert len(picture) == len(builtin)
        assert bool(picture)


def test_changes_inside_relatives_are_told_by_path():
    ordered = OrderedDict(a=1, b=[1])
    before = taken(ordered)
    ordered["b"].append(2)
    assert told(before, taken(ordered)) == ["b[1]"]
    ordered["b"].pop()
    ordered.move_to_end("a")
    assert told(before, taken(ordered)) == ["value"]
    assert told(taken(Version(1, 2)), taken(Version(1, 3))) == ["minor"]
    assert taken(Version(1, 2))["minor"] == 2
    data = Data({"a": 1})
    before = taken(data)
    data.owner = "bob"
    assert told(before, taken(data)) == ["owner"]
    assert told(before, taken(Data({"a": 2}))) == ["a"]


def test_moments_keep_their_zone_and_their_fold():
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2025, 10, 26, 2, 30, tzinfo=berlin)
    for value in (first, first.replace(fold=1), first.replace(tzinfo=UTC), time(1, tzinfo=berlin)):
        assert taken(value) == value
    assert not same(taken(first), taken(first.replace(fold=1)))
    assert not same(taken(first), taken(first.replace(tzinfo=None)))


def test_code_is_named_and_never_called():
    assert taken(told).text == f"{__name__}.told"
    assert taken(Point(1).__init__).text == f"{__name__}.Point.__init__"
    assert taken(print).text == "print"
    assert taken(Point).text == f"{__name__}.Point"
    assert taken(json).text == "<module json>"
    assert taken(Path("/a/b")).text == "/a/b"
    assert taken(range(3)).text == "range(0, 3)"
    assert taken(ValueError("x", 1))["args"] == ("x", 1)
    assert taken(functools.partial(told, 1))["args"] == (1,)
    assert taken(iter([])).kind == "object"


# --- sizes


@pytest.mark.parametrize("make", ["x".__mul__, b"x".__mul__])
def test_a_long_text_is_cut_with_a_mark_and_still_differs(make: Callable[[int], Any]):
    assert taken(make(STRING_CAP)) == make(STRING_CAP)
    long = taken(make(20_000_000))
    assert (long.kind, long.type) == ("truncated", type(make(1)).__name__)
    assert "20,000,000" in long.text
    assert len(long.text) < 3_000
    assert not same(long, snapshot(make(20_000_000)[:-1] + make(1).upper()))


def test_a_huge_number_is_cut_with_a_mark_and_still_differs():
    assert taken(2**1999) == 2**1999
    for huge in (10**5_000, -(10**5_000)):
        assert taken([huge, {huge: huge}, {huge}])[0].kind == "truncated"
    assert not same(taken(10**5_000), taken(10**5_000 + 1))
    assert not same(taken(10**5_000), taken(-(10**5_000)))


@pytest.mark.parametrize(
    "value",
    [
        list(range(200_000)),
        dict.fromkeys(range(200_000)),
        set(range(200_000)),
        [[n] for n in range(200_000)],
        {object(): n for n in range(50_000)},
        {object() for n in range(50_000)},
    ],
    ids=["list", "dict", "set", "lists", "objects as keys", "objects in a set"],
)
def test_a_large_value_is_cut_with_a_mark(value: Any):
    picture = taken(value)
    assert len(picture) == NODE_CAP + 1
    marks = list(picture.values()) if isinstance(picture, dict) else list(picture)
    rest = f"… {len(value) - NODE_CAP:,} more"
    assert [m.text for m in marks if isinstance(m, ObjectSnapshot) and m.text == rest] == [rest]


def test_a_deep_value_is_cut_with_a_mark():
    value: list[Any] = []
    for _ in range(5_000):
        value = [value]
    picture, depth = taken(value), 0
    while isinstance(picture, list):
        picture, depth = picture[0], depth + 1
    assert (depth, picture.kind) == (DEPTH_CAP, "truncated")


def test_cycles_are_marked_and_shared_values_are_not():
    ring: dict[str, Any] = {"list": [1]}
    ring["list"].append(ring)
    ring["self"] = ring
    picture = taken(ring)
    assert [picture["self"].kind, picture["list"][1].kind] == ["cycle", "cycle"]
    point = Point(1)
    point.me = point  # pyright: ignore[reportAttributeAccessIssue]
    assert taken(point)["me"].kind == "cycle"
    shared = [1]
    assert taken([shared, shared, (shared,)]) == [[1], [1], ([1],)]


def test_objects_that_look_alike_are_counted():
    assert len(taken({object(), object(), object()})) == 3
    before = taken({Point(1): "a", Point(1): "b"})
    assert [key.text for key in before][1].endswith("#2")
    assert list(before.values()) == ["a", "b"]
    assert told(before, taken({Point(1): "a"}))


def test_a_value_that_another_thread_changes_is_still_pictured():
    shared = {n: [n] for n in range(2_000)}
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            shared[number] = [number]
            shared.pop(number - 50, None)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        pictures = [snapshot(shared) for _ in range(100)]
    finally:
        stop.set()
        thread.join()
    assert all(type(picture).__name__ == "DictSnapshot" for picture in pictures)
