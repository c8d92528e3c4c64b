"""Diffs as properties: nothing is missed, and the changes lead from one snapshot to the other."""

from __future__ import annotations

import copy
import enum
import itertools
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalated_core.errors import UsageError
from escalated_core.records import Change
from escalated_core.snapshots.diff import apply, changes, path_text, text_changes
from escalated_core.snapshots.paths import MISSING, parse_path, parts, value_at
from escalated_core.snapshots.pictures import same
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.snapshots.text import CAP, COMPARED, Run

thorough = settings(max_examples=400)

ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1.0, float("nan"), "None", "1", ""]),
    st.text(max_size=4),
    st.binary(max_size=4),
)
KEYS = st.one_of(
    st.sampled_from(["id", "a", "b", "c", "None", "1.5", "value", "*", "id=1", "a.b"]),
    st.sampled_from([0, 1, True, None, 1.5, (1, 2), date(2025, 1, 1)]),
)
MEMBERS = KEYS | st.integers(0, 3)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(0, 4) | st.sampled_from(["1", "x"])}, optional={"n": ATOMS}
    ),
    max_size=4,
    unique_by=lambda item: repr(item["id"]),
)


class Point:
    def __init__(self, x: Any) -> None:
        self.x = x


class Version(NamedTuple):
    major: Any
    minor: Any


class Data(dict[Any, Any]):
    pass


@dataclass
class Invoice:
    number: Any
    lines: list[Any] = field(default_factory=list)


class Color(enum.Enum):
    RED = 1
    BLUE = 2


def data_of(entries: dict[Any, Any], **attributes: Any) -> Data:
    data = Data(entries)
    vars(data).update(attributes)
    return data


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    mappings = st.dictionaries(KEYS, inner, max_size=4)
    lists = st.lists(inner, max_size=4)
    return st.one_of(
        lists,
        lists.map(tuple),
        ITEMS,
        ITEMS.map(tuple),
        mappings,
        mappings,
        st.sets(MEMBERS, max_size=4),
        st.frozensets(MEMBERS, max_size=4),
        st.builds(Point, inner),
        st.builds(Version, inner, inner),
        st.builds(Invoice, inner, lists),
        st.builds(data_of, mappings, owner=ATOMS),
        st.builds(data_of, mappings),
        mappings.map(OrderedDict),
        lists.map(deque),
    )


ANY = st.recursive(ATOMS, containers, max_leaves=10)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """A value, and the value after some of it was changed."""
    value = draw(ANY)
    return value, mutated(draw, copy.deepcopy(value))


def mutated(draw: st.DrawFn, value: Any) -> Any:
    """A value with changes at random places, of all the sorts a callback makes."""
    action = draw(st.sampled_from(["deeper", "deeper", "deeper", "same", "edit", "replace"]))
    if action == "same":
        return value
    if action == "replace":
        return draw(ANY | retyped(value))
    if isinstance(value, dict):
        value = entries_mutated(draw, value, action)
    elif isinstance(value, (list, tuple, deque)):
        value = items_mutated(draw, value, action)
    elif isinstance(value, (set, frozenset)):
        value = value ^ draw(st.frozensets(MEMBERS, max_size=2))
    elif isinstance(value, (Point, Invoice)):
        for name in list(vars(value)):
            setattr(value, name, mutated(draw, getattr(value, name)))
        if action == "edit":
            setattr(value, draw(st.sampled_from(["x", "lines", "extra"])), draw(ATOMS))
    return value


def items_mutated(draw: st.DrawFn, value: Any, action: str) -> Any:
    items = [mutated(draw, item) for item in value]
    if isinstance(value, Version):
        return Version(*items)
    if action == "edit":
        items = draw(st.permutations(items) | ITEMS.map(lambda more: items + more))
        del items[draw(st.integers(0, 3)) :: draw(st.integers(2, 5))]
        items[draw(st.integers(0, 3)) : 0] = draw(st.lists(ATOMS, max_size=2))
    return type(value)(items)


def entries_mutated(draw: st.DrawFn, value: dict[Any, Any], action: str) -> dict[Any, Any]:
    entries = [(key, mutated(draw, item)) for key, item in value.items()]
    if action == "edit":
        entries = draw(st.permutations(entries))[draw(st.integers(0, 1)) :]
        entries[draw(st.integers(0, 3)) : 0] = [(draw(KEYS), draw(ATOMS))]
    value.clear()
    value.update(entries)
    if isinstance(value, Data) and draw(st.booleans()):
        vars(value)[draw(st.sampled_from(["owner", "a"]))] = draw(ATOMS)
    return value


def retyped(value: Any) -> st.SearchStrategy[Any]:
    """What is equal to the value, or nearly so, but of another type."""
    if isinstance(value, dict):
        return st.sampled_from([dict(reversed(value.items())), OrderedDict(value), Data(value)])
    if isinstance(value, (list, tuple, deque)):
        return st.sampled_from([list(value), tuple(value), deque(value)])
    if isinstance(value, (set, frozenset)):
        return st.sampled_from([set(value), frozenset(value)])
    if isinstance(value, (int, float)):
        return st.sampled_from([value, -value, bool(value), str(value)])
    return st.just(str(value))


# --- changes and apply


@given(pairs() | st.tuples(ANY, ANY))
@thorough
def test_the_changes_lead_from_before_to_after(pair: tuple[Any, Any]):
    before, after = map(snapshot, pair)
    found = changes(before, after)
    assert bool(found) is not same(before, after)
    assert same(apply(before, found), after)


@given(pairs())
@thorough
def test_a_change_tells_what_stands_at_its_path(pair: tuple[Any, Any]):
    before, after = map(snapshot, pair)
    found = changes(before, after)
    for change in found:
        above = [each for each in found if each.path == change.path[: len(each.path)]]
        if len(above) > 1 or not all(part in ("id", "a", "b", "c") for part in change.path):
            # An index counts before or after; two keys may be written alike.
            continue
        was = MISSING if change.kind == "added" else change.before
        became = MISSING if change.kind == "removed" else change.after
        assert same(value_at(before, change.path), was)
        assert same(value_at(after, change.path), became)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (1, 1.0),
        (0.0, -0.0),
        ((1, 2), [1, 2]),
        ({1}, frozenset({1})),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1: "x"}, {True: "x"}),
        ({1, 2}, {True, 2}),
        ("x", b"x"),
        ({"a": 1}, OrderedDict(a=1)),
    ],
)
def test_what_only_types_signs_or_order_tell_is_one_change_of_the_smallest_part(
    one: Any, other: Any
):
    before, after = snapshot({"x": 0, "deep": [one]}), snapshot({"x": 0, "deep": [other]})
    found = changes(before, after)
    assert found
    assert all(change.path[:2] == ("deep", 0) for change in found)
    assert same(apply(before, found), after)


def told(before: Any, after: Any) -> list[tuple[str, str]]:
    found = changes(snapshot(before), snapshot(after))
    assert same(apply(snapshot(before), found), snapshot(after))
    return [(change.kind, path_text(change.path)) for change in found]


def items(*ids: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"id": n, **more} for n in ids]


def moved_to_end(data: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    return {**{k: v for k, v in data.items() if k != key}, key: value}


TICKET: dict[str, Any] = {"subject": "x", "tags": ["hw"], "comments": items(1, 2, body="b")}

TOLD: list[tuple[Any, Any, list[tuple[str, str]]]] = [
    ([1, 2, 3], [1, 3], [("removed", "[1]")]),
    ([1, 3], [1, 2, 3], [("added", "[1]")]),
    ([1, 2, 3, 4], [9, 4], [("changed", "[0]"), ("removed", "[1]"), ("removed", "[2]")]),
    (items(1, 2), items(1, 2, 3), [("added", "id=3")]),
    (items(1, 2, 3), items(1, 3), [("removed", "id=2")]),
    (items(1, n=1), items(1, n=2), [("changed", "id=1.n")]),
    (items(1), items("1"), [("changed", "id=1.id")]),
    (items(1, 2), items(2, 1), [("changed", "value")]),
    (items(1, 2), items(0, 1, 2), [("added", "id=0"), ("changed", "value")]),
    (items(1, 1), items(1, 1, n=2), [("added", "[0].n"), ("added", "[1].n")]),
    ({"a": 1}, {"a": 1, "b": 2}, [("added", "b")]),
    ({"a": 1}, {"b": 2, "a": 1}, [("added", "b"), ("changed", "value")]),
    ({None: 1}, {None: 2}, [("changed", "None")]),
    ({}, {None: 2}, [("added", "None"), ("changed", "value")]),
    ({"a": {"b": 1}}, {"a": {}}, [("removed", "a.b")]),
    (
        TICKET,
        moved_to_end(TICKET, "subject", "y"),
        [("changed", "subject"), ("changed", "value")],
    ),
    (Version(1, [2]), Version(1, [3]), [("changed", "minor[0]")]),
    (Counter("aab"), Counter("aabc"), [("added", "c")]),
    (defaultdict(list, a=[1]), defaultdict(list, a=[1, 2]), [("added", "a[1]")]),
    (deque([1]), deque([1, 2]), [("added", "[1]")]),
    (
        data_of({"a": 1}, owner="ann"),
        data_of({"a": 2}, owner="bob"),
        [("changed", "owner"), ("changed", "a")],
    ),
    (Invoice("1", [1]), Invoice("2", [1, 2]), [("changed", "number"), ("added", "lines[1]")]),
    (Color.RED, Color.BLUE, [("changed", "value")]),
    ({Color.RED: 1}, {Color.RED: 2}, [("changed", '["Color.RED"]')]),
    ({1, 2}, {2, 3}, [("removed", "[1]"), ("added", "[3]")]),
    ({None: 1, "None": 1}, {None: 2, "None": 1}, [("changed", "None"), ("changed", "value")]),
    (data_of({}, owner="x"), data_of({}, owner="x", n=1), [("added", "n"), ("changed", "value")]),
]


@pytest.mark.parametrize(("before", "after", "expected"), TOLD)
def test_what_changed_is_told_by_the_nearest_path(
    before: Any, after: Any, expected: list[tuple[str, str]]
):
    assert told(before, after) == expected


def test_shared_parts_are_not_looked_at():
    class Unequal(type(snapshot([]))):
        def __iter__(self) -> Any:
            raise AssertionError("looked at")

        def __len__(self) -> Any:
            raise AssertionError("looked at")

    shared = Unequal()
    make: Callable[..., Any] = type(snapshot({}))
    found = changes(make(a=shared, b=1), make(a=shared, b=2))
    assert [change.path for change in found] == [("b",)]


def test_changes_of_another_value_are_refused():
    found = changes(snapshot({"a": {"b": 1}}), snapshot({"a": {}}))
    with pytest.raises(LookupError):
        apply(snapshot({"a": {"c": 1}}), found)


# --- paths


@given(st.lists(KEYS.filter(lambda key: type(key) in (str, int)) | st.text(max_size=5), max_size=4))
@thorough
def test_a_written_path_is_read_back(path: list[Any]):
    assert parse_path(path_text(tuple(path))) == tuple(path)


@given(ANY)
@thorough
def test_a_path_leads_to_the_part_it_names(value: Any):
    stack = [((), snapshot(value))]
    while stack:
        path, picture = stack.pop()
        assert value_at(picture, ()) is picture
        for part, inner in parts(picture).items():
            assert same(value_at(picture, (part,)), inner)
            stack.append(((*path, part), inner))


def test_paths_of_list_items_are_found_by_id_and_by_index():
    picture = snapshot(TICKET)
    assert value_at(picture, parse_path("comments[1].id")) == 2
    assert value_at(picture, parse_path("comments.id=2.id")) == 2
    for missing in ("comments[2]", "comments.id=3.body", "subject.x", "nothing"):
        assert value_at(picture, parse_path(missing)) is MISSING


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ()),
        ("value", ()),
        ("value.x", ("value", "x")),
        ("comments[*].body", ("comments", "*", "body")),
        ("comments.*.body", ("comments", "*", "body")),
        ('data["a.b"]["say \\"x\\""][-1]', ("data", "a.b", 'say "x"', -1)),
        ("customer.first name", ("customer", "first name")),
    ],
)
def test_paths_are_read_as_they_are_written(text: str, path: Any):
    assert parse_path(text) == path


@pytest.mark.parametrize("text", [".a", "a..b", "a.", "a[", "a[x]", "a]b", "a.[0]", '["a"', "[0]x"])
def test_what_is_no_path_is_refused_with_a_cure(text: str):
    with pytest.raises(UsageError, match="is no path") as refused:
        parse_path(text)
    assert "comments[*].body" in refused.value.cure


# --- texts


def joined(runs: tuple[Run, ...], *kinds: str) -> str:
    return "".join(run.text for run in runs if run.kind in kinds)


WORDS = st.lists(st.sampled_from(["a", "b", " ", "  ", "\n", "fire", "printer", ".", "\r\n"]))


@given(WORDS.map("".join) | st.text(), WORDS.map("".join) | st.text())
@thorough
def test_the_runs_make_both_texts(before: str, after: str):
    runs = text_changes(before, after)
    assert joined(runs, "equal", "removed") == before
    assert joined(runs, "equal", "added") == after
    assert all(run.text for run in runs)
    assert all(one.kind != other.kind for one, other in itertools.pairwise(runs))


def test_words_are_told_inside_the_lines_that_changed():
    before = "Hello team,\nthe printer is on fire.\nRegards\n"
    after = "Hello team,\nthe plotter is on fire.\nRegards\nAnn\n"
    assert text_changes(before, after) == (
        ("equal", "Hello team,\nthe "),
        ("removed", "printer"),
        ("added", "plotter"),
        ("equal", " is on fire.\nRegards\n"),
        ("added", "Ann\n"),
    )


def test_texts_that_share_next_to_nothing_are_told_whole():
    runs = text_changes("the quick brown fox jumps", "a slow green snail sleeps")
    assert [run.kind for run in runs] == ["removed", "added"]


def test_huge_texts_are_cut_with_a_mark_and_their_difference_is_still_found():
    start = "line\n" * CAP
    runs = text_changes(start + "old\n", start + "new\n")
    assert runs[1:] == (
        ("cut", f"… {len(start) - CAP:,} more characters"),
        ("removed", "old\n"),
        ("added", "new\n"),
    )
    runs = text_changes("a " * COMPARED * 4, "b " * COMPARED * 4)
    assert all(len(run.text) <= CAP for run in runs)
    assert [run.kind for run in runs] == ["removed", "cut", "added", "cut"]


def test_changes_are_plain_records():
    (change,) = changes(snapshot({"a": 1}), snapshot({"a": 2}))
    assert change == Change("changed", ("a",), 1, 2)
