"""What is shown and recorded of a firing that was stopped: what really happened, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from escalated_core.records import Firing
from escalated_workbench import Workbench
from escalated_workbench.playback import Playback

Run = Callable[..., Workbench]

pytestmark = pytest.mark.usefixtures("watchdog")

HELD_NS = 400_000_000
"""For at least so long it is stopped in these tests, a part of it at each of their stops."""

TIMED = """
from escalated_core.helpdesk.models import Ticket

class Odd(Exception):
    def __str__(self):
        return str(apply_filters("inner", []))

@on_filter("run", 1)
def first(value):
    count = Ticket.objects.count()
    return [*value, count]

@on_filter("run", 2)
def second(value):
    Ticket.objects.count()
    inner = apply_filters("middle", value)
    count = Ticket.objects.count()
    return inner

@on_filter("run", 3)
def third(value):
    raise Odd

@on_filter("run", 4)
def fourth(value):
    return [*value, 4]

@on_filter("middle", 1)
def middle(value):
    return apply_filters("inner", value)

@on_filter("middle", 2)
def after(value):
    return [*value, "after"]

@on_filter("inner")
def inner(value):
    Ticket.objects.count()
    return [*value, "inner"]
"""


def ends(firing: Firing) -> Iterator[int]:
    """The beginnings and the ends of a firing's steps, in nanoseconds since its own beginning."""
    yield 0
    for step in firing.steps:
        yield step.at_ns
        yield step.at_ns + step.duration_ns
    yield firing.duration_ns


def test_no_time_of_a_stop_is_in_the_record(run: Run) -> None:
    workbench = run(TIMED)
    workbench.fire("run", [])
    since = workbench.trace[-1].id
    with workbench.step("run", []) as stepped:
        stop = stepped.stop
        number = 0
        while stop is not None:
            if number % 3 == 0:
                stepped.run(f"__import__('time').sleep({HELD_NS / 4e9})")
            number += 1
            stop = stepped.into() if stop.at or stop.line else stepped.next()
    assert number > 12
    firings = [each for each in workbench.trace if each.id > since]
    assert {each.hook for each in firings} == {"run", "middle", "inner"}
    nested_ns = dict.fromkeys((each.id for each in firings), 0)
    for firing in firings:
        assert firing.duration_ns < HELD_NS
        assert all(one <= other for one, other in pairwise(ends(firing)))
        if firing.parent_id in nested_ns:
            nested_ns[firing.parent_id] += firing.duration_ns
        for step in firing.steps:
            assert 0 <= step.own_ns <= step.duration_ns
            for call in step.calls:
                assert call.at_ns > 0
                assert call.at_ns + call.duration_ns <= step.duration_ns
    for firing in firings:
        assert nested_ns[firing.id] <= firing.duration_ns


def test_what_is_shown_is_what_the_callback_gets(run: Run) -> None:
    workbench = run("""
    @on_filter("run", 1)
    def first(value, ticket, *, named):
        got.append((list(value), ticket.subject, dict(named)))
        return [*value, 1]

    @on_filter("run", 2)
    def second(value, ticket, *, named):
        got.append((list(value), ticket.subject, dict(named)))
        return value

    on_filter("got")(lambda _: got)
    """)
    ticket: Any = workbench.helpdesk.ticket(1)
    shown: list[Any] = []
    with workbench.step("run", [0], ticket, kind="filter", named={"a": 1}) as stepped:
        stepped.run("_args[1].subject = 'changed'; _kwargs['named']['b'] = 2; _value.append(9)")
        stop = stepped.stop
        while stop is not None and stop.at:
            shown.append((stop.args[0], stop.args[1]["subject"], stop.kwargs["named"]))
            stop = stepped.next()
    assert workbench.fire("got", None).result == shown
    first, second = [0, 9], [0, 9, 1]
    named = {"a": 1, "b": 2}
    assert shown == [(first, "changed", named), (second, "changed", named)]
    notes = [(step.note, bool(step.touched)) for step in stepped.result.steps]
    assert notes == [("changed in the console", True), ("", False), ("", False)]


def test_what_was_done_by_hand_is_in_the_session(run: Run, tmp_path: Path) -> None:
    workbench = run("""
    on_filter("run", 1)(lambda value: [*value, 1])
    on_filter("run", 2)(lambda value: [*value, 2])
    on_filter("run", 3)(lambda value: [*value, 3])
    """)
    with workbench.step("run", []) as stepped:
        stepped.edit([0])
        stepped.skip()
        stepped.give(["given"])
        stepped.next()
        stepped.back(3)
    told = [(step.callback, step.note, step.outcome, step.after) for step in stepped.result.steps]
    assert [note for _, note, _, _ in told] == [
        "edited by hand", "skipped by hand", "answer given by hand", "",
        "back to before step 4", "",
    ]  # fmt: skip
    workbench.save(tmp_path / "session.jsonl")
    workbench.close()
    with Playback(tmp_path / "session.jsonl") as session:
        (firing,) = [each for each in session.trace if each.hook == "run"]
        assert [(s.callback, s.note, s.outcome, s.after) for s in firing.steps] == told
