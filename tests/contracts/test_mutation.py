"""Changes in place: each belongs to the callback that made it, however that callback ended."""

from __future__ import annotations

import copy
import textwrap
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from escalated_core.records import Firing, Step
from escalated_core.snapshots.diff import path_text
from escalated_core.snapshots.pictures import plain, same
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Run = Callable[[str], Workbench]

HEAD = """
from escalated.hooks import *
"""

CHAIN = """
    @on_filter("chain")
    def call_first(value, first, second, third):
        return first(value)

    @on_filter("chain")
    def call_second(value, first, second, third):
        return second(value)

    @on_filter("chain")
    def call_third(value, first, second, third):
        return third(value)
"""


@pytest.fixture
def run(write: Write, open_workbench: Open) -> Run:
    """`run(code)` opens a workbench on one plugin with this code."""

    def make(code: str) -> Workbench:
        write("alpha", HEAD + textwrap.dedent(code))
        return open_workbench()

    return make


@pytest.fixture
def chain(run: Run) -> Callable[..., Firing]:
    """`chain(value, first, second, third)` fires a filter whose callbacks these functions are."""
    workbench = run(CHAIN)
    return lambda *args: workbench.fire("chain", *args)


def stay(value: Any) -> Any:
    return value


def told(step: Step) -> list[tuple[str, str]]:
    return [(change.kind, path_text(change.path)) for change in step.changes]


# --- what can be changed in place


@dataclass
class Point:
    x: int = 1
    inner: dict[str, Any] = field(default_factory=dict)  # pyright: ignore[reportUnknownVariableType]


@dataclass(slots=True)
class Slotted:
    x: int = 1
    tags: list[str] = field(default_factory=list)  # pyright: ignore[reportUnknownVariableType]


class Plain:
    def __init__(self) -> None:
        self.x = 1
        self.deep = {"list": [1, {"a": {2}}]}


class TaggedList(list[Any]):
    tags = "none"


def twice() -> dict[str, Any]:
    one = [1]
    return {"a": one, "b": one}


def ring() -> dict[str, Any]:
    one: dict[str, Any] = {"x": 1}
    one["me"] = one
    return one


MUTATIONS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], str]] = {
    "dict set": (lambda: {"a": 1}, lambda v: v.update(b=2), "b"),
    "dict del": (lambda: {"a": 1, "b": 2}, lambda v: v.pop("a"), "a"),
    "dict clear": (lambda: {"a": 1}, lambda v: v.clear(), "a"),
    "dict order": (lambda: {"a": 1, "b": 2}, lambda v: v.update(a=v.pop("a")), "value"),
    "same length": (lambda: {"a": [1, 2]}, lambda v: v["a"].__setitem__(1, 3), "a[1]"),
    "list append": (lambda: [1], lambda v: v.append(2), "[1]"),
    "list sort": (lambda: [2, 1], lambda v: v.sort(), "[0]"),
    "deep list": (lambda: {"a": [{"b": [1]}]}, lambda v: v["a"][0]["b"].append(2), "a[0].b[1]"),
    "by id": (lambda: [{"id": 7, "x": 1}], lambda v: v[0].update(x=2), "id=7.x"),
    "set": (lambda: {1, 2}, lambda v: v.add(3), "[3]"),
    "deep set": (lambda: {"s": {1, 2}}, lambda v: v["s"].discard(1), "s[1]"),
    "list in a tuple": (lambda: (1, [2]), lambda v: v[1].append(3), "[1][1]"),
    "dict in a tuple": (lambda: {"t": ({"a": 1},)}, lambda v: v["t"][0].clear(), "t[0].a"),
    "attribute": (Plain, lambda v: setattr(v, "x", 2), "x"),
    "new attribute": (Plain, lambda v: setattr(v, "y", 2), "y"),
    "gone attribute": (Plain, lambda v: delattr(v, "x"), "x"),
    "deep attribute": (Plain, lambda v: v.deep["list"][1]["a"].add(3), "deep.list[1].a[3]"),
    "namespace": (lambda: SimpleNamespace(x=1), lambda v: setattr(v, "x", 2), "x"),
    "dataclass": (Point, lambda v: setattr(v, "x", 2), "x"),
    "dataclass field": (Point, lambda v: v.inner.update(a=1), "inner.a"),
    "slot": (Slotted, lambda v: v.tags.append("vip"), "tags[0]"),
    "object in a list": (lambda: [Plain()], lambda v: setattr(v[0], "x", 2), "[0].x"),
    "object as value": (lambda: {"p": Point()}, lambda v: v["p"].inner.update(a=1), "p.inner.a"),
    "list subclass": (lambda: TaggedList([1]), lambda v: v.append(2), "[1]"),
    "its attribute": (lambda: TaggedList([1]), lambda v: setattr(v, "tags", "x"), "value"),
    "ordered dict": (lambda: OrderedDict(a=1, b=2), lambda v: v.move_to_end("a"), "value"),
    "bytearray": (lambda: {"b": bytearray(b"ab")}, lambda v: v["b"].reverse(), "b"),
    "exception": (lambda: {"e": ValueError(1)}, lambda v: v["e"].add_note("n"), "e.__notes__"),
    "shared twice": (twice, lambda v: v["a"].append(2), "a[1]"),
    "in a cycle": (ring, lambda v: v.update(x=2), "x"),
    "class": (lambda: [Plain()], lambda v: setattr(v[0], "__class__", SubPlain), "[0]"),
}


class SubPlain(Plain):
    pass


def fail(value: Any) -> None:
    raise ValueError(value)


def leave(value: Any) -> None:
    raise SystemExit


ENDINGS: dict[str, Callable[[Any], Any]] = {
    "returned": stay,
    "returned None": lambda _: None,
    "returned another": lambda _: "another",
    "returned a part": lambda value: [value],
    "raised": fail,
    "left": leave,
}
on_every_ending = pytest.mark.parametrize("ending", ENDINGS)
on_every_mutation = pytest.mark.parametrize("mutation", MUTATIONS)


@on_every_mutation
@on_every_ending
def test_a_change_in_place_belongs_to_its_callback(
    mutation: str, ending: str, chain: Callable[..., Firing]
):
    make, mutate, path = MUTATIONS[mutation]

    def change(value: Any) -> Any:
        mutate(value)
        return ENDINGS[ending](value)

    first, second, third = chain(make(), stay, change, stay).steps
    assert (first.mutated, first.changes, first.before is first.after) == (False, (), True)
    assert second.before is first.after
    assert second.mutated
    assert second.changes
    if ending in ("returned", "raised", "left"):
        assert path in [place for _, place in told(second)]
    assert third.before is third.after is second.after
    assert (third.mutated, third.changes) == (False, ())
    assert second.outcome == ("error" if ending in ("raised", "left") else "ok")
    assert second.returned_none is (ending == "returned None")


@on_every_mutation
def test_a_change_and_its_undoing_belong_to_one_callback_each(
    mutation: str, chain: Callable[..., Firing]
):
    make, mutate, _ = MUTATIONS[mutation]

    def swap(value: list[Any]) -> list[Any]:
        value[0] = make()
        return value

    def change(value: list[Any]) -> list[Any]:
        mutate(value[0])
        return value

    first, second, third = chain([make()], change, swap, stay).steps
    assert (first.mutated, second.mutated, third.mutated) == (True, True, False)
    assert same(first.before, second.after)
    assert not same(first.after, second.after)


def test_a_change_and_its_undoing_in_one_callback_are_no_change(chain: Callable[..., Firing]):
    def blink(value: list[Any]) -> list[Any]:
        value.append(1)
        value.pop()
        return value

    step, *_ = chain([0], blink, stay, stay).steps
    assert (step.mutated, step.changes, step.after is step.before) == (False, (), True)


def test_an_equal_value_in_another_object_is_no_change(chain: Callable[..., Firing]):
    firing = chain({"a": [1, (2, {3})]}, copy.deepcopy, stay, dict)
    assert [step.mutated for step in firing.steps] == [False] * 3
    assert all(step.before is step.after is firing.args[0] for step in firing.steps)
    assert firing.result is firing.args[0]


def test_the_old_object_is_not_watched_once_it_is_replaced(chain: Callable[..., Firing]):
    old: dict[str, Any] = {"a": 1}

    def spoil_the_old(value: Any) -> Any:
        old.clear()
        return value

    _, second, third = chain(old, lambda value: {**value, "b": 2}, spoil_the_old, stay).steps
    assert (second.mutated, second.changes) == (False, ())
    assert third.after == {"a": 1, "b": 2}


def test_a_change_through_a_name_that_was_kept_shows_where_it_happened(
    chain: Callable[..., Firing],
):
    kept: list[Any] = []

    def keep(value: dict[str, Any]) -> dict[str, Any]:
        kept.append(value["list"])
        return value

    def change_what_was_kept(value: Any) -> Any:
        kept[0].append("late")
        return value

    first, second, third = chain({"list": []}, keep, change_what_was_kept, stay).steps
    assert (first.mutated, second.mutated, third.mutated) == (False, True, False)
    assert told(second) == [("added", "list[0]")]


def test_a_thread_that_runs_on_is_seen_at_the_step_where_it_shows(run: Run):
    workbench = run("""
        import threading

        go, done = threading.Event(), threading.Event()

        @on_filter("run")
        def begin(value):
            def change():
                go.wait()
                value["late"] = True
                done.set()

            threading.Thread(target=change).start()
            return value

        add_filter("run", lambda value: value)

        @on_filter("run")
        def wait(value):
            go.set()
            done.wait()
            return value
    """)
    first, second, third = workbench.fire("run", {"x": 1}).steps
    assert first.before is first.after is second.after
    assert not first.mutated
    assert not second.mutated
    assert third.mutated
    assert told(third) == [("added", "late")]


def test_a_change_before_an_interruption_is_shown(run: Run):
    workbench = run("""
        @on_filter("run")
        def stuck(value):
            value["tags"].append("vip")
            while True:
                pass

        add_filter("run", lambda value: value)
    """)
    workbench.time_limit = 0.3
    stuck, after = workbench.fire("run", {"tags": []}).steps
    assert (stuck.outcome, stuck.mutated) == ("interrupted", True)
    assert told(stuck) == [("added", "tags[0]")]
    assert (after.mutated, after.before is stuck.after, after.after is stuck.after) == (
        False,
        True,
        True,
    )


def test_a_change_by_a_nested_firing_shows_in_both(run: Run):
    workbench = run("""
        add_filter("run", lambda value: apply_filters("inner", value))
        add_filter("run", lambda value: value)
        add_filter("inner", lambda value: value)
        add_filter("inner", lambda value: [value.append(1), value][1])
    """)
    outer = workbench.fire("run", [])
    (inner,) = workbench.trace.children(outer.id)
    assert [step.mutated for step in outer.steps] == [True, False]
    assert [step.mutated for step in inner.steps] == [False, True]
    assert (inner.args, inner.result) == (([],), [1])


# --- Django's models and arguments after the value


def test_a_models_field_is_a_change_in_place(run: Run):
    workbench = run("""
        from escalated.hooks import on_filter

        @on_filter("run")
        def change(value):
            value["ticket"].subject = "changed"
            return value

        @on_filter("run")
        def put(value):
            value["ticket"].metadata = {"plan": "gold"}

        @on_filter("begin")
        def begin(ticket):
            do = apply_filters("run", {"ticket": ticket})
            return ticket
    """)
    outer = workbench.fire("begin", workbench.helpdesk.ticket(1))
    (firing,) = workbench.trace.children(outer.id)
    change, put = firing.steps
    assert [change.mutated, put.mutated, put.returned_none] == [True, True, True]
    assert told(change) == [("changed", "ticket.subject")]
    assert plain(change.after)["ticket"]["subject"] == "changed"
    (begin,) = outer.steps
    assert begin.mutated
    assert ("changed", "subject") in told(begin)


def test_an_argument_after_the_value_is_pictured_as_it_came(run: Run):
    workbench = run("""
        @on_filter("run")
        def change(value, ticket, **options):
            ticket.subject = "changed"
            options["deep"].append(1)
            return value
    """)
    reference = workbench.helpdesk.ticket(1)
    firing = workbench.fire("run", {"x": 1}, reference, deep=[])
    (step,) = firing.steps
    assert firing.args[1]["subject"] != "changed"
    assert firing.kwargs == {"deep": []}
    assert step.before is step.after
    assert not step.mutated


def test_an_argument_that_the_value_holds_is_seen_through_the_value(run: Run):
    workbench = run("""
        @on_filter("run")
        def change(value, ticket):
            ticket["tags"].append("vip")
            return value
    """)
    ticket: dict[str, Any] = {"tags": []}
    firing = workbench.fire("run", {"ticket": ticket}, ticket)
    assert firing.steps[0].mutated
    assert told(firing.steps[0]) == [("added", "ticket.tags[0]")]
    assert firing.args == ({"ticket": {"tags": []}}, {"tags": []})


# --- changes that only the type shows

TWINS: list[tuple[Any, Any]] = [
    (True, 1),
    (1, 1.0),
    (0, False),
    (0.0, -0.0),
    (1, Decimal(1)),
    (Decimal("1.0"), Decimal("1.00")),
    (1.0, 1 + 0j),
    ((1, 2), [1, 2]),
    ({1, 2}, frozenset({1, 2})),
    ({True}, {1}),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({1: "x"}, {True: "x"}),
    ({"a": 1}, OrderedDict(a=1)),
    ("text", type("Text", (str,), {})("text")),
    ([1], TaggedList([1])),
    (b"x", bytearray(b"x")),
    (
        datetime(2025, 1, 1, tzinfo=UTC),
        datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    ),
    (datetime(2025, 10, 26, 2, 30), datetime(2025, 10, 26, 2, 30, fold=1)),
]
on_every_twin = pytest.mark.parametrize(
    ("one", "other"), [*TWINS, *((b, a) for a, b in TWINS)], ids=repr
)


@on_every_twin
def test_a_change_that_only_the_type_shows_is_a_change(
    one: Any, other: Any, chain: Callable[..., Firing]
):
    def put(value: dict[str, Any]) -> dict[str, Any]:
        value["deep"][0] = other
        return value

    first, second, third = chain({"deep": [one]}, stay, put, stay).steps
    assert not first.mutated
    assert second.mutated
    assert second.changes
    assert third.before is third.after is second.after
    (kept,) = plain(second.after)["deep"]
    assert kept == other


@on_every_twin
def test_a_value_of_another_type_is_a_change(one: Any, other: Any, chain: Callable[..., Firing]):
    first, second, third = chain(one, stay, lambda _: other, stay).steps
    assert not first.changes
    assert (second.mutated, bool(second.changes)) == (False, True)
    assert third.before is third.after is second.after
