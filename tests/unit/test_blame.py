"""Who wrote what, over firings recorded from real plugin folders."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalated_core.analysis.blame import (
    MISSING,
    Comparison,
    compare,
    life,
    parse_path,
    value_at,
    writers,
    wrote,
)
from escalated_core.errors import UsageError
from escalated_core.records import Change, Firing
from escalated_core.snapshots.diff import apply, path_text
from escalated_core.snapshots.paths import parts
from escalated_core.snapshots.pictures import same
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Fire = Callable[..., Firing]

HEAD = "from escalated.hooks import *\n"


@pytest.fixture
def fire(write: Write, open_workbench: Open) -> Fire:
    """`fire(code, value)` fires the filter `run` of a plugin with this code."""

    def make(code: str, *args: Any, **options: Any) -> Firing:
        write("alpha", HEAD + textwrap.dedent(code))
        return open_workbench().fire("run", *args, **options)

    return make


def at(text: str) -> Any:
    return parse_path(text)


def blamed(firing: Firing) -> dict[str, int]:
    return {path_text(path): step for path, step in writers(firing).items()}


def ticket(**more: Any) -> dict[str, Any]:
    return {
        "subject": " printer ",
        "tags": ["hw"],
        "meta": {"n": 1},
        "comments": [{"id": 1, "body": "a"}, {"id": 2, "body": "b"}],
        **more,
    }


CHAIN = """
    @on_filter("run", priority=1)
    def strip(data):
        return {**data, "subject": data["subject"].strip()}

    @on_filter("run", priority=2)
    def look(data):
        return data

    @on_filter("run", priority=3)
    def shout(data):
        data["subject"] = data["subject"].upper()
        data["comments"][1]["body"] = "c"
        data["tags"].append("vip")
        return data

    @on_filter("run", priority=4)
    def plan(data):
        data["meta"] = {"plan": {"name": "pro", "seats": 3}}
        return data

    @on_filter("run", priority=5)
    def seats(data):
        data["meta"]["plan"]["seats"] = 4
        data["comments"].append({"id": 3, "body": "d"})
        del data["tags"]
        return data
"""


# --- writers


def test_each_changed_leaf_has_its_last_writer(fire: Fire):
    assert blamed(fire(CHAIN, ticket())) == {
        "subject": 2,
        "comments.id=2.body": 2,
        "meta.n": 3,
        "meta.plan.name": 3,
        "meta.plan.seats": 4,
        "comments.id=3.id": 4,
        "comments.id=3.body": 4,
        "tags[0]": 4,
        "tags[1]": 4,
    }


def test_what_is_below_a_replaced_container_belongs_to_the_replacer(fire: Fire):
    firing = fire(
        """
        add_filter("run", lambda data: {**data, "a": [1, 3]})
        add_filter("run", lambda data: {**data, "a": tuple(data["a"])})
        """,
        {"a": [1, 2], "b": 1},
    )
    assert blamed(firing) == {"a[0]": 1, "a[1]": 1}
    assert life(firing, at("a[1]")) == [(None, 2), (0, 3), (1, 3)]


def test_the_writer_of_an_order_is_told_at_what_is_ordered(fire: Fire):
    firing = fire(
        """
        add_filter("run", lambda data: {**data, "list": data["list"][::-1]})
        add_filter("run", lambda data: {"list": data["list"], "x": data["x"]})
        """,
        {"x": 1, "list": [{"id": 1}, {"id": 2}]},
    )
    assert blamed(firing) == {"list": 0, "value": 1}


def test_an_item_without_an_id_changes_nothing_about_the_others(fire: Fire):
    firing = fire(
        """
        add_filter("run", lambda data: {"list": [{"id": 1, "x": 2}, {"id": 2, "x": 1}]})
        add_filter("run", lambda data: {"list": [*data["list"], {"x": 3}]})
        """,
        {"list": [{"id": 1, "x": 1}, {"id": 2, "x": 1}]},
    )
    assert blamed(firing) == {"list.id=1.x": 0, "list[2].x": 1}
    assert life(firing, at("list.id=1.x")) == life(firing, at("list[0].x")) == [(None, 1), (0, 2)]


def test_an_empty_container_is_a_leaf_until_it_is_filled(fire: Fire):
    firing = fire(
        """
        add_filter("run", lambda data: {"a": {}, "b": {}, "c": {}})
        add_filter("run", lambda data: {"a": {"x": 1}, "b": {}, "c": {"y": 1}})
        add_filter("run", lambda data: {"a": [], "b": {}, "c": {"y": 1}})
        """,
        {"a": 1},
    )
    assert blamed(firing) == {"a": 2, "b": 0, "a.x": 2, "c.y": 1}


# --- life


def test_the_life_of_a_path(fire: Fire):
    firing = fire(CHAIN, ticket())
    assert life(firing, at("subject")) == [(None, " printer "), (0, "printer"), (2, "PRINTER")]
    assert life(firing, at("meta.plan.seats")) == [(None, MISSING), (3, 3), (4, 4)]
    assert life(firing, at("tags[0]")) == [(None, "hw"), (4, MISSING)]
    assert life(firing, at("comments[1].body")) == [(None, "b"), (2, "c")]
    assert [step for step, _ in life(firing, at("meta"))] == [None, 3, 4]
    assert [step for step, _ in life(firing, ())] == [None, 0, 2, 3, 4]
    assert life(firing, at("nothing.at.all")) == []


def test_an_action_has_no_value_to_blame_for(fire: Fire):
    firing = fire('add_action("run", lambda data: data.clear())', {"a": 1}, kind="action")
    assert writers(firing) == {}
    assert life(firing, at("a")) == []


def test_a_failed_step_is_blamed_for_what_it_changed_in_place(fire: Fire):
    firing = fire(
        """
        @on_filter("run")
        def fail(data):
            data["a"] = 2
            raise ValueError
        """,
        {"a": 1},
    )
    assert firing.outcome == "error"
    assert blamed(firing) == {"a": 0}


# --- wrote


def found(firings: list[Firing], pattern: str) -> list[tuple[int, str, str]]:
    return [
        (index, change.kind, path_text(change.path)) for _, index, change in wrote(firings, pattern)
    ]


def test_every_step_that_wrote_a_path(fire: Fire):
    firing = fire(CHAIN, ticket())
    assert found([firing], "subject") == [(0, "changed", "subject"), (2, "changed", "subject")]
    assert found([firing], "comments[*].body") == [
        (2, "changed", "comments.id=2.body"),
        (4, "added", "comments.id=3.body"),
    ]
    assert found([firing], "tags") == [(2, "added", "tags[1]"), (4, "removed", "tags")]
    assert found([firing], "meta.plan.seats") == [
        (3, "added", "meta.plan.seats"),
        (4, "changed", "meta.plan.seats"),
    ]
    assert found([firing], "meta.*") == [
        (3, "removed", "meta.n"),
        (3, "added", "meta.plan"),
        (4, "changed", "meta.plan.seats"),
    ]
    assert found([firing], "comments.id=1") == []
    assert len(found([firing], "value")) == sum(len(step.changes) for step in firing.steps)
    assert [each.id for each, _, _ in wrote([firing, firing], "meta.n")] == [firing.id] * 2


def test_a_replaced_value_wrote_what_is_inside(fire: Fire):
    firing = fire(
        """
        add_filter("run", lambda data: None)
        add_filter("run", lambda data: {"a": 1, "b": [1]})
        add_filter("run", lambda data: {"b": [2], "a": 1})
        """,
        {"a": 1},
    )
    assert list(wrote([firing], "a")) == [
        (firing, 0, Change("removed", ("a",), 1, None)),
        (firing, 1, Change("added", ("a",), None, 1)),
    ]
    assert found([firing], "b[*]")[-1] == (2, "changed", "b[0]")
    assert found([firing], "b") == [(1, "added", "b"), (2, "changed", "b[0]")]


def test_a_pattern_that_is_no_path_is_refused_at_once():
    with pytest.raises(UsageError, match="is no path"):
        wrote([], "comments[x]")


# --- compare


OTHER = """
    @on_filter("run", priority=1)
    def look(data):
        return data

    @on_filter("run", priority=2)
    def strip(data):
        return {**data, "subject": data["subject"].strip().title()}

    @on_filter("run", priority=3)
    def shout(data):
        raise KeyError("plan")

    @on_filter("run", priority=9)
    def late(data):
        return data
"""


def rows(comparison: Comparison) -> list[tuple[str, str, bool, int | None, int | None]]:
    return [(p.callback, p.status, p.moved, p.one, p.other) for p in comparison.steps]


def test_firings_are_compared_callback_by_callback(fire: Fire, write: Write, open_workbench: Open):
    one = fire(CHAIN, ticket())
    write("alpha", HEAD + textwrap.dedent(OTHER))
    other = open_workbench().fire("run", ticket(meta={"n": 2}))
    comparison = compare(one, other)
    assert [path_text(change.path) for change in comparison.args] == ["[0].meta.n"]
    assert comparison.kwargs == ()
    status = {pair.callback: pair for pair in comparison.steps}
    assert {name: pair.status for name, pair in status.items()} == {
        "strip": "changed",
        "look": "changed",
        "shout": "changed",
        "plan": "removed",
        "seats": "removed",
        "late": "added",
    }
    assert [pair.callback for pair in comparison.steps if pair.moved] in (["look"], ["strip"])
    assert status["shout"].outcomes == ("ok", "error")
    assert status["shout"].errors == (None, "KeyError: 'plan'")
    assert status["late"].outcomes == (None, "ok")
    assert [path_text(c.path) for c in status["strip"].changes] == ["subject", "meta.n"]
    assert "subject" in [path_text(c.path) for c in comparison.result]
    assert not comparison.same
    assert [pair.callback for pair in comparison.steps] == [
        "look",
        "strip",
        "shout",
        "plan",
        "seats",
        "late",
    ]


def test_a_firing_is_the_same_as_itself_run_again(fire: Fire, open_workbench: Open):
    one = fire(CHAIN, ticket())
    comparison = compare(one, open_workbench().fire("run", ticket()))
    assert comparison.same
    assert [row[1:] for row in rows(comparison)] == [("same", False, n, n) for n in range(5)]
    assert compare(one, one).same


def test_the_same_callback_is_paired_by_occurrence(fire: Fire, open_workbench: Open, write: Write):
    code = """
        def add(data):
            return [*data, len(data)]

        for _ in range({}):
            add_filter("run", add)
    """
    one = fire(code.format(2), [])
    write("alpha", HEAD + textwrap.dedent(code.format(3)))
    comparison = compare(one, open_workbench().fire("run", []))
    assert rows(comparison) == [
        ("add", "same", False, 0, 0),
        ("add", "same", False, 1, 1),
        ("add", "added", False, None, 2),
    ]
    assert [pair.occurrence for pair in comparison.steps] == [1, 2, 3]


def test_arguments_by_name_are_compared(fire: Fire, open_workbench: Open):
    one = fire('add_action("run", lambda **options: None)', kind="action", n=1)
    other = open_workbench().fire("run", kind="action", n=True)
    assert [change.path for change in compare(one, other).kwargs] == [("n",)]
    assert not compare(one, other).same


# --- chains


ATOMS = st.none() | st.booleans() | st.sampled_from([0, 1, 1.0, -0.0, 0.0, float("nan"), "x", b"x"])
KEYS = st.sampled_from(["id", "a", "b"])
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=3),
        st.sets(KEYS, max_size=3),
        st.frozensets(KEYS, max_size=3),
    ),
    max_leaves=6,
)
EDITS = st.lists(
    st.tuples(st.sampled_from(["set", "delete", "reverse", "move", "retype"]), KEYS, VALUES),
    max_size=4,
)
"""What the callbacks of `EDITOR` do, one after the other, to the value they are given."""

EDITOR = """
    def turned(kind, value):
        if kind == "retype":
            return {list: tuple, tuple: list, set: frozenset, bool: int, int: float}.get(
                type(value), lambda value: value
            )(value)
        return value[::-1] if isinstance(value, (list, tuple)) else value

    def edit(place, data, edits):
        kind, key, value = edits[place] if place < len(edits) else ("", "", None)
        inner = data.get("inner", data)
        if kind == "set":
            inner[key] = value
        elif kind == "delete":
            inner.pop(key, None)
        elif kind == "move" and key in inner:
            inner[key] = inner.pop(key)
        elif kind and key in inner:
            return {**data, key: turned(kind, inner[key])}
        return data

    for place in range(4):
        add_filter("run", lambda data, edits, place=place: edit(place, data, edits))
"""


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    folder = tmp_path_factory.mktemp("plugins") / "alpha"
    folder.mkdir()
    (folder / "plugin.py").write_text(HEAD + textwrap.dedent(EDITOR), "utf-8")
    manifest = '{"name": "A", "slug": "alpha", "version": "1.0.0", "description": "", "author": ""}'
    (folder / "plugin.json").write_text(manifest, "utf-8")
    with Workbench(folder.parent) as workbench:
        yield workbench


def leaves(picture: Any, path: Any = ()) -> Iterator[Any]:
    below = parts(picture)
    for part, inner in below.items():
        yield from leaves(inner, (*path, part))
    if not below:
        yield path


MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=3)


@given(
    MAPPINGS | st.builds(lambda outer, inner: {**outer, "inner": inner}, MAPPINGS, MAPPINGS), EDITS
)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_chains_replay_and_every_changed_leaf_has_one_last_writer(
    editor: Workbench, value: Any, edits: Any
):
    firing = editor.fire("run", value, edits)
    assert firing.outcome == "ok"
    picture = firing.args[0]
    for step in firing.steps:
        picture = apply(picture, step.changes)
        assert same(picture, step.after)
    assert same(picture, firing.result)
    blame = writers(firing)
    pictures = [firing.args[0], *(step.after for step in firing.steps)]
    for path in {path for each in pictures for path in leaves(each)}:
        values = [value_at(each, path) for each in pictures]
        lived = life(firing, path)
        assert same(lived[-1][1], values[-1])
        changed = [i for i in range(len(firing.steps)) if not same(values[i], values[i + 1])]
        assert set(changed) <= {step for step, _ in lived}
        # What is gone had a writer as a leaf only if it was one when it went.
        there = pictures[lived[-1][0] or 0] if values[-1] is MISSING else pictures[-1]
        if path in set(leaves(there)):
            assert blame.get(path) == lived[-1][0]
    assert bool(blame) is firing.changed
    for path, index in blame.items():
        # Recorded changes of a list tell what came and went, not what moved up.
        if all(part in ("id", "a", "b", "inner") for part in path):
            assert any(each == index for _, each, _ in wrote([firing], path))
