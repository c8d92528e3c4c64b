"""What it costs to record the values of a filter's steps, in time and in memory."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import statistics
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import pytest

from escalated_core.hooks.registry import HookRegistry
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.snapshot import Album, snapshot
from escalated_core.trace.recorder import Recorder
from escalated_core.trace.trace import Trace
from escalated_workbench import Workbench

Measured = Callable[..., None]

ROUNDS, STEPS = 41, 10
PAIR, OURS = "copy.deepcopy before and after", "escalated-workbench"
PAGE = os.sysconf("SC_PAGE_SIZE")


def ticket() -> dict[str, Any]:
    """A ticket of 30 fields with 10 comments, as plain data."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    fields: dict[str, Any] = {f"field_{number}": f"value {number}" for number in range(18)}
    return fields | {
        "id": 1,
        "score": 1.5,
        "is_urgent": True,
        "assigned_to": None,
        "created_at": now,
        "updated_at": now,
        "resolved_at": None,
        "requester": {"id": 3, "name": "Ann", "email": "ann@example.org"},
        "tags": ["hardware", "p1", "vip"],
        "sla": {"due": now, "breached": False},
        "metadata": {"source": "mail", "headers": ["a", "b", "c"]},
        "comments": [
            {
                "id": number,
                "body": "It is still on fire. " * 3,
                "author": {"id": number, "name": f"Agent {number}"},
                "is_internal": False,
                "created_at": now,
                "tags": ["reply"],
            }
            for number in range(10)
        ],
    }


def chain_ns(value: Any, picture: Callable[[], Callable[[Any], object]], change: Any) -> float:
    """Median nanoseconds of a step in a chain of ten, one of which changes the value."""
    found: list[float] = []
    for number in range(ROUNDS):
        look = picture()
        spent = 0
        for step in range(STEPS):
            if step == STEPS // 2:
                change(value, number)
            began = perf_counter_ns()
            look(value)
            spent += perf_counter_ns() - began
        found.append(spent / STEPS)
    return statistics.median(found)


def album() -> Callable[[Any], object]:
    held: list[Album] = []

    def look(value: Any) -> object:
        if not held:
            held.append(Album(value))
        return held[0].look(value)

    return look


def twice(work: Callable[[Any], object]) -> Callable[[], Callable[[Any], object]]:
    return lambda: lambda value: (work(value), work(value))


def table(
    measured: Measured, title: str, value: Any, subjects: dict[str, Any], change: Any
) -> None:
    base = chain_ns(value, twice(copy.deepcopy), change)
    measured(title, PAIR, f"{base / 1e3:.1f} us")
    for name, picture in subjects.items():
        took = None if picture is None else chain_ns(value, picture, change)
        if took is None:
            measured(title, name, "not installed")
        elif name == OURS:
            holds = took * 20 <= base
            measured(title, name, *beside(took, base), "<= 1/20", holds=holds)
        else:
            measured(title, name, *beside(took, base))


def beside(took: float, base: float) -> tuple[str, str]:
    return f"{took / 1e3:.1f} us", f"1/{base / took:.1f} of the pair of deep copies"


def test_a_recorded_step_of_plain_data(measured: Measured) -> None:
    def change(value: Any, number: int) -> None:
        value["field_3"] = f"changed {number}"

    encode = find_spec("msgspec") and import_module("msgspec").msgpack.encode
    title = f"a filter step, a ticket of plain data, a chain of {STEPS}, one step changes it"
    table(
        measured,
        title,
        ticket(),
        {
            "pickle before and after": twice(lambda value: pickle.dumps(value, 5)),
            "msgpack before and after (inexact)": encode and twice(encode),
            OURS: album,
        },
        change,
    )
    value = ticket()
    looked = Album(value)
    looked.look(value)
    same = statistics.median(_timed(lambda: looked.look(value)) for _ in range(ROUNDS))
    pair = statistics.median(_timed(lambda: _twice_copied(value)) for _ in range(ROUNDS))
    first = statistics.median(_timed(lambda: Album(value)) for _ in range(ROUNDS))
    measured(title, f"{OURS}: the first picture", *beside(first, pair))
    measured(title, f"{OURS}: a step that changes nothing", *beside(same, pair))


def test_a_recorded_step_of_models(root: Path, measured: Measured) -> None:
    with Workbench(root) as workbench:
        workbench.fire("ticket_created")
        host = workbench._host

        def measure() -> None:
            resolve = host._around.world().resolve
            kinds = [("ticket", 1), *(("comment", number) for number in range(1, 11))]
            from escalated_core.helpdesk.references import Reference

            value = [resolve(Reference(kind, key)) for kind, key in kinds]

            def change(rows: Any, number: int) -> None:
                rows[0].subject = f"changed {number}"

            title = f"a filter step, a ticket and ten comments as Django models, a chain of {STEPS}"
            table(measured, title, value, {OURS: album}, change)

        host.thread.call("measuring", measure)


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter_ns()
    for _ in range(20):
        work()
    return (perf_counter_ns() - began) / 20


def _twice_copied(value: Any) -> object:
    return copy.deepcopy(value), copy.deepcopy(value)


def test_the_diff_of_two_snapshots(measured: Measured) -> None:
    value = ticket()
    before = snapshot(value)
    value["field_3"] = "changed"
    value["tags"].append("new")
    value["comments"][4]["body"] = "It is out."
    after = snapshot(value)
    took = statistics.median(_timed(lambda: changes(before, after)) for _ in range(ROUNDS))
    cells = "3 changes, nothing shared", f"{took / 1e3:.0f} us", "", "<= 120 us"
    measured("diff of two snapshots", *cells, holds=took <= 120_000)


def recorder(trace: Trace, steps: int) -> HookRegistry:
    registry = HookRegistry(Recorder(trace, lambda _: None, lambda _: None, "guide"))
    for _ in range(steps):
        registry.add("filter", "hook", lambda value, other: value, 10)
    return registry


def test_memory_of_one_firing(measured: Measured) -> None:
    def change(value: Any, other: Any) -> Any:
        return {**value, "field_3": other}

    trace = Trace()
    registry = recorder(trace, 8)
    for _ in range(2):
        registry.add("filter", "hook", change, 10)
    value = ticket()
    registry.fire("filter", "hook", (value, "warm"), {})
    gc.collect()
    tracemalloc.start()
    registry.fire("filter", "hook", (value, "new"), {})
    ours = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    tracemalloc.start()
    copies = [copy.deepcopy(value) for _ in range(20)]
    theirs = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(copies) == 20
    subject = "memory of a firing of 10 steps, 2 changes"
    measured(subject, PAIR, f"{theirs:,} bytes")
    cells = f"{ours:,} bytes", f"1/{theirs / ours:.1f} of the deep copies", "<= 1/6"
    measured(subject, OURS, *cells, holds=ours * 6 <= theirs)


@pytest.mark.parametrize("count", [100_000])
def test_memory_of_many_firings(count: int, measured: Measured) -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE

    trace = Trace(capacity=count)
    registry = recorder(trace, 3)
    gc.collect()
    before = resident()
    for number in range(count):
        registry.fire("filter", "hook", ({"subject": f"Re: {number}"}, number), {})
    full = resident()
    for number in range(count):
        registry.fire("filter", "hook", ({"subject": f"Re: {number}"}, number), {})
    again = resident()
    assert (len(trace), trace.dropped) == (count, count)
    grown, later = (full - before) / 1e6, (again - before) / 1e6
    subject = f"memory of {count:,} firings of a 3-step chain"
    each = f"{(full - before) / count:,.0f} bytes each"
    measured(subject, "recorded", f"{grown:.0f} MB", each, "<= 200 MB", holds=grown <= 200)
    cells = "after as many again", f"{later:.0f} MB", f"{later / grown:.2f}x", "flat, <= 1.1x"
    measured(subject, *cells, holds=later <= 1.1 * grown)
