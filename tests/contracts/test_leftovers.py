"""What a reload cannot undo is listed: threads, monkey patches, exit handlers.

Where Python looks for modules is put right by every reload.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import PluginError
from escalated_workbench import Workbench

Write = Callable[..., Path]
Helper = Callable[..., Any]


Open = Callable[..., Workbench]


Until = Callable[[Callable[[], Any]], Any]


LEAK = """
    import threading

    stop = threading.Event()
    threading.Thread(target=stop.wait, name="poller", daemon=True).start()
    # {}
"""


def test_a_leaked_thread_is_listed_until_it_ends(
    write: Write, open_workbench: Open, until: Until
) -> None:
    import threading

    def poller() -> threading.Thread:
        return next(t for t in threading.enumerate() if t.name == "poller")

    folder = write("billing", LEAK)
    workbench = open_workbench()
    assert workbench.findings == []
    first = poller()
    for number in range(2):
        write("billing", f"# {number}")
        workbench.reload("billing")
        (finding,) = workbench.findings
        assert finding.code == "reload.needs-restart"
        assert "poller" in finding.message
        assert (finding.file, finding.line) == (str(folder / "plugin.py"), 5)
    release = next(
        value
        for value in vars(first)["_target"].__self__.__dict__.values()
        if isinstance(value, threading.Condition)
    )
    vars(first)["_target"].__self__.set()
    del release
    first.join()
    workbench.reload("billing")
    assert workbench.findings == []


def test_a_monkey_patch_and_an_exit_handler_are_listed(
    write: Write, open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    import atexit
    import colorsys

    monkeypatch.setattr(colorsys, "rgb_to_hsv", colorsys.rgb_to_hsv)
    code = """
        import atexit, colorsys

        def mine(*rgb):
            return rgb

        def goodbye():
            pass

        colorsys.rgb_to_hsv = mine
        atexit.register(goodbye)
        """
    folder = write("billing", code)
    workbench = open_workbench()
    assert workbench.findings == []
    write("billing", "import colorsys, atexit")
    workbench.reload("billing")
    assert {(f.code, f.file, f.line) for f in workbench.findings} == {
        ("reload.needs-restart", str(folder / "plugin.py"), 10),
        ("reload.needs-restart", str(folder / "plugin.py"), 11),
    }
    messages = " ".join(finding.message for finding in workbench.findings)
    assert "colorsys.rgb_to_hsv" in messages
    assert "goodbye" in messages
    atexit.unregister(print)


ADD = """
    import os, sys
    from escalated.hooks import add_filter

    here = os.path.dirname(__file__)

    class Finder:
        def find_spec(*_):
            pass

        def for_path(path):
            raise ImportError

    def add(value=None):
        {}

    {}
"""
AT_ONCE, LATER = "add()", "add_filter('answer', add)"
ADDITIONS = {
    "its folder": ("sys.path.insert(0, here)", AT_ONCE),
    "its folder, but once": ("here in sys.path or sys.path.append(here)", AT_ONCE),
    "its folder, later": ("sys.path.insert(0, here)", LATER),
    "another folder": ("sys.path.append(os.path.dirname(here))", AT_ONCE),
    "one that is there": ("sys.path.insert(0, ''.join([*sys.path[-1]]))", AT_ONCE),
    "a finder": ("sys.meta_path.insert(0, Finder())", AT_ONCE),
    "a hook": ("sys.path_hooks.append(Finder.for_path)", AT_ONCE),
}


def searched() -> list[list[str]]:
    """Where Python looks for modules; equal for the same place of another generation."""
    finders = [*sys.meta_path, *sys.path_hooks]
    return [list(sys.path), [f"{each.__module__} {type(each).__name__}" for each in finders]]


@pytest.mark.parametrize(("addition", "when"), ADDITIONS.values(), ids=ADDITIONS)
def test_where_python_looks_for_modules_is_as_before_when_a_plugin_goes(
    write: Write,
    open_workbench: Open,
    monkeypatch: pytest.MonkeyPatch,
    addition: str,
    when: str,
    answer: Helper,
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, "/one/of/the/program"])
    before = searched()
    plain, adding = "# adds nothing", ADD.format(addition, when)
    write("alpha", plain)
    workbench = open_workbench()
    without = searched()

    def load(code: str) -> None:
        write("alpha", code)
        workbench.reload("alpha")
        answer(workbench)

    load(adding)
    added = searched()
    assert added != without
    with pytest.raises(PluginError):
        load(f"{adding}\n    1 / 0")
    assert searched() == added
    load(adding)
    assert searched() == added
    load(plain)
    assert searched() == without
    load(adding)
    sys.path.append("/another/of/the/program")
    workbench.deactivate("alpha")
    assert searched() == [[*without[0], "/another/of/the/program"], without[1]]
    workbench.activate("alpha")
    answer(workbench)
    workbench.close()
    assert searched() == [[*before[0], "/another/of/the/program"], before[1]]


def test_what_a_plugin_that_cannot_be_loaded_added_is_gone(
    write: Write, open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = searched()
    write("alpha", ADD.format(*ADDITIONS["its folder"]) + "\n    1 / 0")
    workbench = open_workbench()
    assert workbench.plugins["alpha"].status == "failed"
    assert searched()[0] == before[0]


def test_a_thousand_plugins_reload_one_as_fast_as_ten(
    write: Write, open_workbench: Open, until: Until, answer: Helper, answering: Helper
) -> None:
    for number in range(300):
        write(f"plugin-{number:03}", answering(number))
    workbench = open_workbench(watch=True)
    assert len(workbench.plugins) == 300
    write("plugin-299", answering("saved"))
    until(lambda: answer(workbench) == "saved")
    assert [r.plugin for r in workbench.reloads if r.trigger == "save"] == ["plugin-299"]
