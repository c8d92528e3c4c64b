"""What a reload cannot undo is listed: threads, monkey patches, exit handlers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_workbench import Workbench

Write = Callable[..., Path]


Open = Callable[..., Workbench]


Until = Callable[[Callable[[], Any]], Any]


ANSWER = """
    from escalated.hooks import add_filter

    def answer(value):
        return {!r}

    add_filter("answer", answer)
"""


def answer(workbench: Workbench) -> Any:
    return workbench.fire("answer", None).result


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


def test_a_thousand_plugins_reload_one_as_fast_as_ten(
    write: Write, open_workbench: Open, until: Until
) -> None:
    for number in range(300):
        write(f"plugin-{number:03}", ANSWER.format(number))
    workbench = open_workbench(watch=True)
    assert len(workbench.plugins) == 300
    write("plugin-299", ANSWER.format("saved"))
    until(lambda: answer(workbench) == "saved")
    assert [r.plugin for r in workbench.reloads if r.trigger == "save"] == ["plugin-299"]
