"""Stops in the middle of code that is hostile by accident: none hangs, and what is told is true."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from escalated_core.stepping.stops import Stop
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]
Run = Callable[..., Workbench]
RunPython = Callable[[str], str]

pytestmark = pytest.mark.usefixtures("watchdog")

HOOKS = "__import__('escalated.hooks').hooks"


def at(stop: Stop | None) -> str | None:
    """Which callback is next, at what line, or why it has stopped."""
    if stop is None:
        return None
    if stop.line is not None:
        return f"{stop.line.function}:{stop.line.line}"
    return stop.at.callback if stop.at else stop.reason


LOOPS = """
@on_filter("run", 1)
def first(value):
    while True:
        pass

@on_filter("run", 2)
def second(value):
    return [*value, 2]
"""


def test_a_loop_ends_at_its_limit_when_its_callback_is_stepped(run: Run) -> None:
    workbench = run(LOOPS)
    workbench.time_limit = 0.1
    with workbench.step("run", []) as stepped:
        stop = stepped.next()
        assert at(stop) == "second"
        assert stop is not None
        assert stop.firing.steps[0].outcome == "interrupted"
    assert stepped.result.result == [2]


def test_a_loop_ends_at_its_limit_when_its_lines_are_stepped(run: Run) -> None:
    workbench = run(LOOPS)
    workbench.time_limit = 0.1
    with workbench.step("run", []) as stepped:
        lines = [at(stepped.into()), *[at(stepped.next()) for _ in range(20)]]
        assert len(set(lines)) == 2
        assert at(stepped.out()) == "second"
    assert [step.outcome for step in stepped.result.steps] == ["interrupted", "ok"]


def test_what_catches_its_interruption_stops_at_the_line_after(run: Run) -> None:
    workbench = run("""
    @on_filter("run")
    def first(value):
        for _ in range(3):
            try:
                while True: pass
            except BaseException:
                caught = True
        return caught
    """)
    workbench.time_limit = 0.05
    with workbench.step("run", []) as stepped:
        stop = stepped.into()
        while stop is not None and stop.line is not None:
            stop = stepped.next()
    assert stepped.result.steps[0].outcome in ("ok", "interrupted")


def test_an_exit_ends_its_step_when_its_lines_are_stepped(run: Run) -> None:
    workbench = run("""
    @on_action("run", 1)
    def first():
        raise SystemExit(3)

    @on_action("run", 2)
    def second():
        import bdb
        raise bdb.BdbQuit

    on_action("run", 3)(say("third"))
    """)
    with workbench.step("run") as stepped:
        assert at(stepped.into()) is not None
        assert at(stepped.out()) == "second"
        assert at(stepped.into()) is not None
        assert at(stepped.out()) == "say.<locals>.<lambda>"
    errors = [str(step.error) for step in stepped.result.steps]
    assert errors == ["SystemExit: 3", "bdb.BdbQuit", "None"]


def test_a_hook_that_fires_itself_is_stepped_into_to_its_end(run: Run) -> None:
    workbench = run("""
    @on_action("run")
    def again():
        do_action("run")
    """)
    untouched = workbench.fire("run")
    depths: list[int] = []
    with workbench.step("run") as stepped:
        stop = stepped.stop
        while stop is not None:
            depths.append(stop.firing.depth)
            stop = stepped.into() if stop.line or stop.at else stepped.next()
    assert max(depths) == 63
    assert str(stepped.result.steps[0].error) == str(untouched.steps[0].error)


def test_a_callback_stuck_outside_python_costs_its_thread_only(run: Run) -> None:
    workbench = run("""
    import threading
    stuck, done = threading.Lock(), threading.Event()
    stuck.acquire()

    @on_action("run")
    def first():
        try:
            stuck.acquire()
        finally:
            went = "on"
            done.set()

    @on_action("free")
    def free():
        stuck.release()
        done.wait()
    """)
    workbench.time_limit = 0.1
    stepped = workbench.step("run")
    leave = workbench.stepper.attend()
    stepped.into()
    stepped.next()
    assert stepped.next() is None
    assert stepped.result.steps[0].outcome == "interrupted"
    workbench.breakpoints.add(hook="free")
    with workbench.step("free") as other:
        assert at(other.stop) == "free"
        assert at(other.next()) == "the end of the chain"
    leave()
    assert workbench.stepper.waiting == []


def test_what_others_change_while_it_is_stopped_is_no_callbacks_doing(run: Run) -> None:
    workbench = run("on_action('run')(lambda data: None)")
    given: dict[str, int] = {}
    with workbench.step("run", given) as stepped:
        given["other"] = 1
        stepped.go_on()
    first, second = stepped.result.steps
    assert (first.note, bool(first.touched)) == ("changed while it was stopped", True)
    assert (second.note, second.touched) == ("", ())


def test_what_somebody_does_by_hand_is_no_finding_about_the_plugin(run: Run) -> None:
    workbench = run("""
    on_filter("run", 1)(lambda value: value)
    on_filter("run", 2)(lambda value: value)
    """)
    with workbench.step("run", 1) as stepped:
        stepped.give(None)
        stepped.edit(None)
    assert stepped.result.steps[0].returned_none
    assert list(workbench.findings) == []


def test_callbacks_that_are_removed_while_it_is_stopped_do_not_run(run: Run) -> None:
    workbench = run("""
    for number in (1, 2, 3, 4):
        def callback(value, number=number): return [*value, number]
        callback.__qualname__ = f"c{number}"
        got.append(callback)
        add_filter("run", callback, number)

    @on_action("remove")
    def remove(*numbers):
        for number in numbers: remove_filter("run", got[number - 1])
    """)
    with workbench.step("run", []) as stepped:
        stepped.run(f"{HOOKS}.do_action('remove', 1)")
        stop = stepped.skip()
        assert stop is not None
        assert (at(stop), stop.reason) == ("c2", "removed meanwhile: c1")
        stop = stepped.next()
        assert stop is not None
        assert [each.callback for each in stop.coming] == ["c3", "c4"]
        stepped.run(f"{HOOKS}.do_action('remove', 2, 3, 4)")
        stop = stepped.next()
        assert stop is not None
        assert (stop.coming, stop.reason) == ((), "removed meanwhile: c3, c4")
    assert [step.callback for step in stepped.result.steps] == ["c2"]


def test_callbacks_of_a_plugin_deactivated_at_a_stop_do_not_run(run: Run, until: Until) -> None:
    workbench = run("on_filter('run')(lambda value: value)\non_filter('run')(lambda value: value)")
    with workbench.step("run", 1) as stepped:
        other = Thread(target=workbench.deactivate, args=("alpha",))
        other.start()
        until(lambda: workbench.waiting)
        assert at(stepped.next()) == "<lambda>"
    other.join()
    assert len(stepped.result.steps) == 2
    assert workbench.fire("run", 1).steps == ()


def test_a_save_while_it_is_stopped_waits(
    watched: Workbench, write: Write, answering: Callable[[object], str], until: Until
) -> None:
    with watched.step("answer", 1) as stepped:
        write("billing", answering("two"))
        until(lambda: "reloading billing" in watched.waiting)
        stepped.next()
        assert stepped.result.result == "one"
    until(lambda: watched.fire("answer", 1).result == "two")
    watched.replays.wait()
    assert watched.waiting == []


def test_a_callback_with_a_tracer_of_its_own_runs_to_its_end(run: Run) -> None:
    workbench = run("""
    import sys, threading

    @on_filter("run")
    def first(value):
        before = sys.gettrace(), threading.gettrace()
        sys.settrace(lambda *_: None)
        threading.settrace(lambda *_: None)
        value = [*value, 1]
        threading.settrace(before[1])
        sys.settrace(before[0])
        return value
    on_filter("run", 20)(lambda value: [*value, 2])
    """)
    with workbench.step("run", []) as stepped:
        stepped.into()
        for _ in range(10):
            stop = stepped.stop
            if stop is None or stop.line is None:
                break
            stepped.next()
        assert at(stepped.stop) == "<lambda>"
    assert stepped.result.result == [1, 2]
    assert stepped.result.outcome == "ok"


def test_generators_and_async_callbacks_are_stepped_by_line(run: Run) -> None:
    workbench = run("""
    @on_filter("run", 1)
    async def awaited(value): return 1

    @on_filter("run", 2)
    def generated(value):
        yield 1
        yield 2

    @on_filter("run", 3)
    def listed(values):
        first = next(values)
        rest = list(values)
        return [first, *rest]
    """)
    with workbench.step("run", 0) as stepped:
        assert at(stepped.into()) == "generated"
        assert at(stepped.into()) == "listed"
        functions = [
            (stop.line.function if (stop := stepped.into()) and stop.line else "") for _ in range(5)
        ]
        assert set(functions[:4]) == {"listed", "generated"}
    assert stepped.result.result == [1, 2]
    assert "async" in str(stepped.result.steps[0].error)


def test_to_continue_inside_goes_on_outside_too(run: Run) -> None:
    workbench = run("""
    @on_filter("run", 1)
    def first(value):
        value = apply_filters("inner", value)
        value = [*value, 1]
        return value
    on_filter("run", 2)(lambda value: [*value, 2])

    @on_filter("inner")
    def inner(value):
        value = [*value, 0]
        return value
    """)
    with workbench.step("run", []) as stepped:
        stepped.into()
        stop = stepped.into()
        assert stop is not None
        assert stop.firing.hook == "inner"
        assert at(stepped.into()) is not None
        assert stepped.go_on() is None
    assert stepped.result.result == [0, 1, 2]


def test_breakpoints_change_while_they_are_looked_at(run: Run) -> None:
    workbench = run("""
    calls = []

    @on_filter("run", 1)
    def first(value):
        calls[0]()
        return value

    @on_filter("run", 2)
    def second(value):
        return value

    @on_action("give")
    def give(call):
        calls[:] = [call]
    """)
    points = workbench.breakpoints
    workbench.fire("give", lambda: points.add(callback="second"))
    with workbench.step("run", []) as stepped:
        assert at(stepped.go_on()) == "second"
    points.clear()
    workbench.fire("give", points.clear)
    with workbench.step("run", []) as stepped:
        points.add(callback="second")
        assert stepped.go_on() is None
    with workbench.step("run", []) as stepped:
        many = [points.add(callback="nothing") for _ in range(200)]
        changing = Thread(target=lambda: [points.discard(each) for each in many])
        changing.start()
        assert stepped.go_on() is None
        changing.join()
    assert not points


def test_to_interrupt_at_a_stop_interrupts_nothing(run: Run) -> None:
    workbench = run("on_filter('run')(lambda value: [value])")
    with workbench.step("run", 1) as stepped:
        assert workbench.interrupt() is False
        assert stepped.into() is not None
        assert workbench.interrupt() is False
        assert stepped.out() is not None
    assert stepped.result.outcome == "ok"
    assert stepped.result.result == [1]
