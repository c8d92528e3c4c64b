"""Stops on several threads, in the lifecycle, and at the end of a process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from threading import Thread
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.stepping.commands import Continue, Next
from escalated_core.stepping.gate import Question
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]
Run = Callable[..., Workbench]
RunPython = Callable[[str], str]

pytestmark = pytest.mark.usefixtures("watchdog")


THREADS = """
import threading
threads = []

def fire(name):
    try:
        do_action("inner", name)
    except BaseException:
        pass  # of a thread that was given up

@on_action("run")
def start(*names):
    for name in names:
        # The process waits for its end.
        thread = threading.Thread(target=fire, args=(name,), name=name, daemon=False)
        threads.append(thread)
        thread.start()

@on_action("wait")
def wait():
    for thread in threads: thread.join()

@on_action("inner")
def inner(name):
    print(name)
"""


def test_threads_of_plugins_stop_one_after_another(run: Run, until: Until) -> None:
    workbench = run(THREADS)
    leave = workbench.stepper.attend()
    gate = workbench.stepper
    workbench.breakpoints.add(hook="inner")
    workbench.fire("run", "one", "two", "three")
    seen: list[str] = []
    number = 0
    for behind in (2, 1, 0):
        stop = gate.wait(since=number)
        assert stop is not None
        until(lambda behind=behind: len(gate.waiting) == behind)
        number = stop.number
        seen.append(stop.thread)
        assert stop.thread == stop.args[0]
        assert {*seen, *gate.waiting} == {"one", "two", "three"}
        gate.go(Continue())
    workbench.fire("wait")
    leave()
    said = {each.steps[0].output for each in workbench.trace if each.hook == "inner"}
    assert said == {"one\n", "two\n", "three\n"}


def test_who_waits_for_a_thread_that_is_stopped_has_time(run: Run) -> None:
    workbench = run(
        THREADS
        + """


@on_action("both")
def both():
    start("one")
    wait()
    return [number for number in range(1000)]
"""
    )
    workbench.time_limit = 0.1
    workbench.breakpoints.add(hook="inner")
    with workbench.step("both") as stepped:
        stop = stepped.next()
        assert stop is not None
        assert stop.thread == "one"
        stepped.run("__import__('time').sleep(0.09)")
        stepped.run("__import__('time').sleep(0.09)")
        workbench.breakpoints.clear()
        stepped.go_on()
    assert stepped.result.outcome == "ok"


def test_a_statement_that_loops_at_the_stop_of_another_thread_ends(run: Run, until: Until) -> None:
    workbench = run(THREADS)
    workbench.time_limit = 0.1
    workbench.breakpoints.add(hook="inner")
    leave = workbench.stepper.attend()
    workbench.fire("run", "one")
    stop = workbench.stepper.wait()
    assert stop is not None
    assert workbench.stepper.ask(Question("while True: pass")).error == "Interrupted"
    lock = vars(sys)["stuck"] = threading.Lock()
    stuck = Question("lock = vars(__import__('sys'))['stuck']\nlock.acquire()\nlock.acquire()")
    with pytest.raises(UsageError, match="stuck outside Python"):
        workbench.stepper.ask(stuck)
    assert workbench.stepper.stop is None
    leave()
    assert workbench.fire("run").outcome == "ok"
    # No later test is to find that thread.
    lock.release()
    until(lambda: not any(each.name == "one" for each in threading.enumerate()))
    del vars(sys)["stuck"]


def test_it_stops_in_hooks_of_the_lifecycle_and_of_an_import(
    write: Write, open_workbench: Open, until: Until
) -> None:
    write(
        "beta",
        """
    from escalated.hooks import *
    on_filter("loading")(lambda value: [*value, "old"])
    on_action("plugin_activated")(lambda slug: print(slug))
    on_filter("loading")(lambda value: [*value, "new"])
    VALUE = apply_filters("loading", [])
    on_filter("loaded")(lambda _: VALUE)
    """,
    )
    workbench = open_workbench()
    workbench.time_limit = 0.2
    leave = workbench.stepper.attend()
    workbench.breakpoints.add(hook="loading")
    workbench.breakpoints.add(category="lifecycle")
    workbench.deactivate("beta")
    other = Thread(target=workbench.activate, args=("beta",))
    other.start()
    seen: list[str] = []
    number = 0
    while other.is_alive():
        stop = workbench.stepper.wait(0.05, since=number)
        if stop is not None:
            seen.append(stop.firing.hook)
            number = stop.number
            workbench.stepper.go(Next())
    leave()
    assert {"loading", "plugin_activated"} <= set(seen)
    assert workbench.plugins["beta"].status == "active"
    assert workbench.fire("loaded", 0).result == ["old", "new"]


STORY = "name: made\nsteps:\n  - event: ticket.create\n"
WAITS: dict[str, Callable[[Workbench], object]] = {
    "fire": lambda wb: wb.fire("run"),
    "event": lambda wb: wb.event("ticket.create"),
    "rehearse": lambda wb: wb.rehearse("ticket.create"),
    "again": lambda wb: wb.again(wb.trace[-1]),
    "past_stops": lambda wb: wb.past_stops(lambda: wb.fire("run")),
    "step": lambda wb: wb.step("run"),
    "run_story": lambda wb: wb.run_story(STORY),
    "fuzz": lambda wb: wb.fuzz(examples=1),
    "matrix": lambda wb: wb.whatif.matrix("run"),
    "replay": lambda wb: wb.replays.replay(),
    "reload": lambda wb: wb.reload("alpha"),
    "deactivate": lambda wb: wb.deactivate("alpha"),
}
"""What needs the thread of the plugins."""


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("doing", ["a hook", "a story"])
def test_nothing_waits_behind_a_stop_of_its_own(
    run: Run, doing: str, wait: Callable[[Workbench], object]
) -> None:
    workbench = run("on_action('run')(print)\non_action('ticket_created')(print)")
    workbench.fire("run")
    workbench.breakpoints.add("ticket_created")
    work = {"a hook": lambda: workbench.fire("ticket_created", 1, 2)}.get(doing)
    with workbench.attended(work or (lambda: workbench.run_story(STORY))) as stepped:
        with pytest.raises(UsageError, match=r"wait for ever behind .*: ticket_created, step 1 of"):
            wait(workbench)
        other = Thread(target=workbench.fire, args=("run",))
        other.start()
        assert stepped.go_on() is None
        other.join()
        # Nobody would let go on what stopped now.
        assert workbench.fire("ticket_created", 1, 2).outcome == "ok"
    assert workbench.fire("run").outcome == "ok"


STOPPED = {
    "between callbacks": """
        run = wb.step("chain", [])
    """,
    "at a line": """
        run = wb.step("chain", [])
        run.into()
    """,
    "in a statement": """
        run = wb.step("chain", [])
        ask("while True: pass")
    """,
    "with a thread behind": """
        leave = wb.stepper.attend()
        wb.breakpoints.add(hook="inner")
        wb.fire("run", "one", "two")
        until(lambda: wb.stepper.stop and wb.stepper.waiting)
    """,
    "in a statement at the stop of a thread": """
        leave = wb.stepper.attend()
        wb.breakpoints.add(hook="inner")
        wb.fire("run", "one", "two")
        until(lambda: wb.stepper.stop and wb.stepper.waiting)
        ask("while True: pass")
    """,
    "in a condition": """
        wb.breakpoints.add(hook="inner", condition="[each for each in iter(int, 1)]")
        leave = wb.stepper.attend()
        Thread(target=wb.fire, args=("inner", 1), daemon=True).start()
        until(lambda: wb.activity)
    """,
}
"""What has something stopped."""


@pytest.mark.parametrize("end", ["wb.close()", ""], ids=["closed", "left"])
@pytest.mark.parametrize("stopped", STOPPED.values(), ids=STOPPED)
def test_a_process_ends_where_something_is_stopped(
    write: Write, root: Path, run_python: RunPython, stopped: str, end: str
) -> None:
    chain = 'on_filter("chain")(lambda value: [*value, 1])\n'
    write("alpha", f"from escalated.hooks import *\n{THREADS}\n{chain}")
    head = f"""
from threading import Thread, enumerate as threads
from time import sleep
from escalated_core.stepping.gate import Question
from escalated_workbench import Workbench

def until(holds):
    while not holds():
        sleep(0.001)

def ask(text):
    Thread(target=wb.stepper.ask, args=(Question(text),), daemon=True).start()
    until(lambda: wb.activity)

wb = Workbench({str(root)!r})
wb.time_limit = {1000 if end else 0.3}
"""
    ended = """
    # Also those that are no daemons.
    until(lambda: not [each for each in threads() if each.name in ("one", "two", "plugins")])
    """
    run_python(head + dedent(stopped) + end + dedent(ended if end else ""))
