"""What the contract tests share: waiting, processes of their own, and plugins to work with."""

from __future__ import annotations

import faulthandler
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from escalated_core.records import Firing, Reload
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Helper = Callable[..., Any]
Until = Callable[[Callable[[], Any]], Any]
RunPython = Callable[[str], str]

DEADLINE = 15.0
"""Seconds after which what a test waits for is taken never to happen."""


@pytest.fixture
def until() -> Until:
    """`until(condition)` waits for it to be true and returns what it is then."""

    def wait(condition: Callable[[], Any]) -> Any:
        deadline = monotonic() + DEADLINE
        while not (found := condition()):
            assert monotonic() < deadline, "it never came true"
            sleep(0.002)
        return found

    return wait


@pytest.fixture
def watchdog() -> Iterator[None]:
    """Ends the process, and says where its threads are, if a test hangs."""
    faulthandler.dump_traceback_later(8 * DEADLINE, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def run_python(tmp_path: Path) -> RunPython:
    """`run_python(code)` runs code in a process of its own and returns what it printed."""

    def run(code: str) -> str:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(code), "utf-8")
        done = subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def dedent() -> Callable[[str], str]:
    """`dedent(code)` is what `write` makes of it."""
    return textwrap.dedent


# --- what is left in a process

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
def run_in_state(root: Path, run_python: RunPython) -> Callable[[str], list[str]]:
    """Runs code that can compare the process with `before`; returns the lines it printed."""
    head = f"{STATE}\nroot = {str(root)!r}\n"
    return lambda code: run_python(head + textwrap.dedent(code)).splitlines()


# --- one plugin that answers, and what saves do to it


@pytest.fixture
def answering() -> Callable[[object], str]:
    """`answering("one")` is a plugin whose filter `answer` gives that value."""
    code = """
    from escalated.hooks import add_filter

    def answer(value):
        return {!r}

    add_filter("answer", answer)
"""
    return code.format


@pytest.fixture
def answer() -> Callable[[Workbench], Any]:
    """`answer(workbench)` is what the filter gives now."""
    return lambda workbench: workbench.fire("answer", None).result


@pytest.fixture
def watched(write: Write, open_workbench: Open, answering: Helper) -> Workbench:
    """A workbench that watches a plugin `billing` which answers `one`."""
    write("billing", answering("one"))
    return open_workbench(watch=True)


@pytest.fixture
def saves() -> Callable[..., list[Reload]]:
    """`saves(workbench)` are the reloads of a plugin that saves caused."""

    def of(workbench: Workbench, slug: str = "billing") -> list[Reload]:
        by_save = [r for r in workbench.reloads if r.trigger in ("save", "removed")]
        return [reload for reload in by_save if reload.plugin == slug]

    return of


@pytest.fixture
def settle(root: Path, until: Until) -> Callable[..., None]:
    """`settle(workbench)` waits until all saves before now are taken up: a later one has been."""

    def wait(workbench: Workbench, name: str = "settled") -> None:
        folder = root / name
        if folder.exists():
            shutil.rmtree(folder)
            until(lambda: name not in workbench.plugins)
        folder.mkdir()
        (folder / "plugin.py").write_text("", "utf-8")
        (folder / "plugin.json").write_text('{"name": "S", "slug": "settled"}', "utf-8")
        until(lambda: name in workbench.plugins and workbench.plugins[name].status == "active")
        workbench.fire("settled")

    return wait


@dataclass
class Billing:
    """A plugin `billing` that a workbench watches: its filter `answer` gives what was saved."""

    workbench: Workbench
    path: Path
    answering: Callable[[object], str]
    until: Until
    settle: Callable[[Workbench], None]
    reloads: Callable[[Workbench], list[Reload]]

    def code(self, value: object) -> str:
        """What its file holds to answer this."""
        return textwrap.dedent(self.answering(value))

    def save(self, value: object) -> None:
        """Writes its file in place, and waits for the answer."""
        self.path.write_text(self.code(value), "utf-8")
        self.comes_to(value)

    def replace(self, value: object) -> None:
        """Saves as careful editors do, beside the file and then in its place, and waits."""
        temporary = self.path.with_name(f".{self.path.name}.swp")
        temporary.write_text(self.code(value), "utf-8")
        temporary.replace(self.path)
        self.comes_to(value)

    def comes_to(self, value: object) -> None:
        """Waits until it answers this."""
        self.until(lambda: self.workbench.fire("answer", None).result == value)

    def saves(self) -> list[Reload]:
        """The reloads that all saves before now caused."""
        self.settle(self.workbench)
        return self.reloads(self.workbench)


@pytest.fixture
def billing(watched: Workbench, root: Path, billing_at: Callable[..., Billing]) -> Billing:
    """The plugin of `watched`."""
    return billing_at(watched, root / "billing")


@pytest.fixture
def billing_at(
    answering: Callable[[object], str],
    until: Until,
    settle: Callable[..., None],
    saves: Callable[..., list[Reload]],
) -> Callable[[Workbench, Path], Billing]:
    """`billing_at(workbench, folder)` is the plugin `billing`, which is really in that folder."""
    return lambda workbench, folder: Billing(
        workbench, folder / "plugin.py", answering, until, settle, saves
    )


# --- the lifecycle


@pytest.fixture
def listening() -> Callable[[str], str]:
    """`listening(slug)` is a plugin that prints at every hook of the lifecycle, its own too."""
    code = """
    from escalated.hooks import add_action

    HOOKS = ["loaded", "activated", "deactivated", "uninstalling"]
    SLUG = {!r}

    for name in HOOKS:
        add_action(f"plugin_{{name}}", print)
        add_action(f"plugin_{{name}}_{{SLUG}}", print)
"""
    return code.format


@pytest.fixture
def on_run_code() -> str:
    """A plugin that prints when the action `run` is fired."""
    return """
    from escalated.hooks import add_action

    def on_run():
        print("ran")

    add_action("run", on_run)
"""


@pytest.fixture
def fired() -> Callable[..., list[str]]:
    """`fired(workbench, slug)` are the lifecycle hooks so far, those about one plugin if given."""

    def hooks(workbench: Workbench, slug: str = "") -> list[str]:
        return [
            firing.hook
            for firing in workbench.trace
            if firing.hook.startswith("plugin_")
            and (not slug or firing.args[:1] == (slug,) or firing.hook.endswith(f"_{slug}"))
        ]

    return hooks


@pytest.fixture
def remembered() -> Callable[[Path], dict[str, str]]:
    """`remembered(root)` is what is kept of the plugins' states."""

    def states(root: Path) -> dict[str, str]:
        path = root.parent / ".escalated-workbench" / f"{root.name}.json"
        return json.loads(path.read_text("utf-8"))["plugins"]

    return states


# --- plugins that say what an expression gives


@pytest.fixture
def saying() -> Callable[..., str]:
    """`saying("x.NAME", "import x")` is a plugin whose filter `answer` gives an expression."""

    def code(expression: str, imports: str = "", lazy: str = "pass") -> str:
        return f"""
    {imports}
    from escalated.hooks import add_filter

    def answer(value):
        {lazy}
        return {expression}

    add_filter("answer", answer)
"""

    return code


@pytest.fixture
def answers() -> Callable[[Workbench], list[Any]]:
    """`answers(workbench)` is what each plugin's filter `answer` gives, in running order."""

    def given(workbench: Workbench) -> list[Any]:
        firing = workbench.fire("answer", "nobody answered")
        assert [step.error for step in firing.steps] == [None] * len(firing.steps)
        return [step.after for step in firing.steps]

    return given


# --- one plugin that does as a test says


HEAD = """
from functools import partial, wraps

from escalated.hooks import *

got = []


def say(text):
    return lambda *args: print(text, *args)
"""


@pytest.fixture
def run(write: Write, open_workbench: Open) -> Callable[..., Workbench]:
    """`run(code)` opens a workbench on one plugin `alpha` with this code."""

    def make(code: str, **options: Any) -> Workbench:
        write("alpha", HEAD + textwrap.dedent(code))
        return open_workbench(**options)

    return make


@pytest.fixture
def said() -> Callable[[Firing], list[str]]:
    """`said(firing)` is what each step printed."""
    return lambda firing: [step.output.strip() for step in firing.steps]


# --- plugins that use the database


@pytest.fixture
def note() -> str:
    """A `models.py` with a model `Note`, which has a text."""
    return """
    from django.db import models

    class Note(models.Model):
        text = models.TextField()
"""


@pytest.fixture
def holder(write: Write, open_workbench: Open) -> Workbench:
    """A workbench whose plugin is in the middle of a transaction from `hold` until `let_go`.

    A thread changes ticket 1 in it, and ticket 2 once it is over, however it ends.
    """
    write(
        "alpha",
        """
        import threading
        from django.db import DatabaseError, transaction
        from escalated.hooks import *
        from escalated_core.helpdesk.models import Ticket

        ready, go_on, done = threading.Event(), threading.Event(), threading.Event()

        def hold():
            try:
                with transaction.atomic():
                    Ticket.objects.filter(pk=1).update(subject="held")
                    ready.set()
                    go_on.wait()
                    Ticket.objects.filter(pk=1).update(subject="held on")
            except DatabaseError:
                pass
            Ticket.objects.filter(pk=2).update(subject="after")
            done.set()

        @on_action("hold")
        def start():
            threading.Thread(target=hold).start()
            ready.wait()

        @on_action("let_go")
        def let_go():
            go_on.set()
            done.wait()
        """,
    )
    return open_workbench()


# --- what plugins send out

_IMPORTS = "import http.client, io, os, socket, threading, urllib.request, requests\n"


@pytest.fixture
def go(run: Callable[..., Workbench]) -> Callable[..., Firing]:
    """`go("code")` runs code in a callback and returns the firing, which went well."""

    def fire(code: str, effects: Any = None, is_ok: bool = True, **options: Any) -> Firing:
        body = code.replace("\n    ", "\n").replace("\n", "\n    ")
        workbench = run(f"{_IMPORTS}\n@on_action('run')\ndef go():\n    {body}\n", **options)
        firing = workbench.fire("run", effects=effects)
        assert not is_ok or firing.outcome == "ok", firing.error
        return firing

    return fire
