"""Plugins run on one thread of their own, and closing leaves the process as it was."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import WorkbenchError
from escalated_core.records import Activity
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]
RunPython = Callable[[str], str]
RunInState = Callable[[str], list[str]]

# --- the plugin thread

SAY_WHERE = """
    import threading
    from escalated.hooks import *

    def where(*args):
        print("ran on", threading.get_ident())

    where()
    from . import helpers

    for name in ("loaded", "activated_alpha", "deactivated_alpha", "uninstalling_alpha"):
        add_action(f"plugin_{name}", where)
    add_action("run", where)
    add_action("run", lambda: do_action("inner"))
    add_action("inner", where)
    add_filter("value", lambda value: where() or value)
    add_action("ticket_created", lambda ticket: where(ticket.refresh_from_db()))
"""


def said(workbench: Workbench) -> set[str]:
    """The lines that plugins printed so far, while loading and in steps."""
    steps = [step for firing in workbench.trace for step in firing.steps]
    return {line for each in [*workbench.reloads, *steps] for line in each.output.splitlines()}


def test_all_code_of_plugins_runs_on_one_thread_that_is_nobody_elses(
    write: Write, open_workbench: Open, until: Until
) -> None:
    helpers = "import threading\nprint('ran on', threading.get_ident())\n"
    write("alpha", SAY_WHERE, "helpers.py", helpers)
    workbench = open_workbench(watch=True)
    callers = {threading.get_ident()}

    def fire() -> None:
        callers.add(threading.get_ident())
        assert workbench.fire("run").outcome == "ok"
        assert workbench.fire("value", 1).outcome == "ok"

    async def fire_from_an_event_loop() -> None:
        assert workbench.fire("ticket_created").outcome == "ok"

    asyncio.run(fire_from_an_event_loop())
    others = [threading.Thread(target=fire) for _ in range(8)]
    for thread in others:
        thread.start()
    write("alpha", SAY_WHERE, "helpers.py", helpers * 2)
    until(lambda: "save" in [reload.trigger for reload in workbench.reloads])
    for thread in others:
        thread.join()
    workbench.reload("alpha")
    workbench.deactivate("alpha")
    workbench.activate("alpha")
    workbench.uninstall("alpha")
    (thread,) = said(workbench)
    assert thread not in {f"ran on {caller}" for caller in callers}
    heard = {firing.hook for firing in workbench.trace if firing.steps}
    assert heard >= {"plugin_loaded", "plugin_activated_alpha", "plugin_deactivated_alpha"}
    assert heard >= {"plugin_uninstalling_alpha", "run", "inner", "value", "ticket_created"}
    assert len({firing.thread for firing in workbench.trace}) == 1


HOLD = """
    from escalated.hooks import on_action

    @on_action("hold")
    def keep_busy(started, release):
        started.set()
        while not release.is_set():
            pass
"""


def test_what_runs_right_now_can_be_told_and_stopped_by_anybody(
    write: Write, root: Path, until: Until
) -> None:
    write("alpha", HOLD)
    started, release = threading.Event(), threading.Event()
    workbench = Workbench.begin(root, interrupts=False)
    with ThreadPoolExecutor(1) as pool:
        try:
            workbench.opening.wait()
            assert (workbench.activity, workbench.interrupt()) == (None, False)
            firing = pool.submit(workbench.fire, "hold", started, release, kind="action")
            assert started.wait(15)
            now = present(workbench.activity)
            assert (now.plugin, now.stuck) == ("alpha", False)
            assert "keep_busy" in now.doing
            assert "hold" in now.doing
            until(lambda: present(workbench.activity).seconds > now.seconds > 0)
            workbench.time_limit = now.seconds
            assert present(workbench.activity).stuck
            assert not firing.done()
            assert workbench.interrupt()
            assert firing.result(15).outcome == "interrupted"
            assert (workbench.activity, workbench.interrupt()) == (None, False)
        finally:
            release.set()
            workbench.close()


def present(activity: Activity | None) -> Activity:
    assert activity
    return activity


# --- one at a time, in a process whose Django is free


def test_one_is_open_at_a_time_and_one_that_is_refused_is_in_nobodys_way(
    write: Write, root: Path, open_workbench: Open
) -> None:
    write("alpha", "from escalated.hooks import *\nadd_action('run', lambda: print('alpha'))")
    first = open_workbench()
    for another in (Workbench, Workbench.begin):
        with pytest.raises(WorkbenchError) as refused:
            another(root)
        assert str(root) in refused.value.message
        assert "Close it first" in refused.value.cure
    assert first.fire("run").steps[0].output == "alpha\n"
    assert first.reload("alpha").ok
    assert first.helpdesk.rows("ticket")
    first.close()
    streams, threads = (sys.stdout, sys.stderr), set(threading.enumerate())
    with pytest.raises(WorkbenchError):
        Workbench(root, settings={"DATABASES": {}})
    assert ((sys.stdout, sys.stderr), set(threading.enumerate())) == (streams, threads)
    with Workbench(root) as second:
        first.close()
        assert second.fire("run").steps[0].output == "alpha\n"


def test_where_django_is_somebody_elses_opening_says_what_to_do(
    root: Path, run_python: RunPython
) -> None:
    printed = run_python(f"""
        import sys, threading
        from django.conf import settings
        settings.configure(TIME_ZONE="Europe/Vienna", INSTALLED_APPS=[])
        from escalated_workbench import Workbench
        from escalated_core.errors import WorkbenchError

        before = sys.stdout, threading.enumerate()
        for _ in range(2):
            try:
                Workbench({str(root)!r})
            except WorkbenchError as error:
                print(error.message, "|", error.cure)
        print((sys.stdout, threading.enumerate()) == before, settings.TIME_ZONE)
    """)
    first, second, left = printed.splitlines()
    assert first == second
    message, cure = first.split(" | ")
    assert "Django is already configured" in message
    assert "a process of its own" in cure
    assert left == "True Europe/Vienna"


# --- what is left in the process

BUSY = """
    import logging, sys, threading
    import requests
    from django.db.models.signals import post_save
    from escalated.hooks import *
    from . import helpers
    from .models import Note

    post_save.connect(lambda **_: print("saved"), weak=False)

    @on_action("ticket_created")
    def speak(ticket, user):
        print("out")
        print("err", file=sys.stderr)
        logging.getLogger(__name__).warning("logged")
        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start()
        thread.join()
        Note.objects.create(text="x")
        from . import lazy
        raise ValueError("no")
"""


def test_a_hundred_workbenches_leave_the_process_as_it_was(
    write: Write, run_in_state: RunInState, note: str
) -> None:
    write("busy", BUSY, "helpers.py", "", "lazy.py", "", "models.py", note)
    write("broken", "import logging, sys\n1 / 0")
    printed = run_in_state("""
        def cycle(number):
            with Workbench(root, watch=number % 10 == 0, settings={"X": 1}) as workbench:
                (step,) = workbench.fire("ticket_created").steps
                assert str(step.error) == "ValueError: no"
                assert step.output.splitlines() == ["out", "err", "from a thread", "saved"]
                assert workbench.plugins["broken"].status == "failed"

        for number in range(2):
            cycle(number)
        opened = descriptors()
        for number in range(100):
            cycle(number)
        print(changed(before), of_plugins(), descriptors() - opened)
    """)
    assert printed == ["{} [] 0"]


# --- closing

STUCK = {
    "in a loop": "while True: pass",
    "in a loop that catches everything": """while True:
        try: sum(range(100))
        except BaseException: pass""",
    "asleep in C": "time.sleep(3600)",
    "waiting for a lock": "lock.acquire()",
}
GET_STUCK = """
import threading, time
from escalated.hooks import *

lock = threading.Lock()
lock.acquire()

def get_stuck(started):
    started.set()
    {}

add_filter("answer", lambda value: value + 41)
"""
stuck = pytest.mark.parametrize("stuck", STUCK.values(), ids=STUCK)


@stuck
@pytest.mark.parametrize("close", [True, False], ids=["closed", "not closed"])
def test_a_process_ends_although_a_callback_does_not(
    write: Write, run_in_state: RunInState, stuck: str, close: bool
) -> None:
    write("alpha", GET_STUCK.format(stuck) + "add_action('get_stuck', get_stuck)\n")
    printed = run_in_state(f"""
        def fire():
            print(workbench.fire("get_stuck", started, kind="action").outcome)

        workbench = Workbench(root)
        started = threading.Event()
        caller = threading.Thread(target=fire, daemon=True)
        caller.start()
        started.wait()
        if not {close}:
            sys.exit()
        workbench.close()
        caller.join()
        left = {{"threads", "finders"}}  # the thread that was given up, and what holds it
        print({{each: value for each, value in changed(before).items() if each not in left}})
        with Workbench(root) as another:
            print(another.fire("answer", 1).result, bool(another.helpdesk.rows("ticket")))
    """)
    assert printed == (["interrupted", "{}", "42 True"] if close else [])


@stuck
def test_closing_ends_although_a_plugin_is_still_being_loaded(
    write: Write, run_in_state: RunInState, stuck: str
) -> None:
    write("alpha", GET_STUCK.format(stuck) + "import gate\nget_stuck(gate.started)\n")
    write("beta", "print('loaded')")
    printed = run_in_state("""
        sys.modules["gate"] = gate = type(sys)("gate")
        gate.started = threading.Event()
        workbench = Workbench.begin(root)
        gate.started.wait()
        print(workbench.activity.plugin, "load" in workbench.activity.doing)
        workbench.close()
        try:
            workbench.opening.wait()
        except Exception as error:
            print(type(error).__name__, "closed" in str(error))
        print([thread.name for thread in threading.enumerate() if not thread.daemon])
    """)
    assert printed == ["alpha True", "WorkbenchError True", "['MainThread']"]


def test_a_thread_that_was_given_up_can_change_nothing_when_it_wakes(
    write: Write, open_workbench: Open
) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        @on_action("sleep")
        def oversleep(wake):
            try:
                wake.wait()
                add_action("run", lambda: print("registered too late"))
            finally:
                do_action("run")

        add_action("run", lambda: print("ran"))
        """,
    )
    workbench = open_workbench()
    workbench.time_limit = 0.05
    wake = threading.Event()
    assert workbench.fire("sleep", wake, kind="action").outcome == "interrupted"
    sleeper = next(each for each in threading.enumerate() if "oversleep" in each.name)
    assert "oversleep" in sleeper.name
    wake.set()
    sleeper.join(15)
    assert not sleeper.is_alive()
    assert [each for each in workbench.trace if each.hook == "run"] == []
    (step,) = workbench.fire("run").steps
    assert step.output == "ran\n"
