"""Plugins run on one thread of their own, and closing leaves the process as it was."""

from __future__ import annotations

import asyncio
import logging
import sys
import textwrap
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

STATE = """
import gc, io, logging, os, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from escalated_workbench import Workbench

def state():
    manager = logging.root.manager
    loggers = [each for each in manager.loggerDict.values() if isinstance(each, logging.Logger)]
    return {
        "path": list(sys.path),
        # Libraries such as six add a finder, and handlers for nothing, when first imported.
        "finders": [each for each in sys.meta_path if type(each).__module__ != "six"],
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "threads": set(threading.enumerate()),
        "switching": sys.getswitchinterval(),
        "hooks": (threading.excepthook, sys.excepthook, sys.unraisablehook),
        "tracing": (sys.gettrace(), sys.getprofile(), threading.gettrace()),
        "threading": (dict(vars(threading.Thread)), dict(vars(ThreadPoolExecutor))),
        "logging": dict(vars(logging.Logger)),
        "disabled": manager.disable,
        "signals": [signal.getsignal(each) for each in signal.valid_signals()],
    } | {each.name: of_logger(each) for each in [logging.root, *loggers]}

def of_logger(logger):
    handlers = [each for each in logger.handlers if not isinstance(each, logging.NullHandler)]
    return handlers, logger.filters[:], logger.level, logger.propagate, logger.disabled

def changed(before):
    now, new = state(), ([], [], logging.NOTSET, True, False)
    return {each: now[each] for each in now if before.get(each, new) != now[each]}

def of_plugins():
    return [n for n in sys.modules if n.partition(".")[0] in ("escalated", "escalated_plugins")]

def descriptors():
    gc.collect()
    return len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0

told = io.StringIO()
logging.getLogger().addHandler(logging.StreamHandler(told))
logging.getLogger("somebody").setLevel("INFO")
before = state()
"""


@pytest.fixture
def run_in_state(root: Path, run_python: RunPython) -> RunInState:
    """Runs code that can compare the process with `before`; returns the lines it printed."""
    head = f"{STATE}\nroot = {str(root)!r}\n"
    return lambda code: run_python(head + textwrap.dedent(code)).splitlines()


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
NOTE = "from django.db import models\nclass Note(models.Model):\n    text = models.TextField()\n"


def test_a_hundred_workbenches_leave_the_process_as_it_was(
    write: Write, run_in_state: RunInState
) -> None:
    write("busy", BUSY, "helpers.py", "", "lazy.py", "", "models.py", NOTE)
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
    sleeper = next(each for each in threading.enumerate() if each.name.startswith("given up"))
    assert "oversleep" in sleeper.name
    wake.set()
    sleeper.join(15)
    assert not sleeper.is_alive()
    assert [each for each in workbench.trace if each.hook == "run"] == []
    (step,) = workbench.fire("run").steps
    assert step.output == "ran\n"


# --- logging

CONFIGURE = {
    "basicConfig": "logging.basicConfig(level='CRITICAL', force=True)",
    "dictConfig": "logging.config.dictConfig({'version': 1, 'root': {'level': 'CRITICAL'}})",
    "handlers": """logging.config.dictConfig({'version': 1, 'disable_existing_loggers': False,
        'handlers': {'null': {'class': 'logging.NullHandler'}},
        'root': {'handlers': ['null'], 'level': 'CRITICAL'},
        'loggers': {'escalated_plugins': {'propagate': False, 'level': 'ERROR'}}})""",
    "disable": "logging.disable(logging.CRITICAL)",
    "propagate": "logging.getLogger('somebody').propagate = False",
}
LOGS = """
    import logging
    from escalated.hooks import on_action

    @on_action("run", 20)
    def speak():
        logging.getLogger(__name__).info("own")
        logging.getLogger("somebody").info("of a library")
"""


@pytest.mark.parametrize("when", ["configure()", "add_action('run', configure, 1)"])
@pytest.mark.parametrize("configure", CONFIGURE.values(), ids=CONFIGURE)
def test_a_plugin_that_configures_logging_cuts_nobody_off(
    write: Write, run_in_state: RunInState, configure: str, when: str
) -> None:
    head = "import logging.config\nfrom escalated.hooks import add_action\ndef configure():\n"
    write("alpha", LOGS)
    write("zeta", f"{head}    {configure}\n{when}\n")
    printed = run_in_state("""
        with Workbench(root) as workbench:
            for _ in range(2):
                step = workbench.fire("run").steps[-1]
                print(*(line.message for line in step.logs), sep=", ")
        print(changed(before))
        told.truncate(told.seek(0))
        logging.getLogger("somebody").info("heard")
        print(told.getvalue(), end="")
    """)
    assert printed == ["own, of a library", "own, of a library", "{}", "heard"]


@pytest.mark.parametrize("head", ["", "    import django\n"], ids=["plain", "with Django"])
def test_a_logging_overlay_is_heard_while_open_and_undone_at_close(
    write: Write, run_in_state: RunInState, head: str
) -> None:
    write("alpha", head + LOGS)
    printed = run_in_state("""
        overlay = io.StringIO()
        settings = {"LOGGING": {
            "version": 1,
            "handlers": {"ours": {"class": "logging.StreamHandler", "stream": overlay}},
            "root": {"handlers": ["ours"], "level": "CRITICAL"},
            "loggers": {"escalated_plugins": {"level": "INFO"}, "new": {"level": "DEBUG"}},
        }}
        for _ in range(2):
            with Workbench(root, settings=settings) as workbench:
                for _ in range(2):
                    (step,) = workbench.fire("run").steps
                    print(*(line.message for line in step.logs), sep=", ")
            print(", ".join(overlay.getvalue().splitlines()), "|", changed(before))
            overlay.truncate(overlay.seek(0))
    """)
    line = "own, of a library"
    assert printed == [line, line, f"{line}, {line} | {{}}"] * 2


def test_a_foreign_debug_record_reaches_only_who_would_get_it_anyway(
    write: Write, open_workbench: Open, caplog: pytest.LogCaptureFixture
) -> None:
    for name, level in (("foreign.loud", logging.DEBUG), ("foreign.alone", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [caplog.handler], False
        logger.setLevel(level)
    write(
        "alpha",
        """
        import logging, threading
        from escalated.hooks import on_action

        def speak():
            for name in ("foreign", "foreign.child", "foreign.loud", "foreign.alone"):
                logging.getLogger(name).debug("debug of %s", name)
                logging.getLogger(name).warning("warning of %s", name)

        speak()

        @on_action("run")
        def both():
            speak()
            thread = threading.Thread(target=speak)
            thread.start()
            thread.join()
        """,
    )
    workbench = open_workbench()
    (step,) = workbench.fire("run").steps
    expected = ["warning of foreign", "warning of foreign.child", "debug of foreign.loud"]
    expected += ["warning of foreign.loud", "warning of foreign.alone"]
    assert caplog.messages == expected * 3
    warnings = [line.message for line in step.logs]
    assert warnings == [message for message in expected if "debug" not in message] * 2
