"""Snapshots and diffs as properties: exact, immutable, type-strict, and ready for JSON."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from escalated_core.records import Change
from escalated_core.snapshots.diff import changes, path_text
from escalated_core.snapshots.pictures import canonical
from escalated_core.snapshots.plain import to_plain
from escalated_core.snapshots.snapshot import plain, same, snapshot

thorough = settings(max_examples=300)

ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=-3), "here")])
ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**53 + 1, -(2**70), 0, 1]),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("-inf")]),
    st.complex_numbers(),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.datetimes(timezones=ZONES),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.decimals(allow_nan=False, places=2),
    st.sampled_from([Decimal("1.0"), Decimal("1.00"), Decimal("NaN")]),
)
PLAIN_KEYS = st.sampled_from(["a", "b", "id", "$set", "…", 0, 1, True, False])
HASHABLE = st.recursive(
    ATOMS | PLAIN_KEYS,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)


def values(keys: st.SearchStrategy[Any], atoms: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.lists(inner, max_size=4).map(tuple),
            st.dictionaries(keys, inner, max_size=4),
            st.sets(keys, max_size=4),
            st.frozensets(keys, max_size=4),
        ),
        max_leaves=12,
    )


ANY = values(HASHABLE, ATOMS)
REPLAYABLE = values(PLAIN_KEYS, ATOMS)


def strict(value: Any) -> Any:
    """What tells two values apart: types, signs, order of keys; NaN is NaN."""
    name = type(value).__name__
    if isinstance(value, dict):
        return name, tuple((strict(k), strict(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return name, tuple(map(strict, value))
    if isinstance(value, (set, frozenset)):
        return name, tuple(sorted(map(strict, value), key=repr))
    return name, repr(value)


@st.composite
def twisted(draw: st.DrawFn, inner: st.SearchStrategy[Any] = ANY) -> tuple[Any, Any]:
    """Two values that differ, if at all, in what `==` mostly does not see."""
    value = draw(inner)
    return value, _twist(draw, copy.deepcopy(value))


_OTHER: dict[type, Callable[[Any], Any]] = {
    list: tuple,
    tuple: list,
    set: frozenset,
    frozenset: set,
}


def _twist(draw: st.DrawFn, value: Any) -> Any:
    here = draw(st.booleans())
    if isinstance(value, dict):
        entries = [(_retyped(k) if here else k, _twist(draw, v)) for k, v in value.items()]
        return dict(reversed(entries) if here and draw(st.booleans()) else entries)
    if isinstance(value, (list, tuple)):
        kind = _OTHER[type(value)] if here else type(value)
        return kind(_twist(draw, item) for item in value)
    if isinstance(value, (set, frozenset)):
        return (_OTHER[type(value)] if here else type(value))(map(_retyped, value))
    if isinstance(value, float):
        return -value if here else value
    if isinstance(value, int) and here and abs(value) < 2**53:
        return draw(st.sampled_from([int(value), float(value), Decimal(value)]))
    return value


def _retyped(key: Any) -> Any:
    """An equal key of another type, if there is one."""
    other = {bool: int, int: bool}.get(type(key))
    return other(key) if other and key in (0, 1) else key


# --- what a snapshot is


@given(ANY)
def test_a_snapshot_is_equal_to_what_it_pictures(value: Any):
    assume(value == value)
    picture = snapshot(value)
    assert picture == value
    assert value == picture
    if isinstance(value, (list, tuple, dict)):
        assert len(picture) == len(value)
        assert list(picture) == list(value)
        for key in value if isinstance(value, dict) else range(len(value)):
            assert strict(plain(picture[key])) == strict(value[key])


@given(ANY)
def test_its_plain_value_is_made_of_builtins(value: Any):
    assert strict(plain(snapshot(value))) == strict(value)


@given(ANY)
def test_a_snapshot_of_a_snapshot_and_its_copies_are_the_same(value: Any):
    picture = snapshot(value)
    assert same(snapshot(picture), picture)
    assert same(copy.deepcopy(picture), picture)
    assert same(copy.copy(picture), picture)
    assert same(pickle.loads(pickle.dumps(picture)), picture)


@given(st.data())
def test_what_happens_to_the_value_later_does_not_show(data: st.DataObject):
    value = data.draw(st.dictionaries(st.text(max_size=3), ANY) | st.lists(ANY))
    picture, before = snapshot(value), strict(value)
    stack = [value]
    while stack:
        inner = stack.pop()
        stack += inner.values() if isinstance(inner, dict) else inner
        stack = [item for item in stack if isinstance(item, (list, dict))]
        inner.clear()
    assert strict(plain(picture)) == before


MUTATIONS: list[Callable[[Any], Any]] = [
    lambda p: p["list"].append(1),
    lambda p: p["list"].extend([1]),
    lambda p: p["list"].insert(0, 1),
    lambda p: p["list"].remove(1),
    lambda p: p["list"].pop(),
    lambda p: p["list"].clear(),
    lambda p: p["list"].sort(),
    lambda p: p["list"].reverse(),
    lambda p: p["list"].__setitem__(0, 5),
    lambda p: p["list"].__delitem__(0),
    lambda p: p["list"].__iadd__([1]),
    lambda p: p["list"].__imul__(2),
    lambda p: p.update(x=1),
    lambda p: p.setdefault("x", 1),
    lambda p: p.pop("list"),
    lambda p: p.popitem(),
    lambda p: p.clear(),
    lambda p: p.__setitem__("x", 1),
    lambda p: p.__delitem__("list"),
    lambda p: p.__ior__({"x": 1}),
]


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_a_snapshot_cannot_be_changed(mutate: Callable[[Any], Any]):
    picture = snapshot({"list": [1, 2], "set": {1}, "tuple": (1,)})
    with pytest.raises(TypeError, match=r"take its \.value for a copy"):
        mutate(picture)
    assert picture == {"list": [1, 2], "set": {1}, "tuple": (1,)}
    assert not hasattr(picture["set"], "add")
    with pytest.raises(AttributeError):
        picture["set"].frozen = True
    copied = picture.value
    copied["list"].append(3)
    copied["set"].add(3)
    assert picture["list"] == [1, 2]


# --- same


@given(twisted())
@thorough
def test_same_is_type_strict(pair: tuple[Any, Any]):
    one, other = map(snapshot, pair)
    expected = strict(pair[0]) == strict(pair[1])
    assert same(one, other) is expected
    assert same(other, one) is expected
    assert (canonical(one) == canonical(other)) is expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (1, 1.0),
        (0.0, -0.0),
        (1, Decimal(1)),
        (Decimal("1.0"), Decimal("1.00")),
        ((1, 2), [1, 2]),
        ({1}, frozenset({1})),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1: "x"}, {True: "x"}),
        ({1, 2}, {True, 2}),
        ({(1,)}, {(True,)}),
        ("x", b"x"),
        (b"x", bytearray(b"x")),
        (
            datetime(2025, 1, 1, tzinfo=UTC),
            datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(0, 3600))),
        ),
    ],
)
def test_what_differs_in_type_sign_or_order_only_is_a_change(one: Any, other: Any):
    before, after = snapshot({"data": one}), snapshot({"data": other})
    assert not same(before, after)
    assert changes(before, after)


@pytest.mark.parametrize("make", [lambda: float("nan"), lambda: Decimal("sNaN"), lambda: {0, 8}])
def test_what_is_written_alike_is_the_same(make: Callable[[], Any]):
    assert same(snapshot([make()]), snapshot([make()]))
    assert same(snapshot({frozenset([0, 8])}), snapshot({frozenset([8, 0])}))


# --- changes


def loose(value: Any) -> Any:
    """`strict`, but for what a diff does not tell: the order of keys and of items with an id."""
    name, inner = strict(value)
    if isinstance(value, dict):
        return name, sorted(((strict(k), loose(v)) for k, v in value.items()), key=repr)
    if isinstance(value, (list, tuple)):
        has_ids = all(isinstance(item, dict) and "id" in item for item in value)
        items = [loose(item) for item in value]
        return name, sorted(items, key=repr) if has_ids else items
    return name, inner


def replay(before: Any, found: tuple[Change, ...]) -> Any:
    """The value that the changes make of `before`."""
    value, gone = plain(before), dict[Any, int]()
    for change in found:
        value = _applied(value, change.path, change, gone)
    return value


def _applied(value: Any, path: tuple[str | int, ...], change: Change, gone: dict[Any, int]) -> Any:
    if not path:
        return plain(change.after)
    part, rest = path[0], path[1:]
    if isinstance(value, (set, frozenset)):
        one = type(value)([plain(change.before if change.kind == "removed" else change.after)])
        return value - one if change.kind == "removed" else value | one
    if isinstance(value, dict):
        entries = dict(value)
        if not rest and change.kind == "removed":
            del entries[part]
        else:
            entries[part] = _applied(entries.get(part), rest, change, gone)
        return entries
    items, index = list(value), part
    if isinstance(part, str):
        ids = [f"id={item['id']}" for item in items]
        index = ids.index(part) if part in ids else len(items)
    if not rest and change.kind == "removed":
        shift = gone[change.path[:-1]] = gone.get(change.path[:-1], -1) + 1
        del items[index - (0 if isinstance(part, str) else shift)]
    elif not rest and change.kind == "added":
        items.insert(index, plain(change.after))
    else:
        items[index] = _applied(items[index], rest, change, gone)
    return type(value)(items)


@given(st.tuples(REPLAYABLE, REPLAYABLE) | twisted(REPLAYABLE))
@thorough
def test_replaying_the_changes_gives_the_last_value(pair: tuple[Any, Any]):
    before, after = map(snapshot, pair)
    found = changes(before, after)
    assert bool(found) is not same(before, after)
    assert loose(replay(before, found)) == loose(pair[1])
    for change in found:
        assert isinstance(path_text(change.path), str)


ITEMS = st.lists(
    st.fixed_dictionaries({"id": st.integers(0, 5), "x": st.integers(0, 2)}),
    max_size=5,
    unique_by=lambda item: item["id"],
)


@given(ITEMS, ITEMS)
def test_items_with_an_id_are_matched_by_it(one: list[Any], other: list[Any]):
    before, after = snapshot(one), snapshot(other)
    found = changes(before, after)
    assert loose(replay(before, found)) == loose(other)
    common = [item["id"] for item in one if item["id"] in {i["id"] for i in other}]
    if common == [i["id"] for i in other if i["id"] in common]:
        new, old = {i["id"]: i for i in other}, {i["id"]: i for i in one}
        touched = {change.path[0] for change in found if change.path}
        assert touched == {
            f"id={n}" for n in {*old, *new} if strict(old.get(n)) != strict(new.get(n))
        }


@given(twisted() | st.tuples(ANY, ANY))
def test_there_is_a_change_exactly_if_something_changed(pair: tuple[Any, Any]):
    assert bool(changes(*map(snapshot, pair))) is (strict(pair[0]) != strict(pair[1]))


def test_changes_are_told_by_path_and_kind():
    before = {"subject": "x", "tags": ["a", "b", "c"], "meta": {"n": 1}, "watch": {"ann"}}
    after = {"subject": "y", "tags": ["a", "c"], "meta": {"n": 1, "m": 2}, "watch": {"bob"}}
    found = changes(snapshot(before), snapshot(after))
    assert [(change.kind, path_text(change.path)) for change in found] == [
        ("changed", "subject"),
        ("removed", "tags[1]"),
        ("added", "meta.m"),
        ("removed", "watch.ann"),
        ("added", "watch.bob"),
    ]


# --- JSON


@given(ANY)
def test_every_snapshot_is_ready_for_json(value: Any):
    text = json.dumps(to_plain(snapshot(value)), allow_nan=False)
    assert text.isascii()


@given(twisted() | st.tuples(ANY, ANY))
@thorough
def test_different_values_are_different_in_json(pair: tuple[Any, Any]):
    one, other = (json.dumps(to_plain(snapshot(value)), allow_nan=False) for value in pair)
    assert (one == other) is (strict(pair[0]) == strict(pair[1]))


def test_keys_that_look_like_tags_are_no_tags_in_json():
    assert to_plain(snapshot({"$set": [1]})) != to_plain(snapshot({1}))
    assert to_plain(snapshot({"a": 1})) == {"a": 1}
