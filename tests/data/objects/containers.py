"""Builtins, their relatives and collections: too large, too deep, in circles, or overridden.

Each function makes one kind; `methods.py` says what the witness is.
"""

import array
import collections
import ctypes
import dataclasses
import decimal
import enum
import fractions
import pathlib
import types
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo


def list_holding_itself_twice(w):
    """A list that holds itself twice."""
    w.marks = {"cycle"}
    one = [1]
    one += [one, one]
    return one


def dict_holding_itself(w):
    """A dict whose values lead back to it, by several ways."""
    w.marks = {"cycle"}
    one = {"a": {}, "list": []}
    one["a"]["up"] = one
    one["list"].append((one, one["a"]))
    return one


def tuple_holding_itself(w):
    """A tuple with a list that holds the tuple."""
    w.marks = {"cycle"}
    one = ([],)
    one[0].append(one)
    return one


def objects_holding_each_other(w):
    """Two objects that are each other's attribute."""
    w.marks = {"cycle"}
    one, other = types.SimpleNamespace(), type("Other", (), {})()
    one.other, other.one = other, one
    return one


def shared_a_million_times(w):
    """Twenty levels of lists that hold the next one twice: a million leaves for a walk."""
    w.marks = {"truncated"}
    one = ["leaf"]
    for _ in range(20):
        one = [one, one]
    return one


def deep_list(w):
    """A list in a list, 10,000 deep."""
    return _deep(w, lambda inner: [inner])


def deep_dict(w):
    """A dict in a dict, 10,000 deep."""
    return _deep(w, lambda inner: {"in": inner})


def deep_tuple(w):
    """A tuple in a tuple, 10,000 deep: it cannot even be hashed."""
    return _deep(w, lambda inner: (inner,))


def deep_objects(w):
    """A linked list of 10,000 objects."""
    return _deep(w, lambda inner: types.SimpleNamespace(next=inner))


def _deep(w, wrap):
    w.marks = {"truncated"}
    one = wrap(None)
    for _ in range(10_000):
        one = wrap(one)
    return one


def huge_list(w):
    """A list of a million numbers."""
    w.marks = {"truncated"}
    return list(range(1_000_000))


def huge_list_of_lists(w):
    """30,000 small lists in a list."""
    w.marks = {"truncated"}
    return [[n] for n in range(30_000)]


def huge_dict(w):
    """A dict of 100,000 keys."""
    w.marks = {"truncated"}
    return {f"key {n}": n for n in range(100_000)}


def huge_set(w):
    """A set of 300,000 numbers."""
    w.marks = {"truncated"}
    return set(range(300_000))


def huge_string(w):
    """50 MB of text."""
    w.marks = {"truncated"}
    return "0123456789" * 5_000_000


def huge_bytes(w):
    """50 MB of bytes."""
    w.marks = {"truncated"}
    return b"0123456789" * 5_000_000


def huge_bytearray(w):
    """5 MB of bytes that can be changed."""
    w.marks = {"truncated"}
    return bytearray(5_000_000)


def huge_key(w):
    """A dict key of a million characters, and two that begin alike."""
    w.marks = {"truncated"}
    return {"x" * 1_000_000: 1, "x" * 1_000_000 + "y": 2}


def huge_integer(w):
    """An integer of a million bits, which Python refuses to write out."""
    w.marks = {"truncated"}
    return 1 << 1_000_000


def huge_numbers(w):
    """Decimals and fractions of many digits."""
    return [decimal.Decimal("1e999999"), fractions.Fraction(10**4000, 3), decimal.Decimal("NaN123")]


def huge_range(w):
    """A range that ends beyond every index."""
    return range(10**30)


def nan_keys(w):
    """Three keys that are not a number, which are equal to nothing."""
    return {float("nan"): 1, float("nan"): 2, decimal.Decimal("nan"): 3}


def signed_zeros(w):
    """Zeros that differ in their sign only."""
    return [0.0, -0.0, decimal.Decimal("-0"), complex(-0.0, 0.0), {"zero": -0.0}]


def infinities(w):
    """Numbers that JSON does not have."""
    return {"inf": float("inf"), "complex": complex("nan"), "snan": decimal.Decimal("sNaN")}


def odd_texts(w):
    """Surrogates, NULs, escapes, markup and the library's own marks as texts and as keys."""
    odd = ["\ud800", "\0", "\x1b[31m", "[/URGENT]", "…", "$object", "‮", "", "id=1", "a.b[0]"]
    return {text: text for text in odd}


def odd_keys(w):
    """Keys that are no strings."""
    return {None: 1, 2: 2, (1, (2,)): 3, b"b": 4, frozenset({1}): 5, 1.5: 6, UTC: 7, int: 8}


def equal_keys_of_other_types(w):
    """Keys that look alike but are not equal to one another."""
    key = type("Key", (str,), {"__eq__": object.__eq__, "__hash__": object.__hash__})
    number = type("Number", (int,), {"__eq__": object.__eq__, "__hash__": object.__hash__})
    made = {"a": 1, key("a"): 2, key("a"): 3, 1: 4, number(1): 5, number(1): 6}
    w.check("all six are there", lambda: len(made) == 6)
    w.entries = 6
    return made


def loud_keys(w):
    """Keys whose `__hash__` and `__eq__` raise from now on."""
    loud = type("Loud", (), {n: w.trap(n) for n in ("__hash__", "__eq__", "__repr__")})
    return {loud(): 1, loud(): 2}


def loud_text_keys(w):
    """Keys that are strings with methods of their own."""
    loud = type("LoudText", (str,), _traps(w, str))
    return {loud("subject"): loud("x"), "subject 2": loud("y")}


def keys_changed_since(w):
    """A key whose hash has changed since it was put in: it cannot be found any more."""

    class Key:
        number = 1

        def __hash__(self):
            w.ran("__hash__")
            return self.number

    key = Key()
    one = {"keys": {key: "lost"}, "set": {key}}
    key.number = 2
    return one


_NAMES = (
    *("__iter__", "__len__", "__getitem__", "__contains__", "__eq__", "__ne__", "__bool__"),
    *("__repr__", "__str__", "__format__", "__reduce__", "__reduce_ex__", "__reversed__"),
    *("keys", "values", "items", "get", "copy", "pop", "__copy__", "__deepcopy__", "__lt__"),
    *("__int__", "__float__", "__index__", "__add__", "__sub__", "__pos__", "__neg__", "__abs__"),
    *("isoformat", "utcoffset", "tzname", "dst", "timetuple", "replace", "encode", "as_tuple"),
    *("bit_length", "to_bytes", "total_seconds", "conjugate", "__getattribute__", "__bytes__"),
    *("startswith", "hex", "__missing__", "default_factory", "_asdict", "__getstate__", "year"),
    *("__fspath__", "joinpath", "__missing__", "__next__", "__buffer__", "decode", "__mul__"),
)


def _traps(w, base, *more):
    names = [*_NAMES, *more]
    return {n: w.trap(n, base) for n in names} | {"__hash__": base.__hash__}


def _relative(base, *args):
    def make(w):
        one = type(f"Loud{base.__name__.title()}", (base,), _traps(w, base))
        return one(*args)

    make.__doc__ = f"A subclass of {base.__name__} with every method overridden."
    make.__name__ = make.__qualname__ = f"subclass_of_{base.__name__}"
    return make


_BASES = (
    (list, [1, [2]]),
    (dict, {"a": [1]}),
    (tuple, (1, [2])),
    (set, {1}),
    (frozenset, {1}),
    (str, "text"),
    (bytes, b"data"),
    (bytearray, b"data"),
    (int, 5),
    (float, 0.5),
    (complex, 1j),
    (decimal.Decimal, "1.50"),
    (datetime, 2025, 1, 2, 3, 4),
    (date, 2025, 1, 2),
    (time, 3, 4),
    (timedelta, 1),
    (uuid.UUID, "12345678123456781234567812345678"),
    (fractions.Fraction, 1, 3),
    (collections.OrderedDict, {"a": 1}),
    (collections.Counter, "abba"),
    (collections.deque, [1, 2]),
    (collections.defaultdict, list, {"a": [1]}),
    (collections.UserDict, {"a": 1}),
    (collections.UserList, [1]),
    (collections.ChainMap, {"a": 1}),
    (pathlib.PurePosixPath, "/a/b"),
    (types.SimpleNamespace,),
)
globals().update({made.__name__: made for made in (_relative(*base) for base in _BASES)})


def bool_like(w):
    """An integer that plays a truth value."""
    return type("Flag", (int,), {"__bool__": w.trap("__bool__"), "__repr__": w.trap("__repr__")})(1)


def enum_with_a_loud_value(w):
    """An enum member whose value must not be looked at, with properties of its own."""
    loud = type("Loud", (), {n: w.trap(n) for n in ("__repr__", "__eq__", "__hash__", "__str__")})
    state = enum.Enum("State", {"OPEN": loud(), "CLOSED": "closed"})
    state.name, state.value = property(w.trap("name")), property(w.trap("value"))
    state.__repr__ = state.__str__ = state.__format__ = w.trap("__repr__")
    return [state.__members__["OPEN"], state.__members__["CLOSED"]]


def flags(w):
    """Members of a flag that have no name, and a text enum with a `__str__` of its own."""
    colour = enum.IntFlag("Colour", "RED GREEN")
    text = enum.StrEnum("Text", {"A": "a"})
    text.__str__ = w.trap("__str__", str)
    return [colour(3), colour(0), text.__members__["A"]]


def named_tuple(w):
    """A named tuple whose fields are read by properties with side effects."""
    base = collections.namedtuple("Point", "x y")
    return type("LoudPoint", (base,), _traps(w, base) | {"x": property(w.trap("x"))})(1, [2])


def dataclass_with_slots(w):
    """A frozen dataclass with slots, one of them not set, and a field that must not be seen."""
    loud = type("Loud", (), {n: w.trap(n) for n in ("__repr__", "__eq__", "__hash__")})
    fields = [("a", int), ("b", object), ("c", list)]
    kind = dataclasses.make_dataclass("Point", fields, frozen=True, slots=True)
    kind.__repr__, kind.__eq__ = w.trap("__repr__"), w.trap("__eq__")
    one = object.__new__(kind)
    object.__setattr__(one, "a", 1)
    object.__setattr__(one, "b", loud())
    return one


def dataclass_with_descriptors(w):
    """A dataclass whose fields are properties with side effects."""
    kind = dataclasses.make_dataclass("Loud", [("a", int), ("b", int, 2)])
    one = kind(1)
    kind.a = property(w.trap("a"))
    kind.__getattribute__ = w.trap("__getattribute__")
    return one


def mapping_proxy(w):
    """A read-only view of a dict with methods of its own."""
    return types.MappingProxyType(type("LoudDict", (dict,), _traps(w, dict))({"a": 1}))


def dict_views(w):
    """The views and iterators of a dict; the iterators must not move on."""
    one = {"a": 1, "b": 2}
    items = iter(one.items())
    w.check("the iterator still gives both", lambda: len(list(items)) == 2)
    return [one.keys(), one.values(), one.items(), items]


def default_dict(w):
    """A defaultdict whose factory has side effects."""
    one = collections.defaultdict(w.trap("factory"), {"a": 1})
    w.check("no key was made", lambda: list(one) == ["a"])
    return one


def collections_together(w):
    """A ChainMap, a UserDict, a Counter, a bounded deque and an OrderedDict."""
    return [
        collections.ChainMap({"a": 1}, {"b": 2}),
        collections.UserDict({"a": 1}),
        collections.Counter("abba"),
        collections.deque([1, 2], maxlen=2),
        collections.OrderedDict(a=1, b=2),
        types.SimpleNamespace(a=1),
    ]


def memory(w):
    """Arrays, views of memory and C structures."""
    point = type("Point", (ctypes.Structure,), {"_fields_": [("x", ctypes.c_int)]})
    return [
        array.array("d", [1.0, 2.0]),
        memoryview(bytearray(b"data"))[::2],
        point(5),
        ctypes.pointer(ctypes.c_int(5)),
        ctypes.c_char_p(None),
    ]


class _LoudZone(tzinfo):
    """Made by `_zone`, which fills in the traps."""


def _zone(w):
    names = ("utcoffset", "dst", "tzname", "fromutc", "__repr__", "__str__", "__eq__")
    return type("Zone", (_LoudZone,), {n: w.trap(n, tzinfo) for n in names})()


def datetime_in_its_own_zone(w):
    """A datetime and a time whose zone has methods that must not run, also as keys."""
    zone = _zone(w)
    return {"moment": datetime(2025, 1, 2, tzinfo=zone), "clock": time(1, 2, tzinfo=zone)}


def datetime_in_a_named_zone(w):
    """Datetimes of `zoneinfo`, in the hour that happens twice."""
    zone = ZoneInfo("Europe/Berlin")
    return [datetime(2025, 10, 26, 2, 30, tzinfo=zone, fold=fold) for fold in (0, 1)]


def zone_with_a_loud_name(w):
    """A time zone whose name is a string with a `__repr__` of its own."""
    loud = type("LoudName", (str,), {n: w.trap(n, str) for n in ("__repr__", "__str__", "__eq__")})
    zone = timezone(timedelta(hours=1), loud("here"))
    return [zone, datetime(2025, 1, 2, tzinfo=zone)]


def range_of_loud_numbers(w):
    """A range and a slice made of integers with methods of their own."""
    loud = type("LoudInt", (int,), {n: w.trap(n, int) for n in ("__repr__", "__eq__", "__str__")})
    return [range(loud(1), loud(5)), slice(loud(1), loud(2))]
