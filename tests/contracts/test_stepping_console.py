"""Code that somebody runs at a stop, and conditions, also such as never end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from escalated_core.errors import UsageError
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


def test_a_statement_stuck_outside_python_gives_up_what_waits(run: Run) -> None:
    workbench = run("""
    import threading
    stuck = threading.Lock()
    stuck.acquire()

    @on_filter("run", 1)
    def first(value): return [*value, 1]
    on_filter("run", 2)(lambda value: [*value, 2])
    on_action("free")(stuck.release)
    """)
    workbench.time_limit = 0.1
    stepped = workbench.step("run", [])
    stepped.next()
    stepped.run("import threading; lock = threading.Lock(); lock.acquire()")
    with pytest.raises(UsageError, match="stuck outside Python"):
        stepped.run("lock.acquire()")
    assert stepped.finish().steps[0].outcome == "ok"
    assert workbench.stepper.stop is None
    with workbench.step("run", []) as other:
        assert at(other.next()) is not None
    assert other.result.result == [1, 2]


def test_a_statement_that_loops_ends_at_its_limit_or_when_asked(run: Run, until: Until) -> None:
    workbench = run("on_filter('run')(lambda value: value)")
    workbench.time_limit = 0.1
    with workbench.step("run", 1) as stepped:
        assert stepped.run("while True: pass").error == "Interrupted"
        workbench.time_limit = 1000
        told: list[str] = []
        asking = Thread(target=lambda: told.append(stepped.run("while True: pass").error))
        asking.start()
        until(workbench.interrupt)
        asking.join()
        assert told == ["Interrupted"]
        assert stepped.stop is not None
    assert stepped.result.result == 1


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("exit()", "SystemExit"),
        ("del _value", ""),
        ("1 +", "SyntaxError"),
        ("input()", "EOFError"),
        ("raise type('Odd', (Exception,), {'__str__': lambda _: 1 / 0})", "console.Odd"),
        ("raise type('Odd', (Exception,), {'__str__': lambda _: exit(3)})", "console.Odd"),
    ],
)
def test_statements_end_by_themselves(run: Run, statement: str, error: str) -> None:
    workbench = run("on_filter('run')(lambda value: value)")
    with workbench.step("run", [1]) as stepped:
        assert stepped.run(statement).error.startswith(error)
        assert stepped.run("_value").value == [1]
        stop = stepped.stop
        assert stop is not None
        assert stop.value == [1]
    assert [step.note for step in stepped.result.steps] == [""]


def test_a_text_of_an_error_that_loops_ends_at_its_limit(run: Run) -> None:
    workbench = run("on_filter('run')(lambda value: value)")
    workbench.time_limit = 0.1
    loops = (
        "def text(self):\n  while True: pass\nraise type('Odd', (Exception,), {'__str__': text})"
    )
    with workbench.step("run", 1) as stepped:
        assert stepped.run(loops).error == "Interrupted"


def test_a_statement_that_prints_a_lot_is_capped(run: Run) -> None:
    workbench = run("on_filter('run')(lambda value: value)")
    with workbench.step("run", 1) as stepped:
        assert len(stepped.run("print('x' * 10_000_000)").output) == 100_000
    assert stepped.result.steps[0].output == ""


NAMES = {
    "value, _value": ({"subject": "a"},) * 2,
    "data": {"subject": "a"},
    "ticket, len(args), len(_args), kwargs, _kwargs": (None, 2, 2, {}, {}),
    "hook, _hook, plugin, callback": ("ticket_data", "ticket_data", "alpha", "second"),
    "_before, _after": ({"subject": ""}, {"subject": "a"}),
}
"""Expressions at the second callback of `ticket_data`, and what they give."""


def test_conditions_and_the_console_have_the_same_names(run: Run) -> None:
    workbench = run("""
    callback = "of the module"
    on_filter("ticket_data", 1)(lambda data, ticket: {"subject": "a"})
    @on_filter("ticket_data", 2)
    def second(data, hook):
        return data
    """)
    for text, expected in NAMES.items():
        place = f"callback:second if ({text}) == {expected!r}"
        with workbench.step("ticket_data", {"subject": ""}, None) as stepped:
            number = workbench.breakpoints.add(place)
            stop = stepped.go_on()
            assert (at(stop), stop and ", which raised" in stop.reason) == ("second", False)
            assert stepped.run(text).value == expected
            workbench.breakpoints.remove(number)
    with workbench.step("ticket_data", {"subject": ""}, None) as stepped:
        stepped.next()
        stepped.into()
        names = "data, hook, value, callback, _hook"
        seen = ({"subject": "a"}, None, {"subject": "a"}, "of the module", "ticket_data")
        assert stepped.run(names).value == seen


@pytest.mark.parametrize("name", ["value", "_value", "data"])
def test_a_value_is_bound_anew_by_each_of_its_names(run: Run, name: str) -> None:
    workbench = run("on_filter('ticket_data')(lambda data, ticket: {**data, 'tags': []})")
    with workbench.step("ticket_data", {"subject": ""}, None) as stepped:
        stepped.run(f"{name} = {{'subject': 'b'}}")
        assert stepped.stop is not None
        assert stepped.stop.value == {"subject": "b"}
        stepped.run(f"{name}['subject'] += 'c'; args")
        assert stepped.stop.value == {"subject": "bc"}
    assert stepped.result.result == {"subject": "bc", "tags": []}
    notes = [step.note for step in stepped.result.steps]
    assert notes == ["changed in the console", "changed in the console", ""]


@pytest.mark.parametrize("on", ["next", "into", "out", "go_on"])
def test_a_local_that_is_bound_anew_is_what_the_function_sees(run: Run, on: str) -> None:
    workbench = run("""
    WORDS = ("re",)

    @on_filter("run")
    def strip(value):
        words = list(WORDS)
        shared = [*words]
        def inner(): return shared
        text = value["text"]
        return {"words": words, "shared": inner(), "text": text, "all": WORDS}
    """)
    with workbench.step("run", {"text": "Re: it"}) as stepped:
        stepped.into()
        while (stop := stepped.stop) and stop.line and "shared" not in dict(stop.line.names):
            stepped.next()
        stepped.run("words = ['fw']; shared = 5; WORDS = (); added = 1; text = 'unbound so far'")
        assert stepped.run("words, shared, added").value == (["fw"], 5, 1)
        stop = getattr(stepped, on)()
        if on in ("next", "into"):
            assert stop.line.names["words"] == ["fw"]
            assert (stop.line.names["shared"], "added" in stop.line.names) == (5, False)
    result = {"words": ["fw"], "shared": 5, "text": "Re: it", "all": ("re",)}
    assert stepped.result.result == result


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("[1 for _ in iter(int, 1)]", "which raised Interrupted"),
        ("value.nothing", "which raised AttributeError"),
        ("__import__('sys').exit(3)", "which raised SystemExit: 3"),
        ("type('Odd', (), {'__bool__': lambda _: 1 / 0})()", "which raised ZeroDivisionError"),
        (f"{HOOKS}.apply_filters('run', [5]) == [5, 1, 2]", "if "),
    ],
)
def test_conditions_end_by_themselves(run: Run, condition: str, reason: str) -> None:
    workbench = run("""
    on_filter("run", 1)(lambda value: [*value, 1])
    @on_filter("run", 2)
    def second(value): return [*value, 2]
    """)
    workbench.time_limit = 0.1
    with workbench.step("run", []) as stepped:
        workbench.breakpoints.add(callback="second", condition=condition)
        stop = stepped.go_on()
        assert stop is not None
        assert at(stop) == "second"
        assert reason in stop.reason
        workbench.breakpoints.clear()
    assert stepped.result.result == [1, 2]
    fired = [each for each in workbench.trace if each.hook == "run"]
    assert {each.cause for each in fired if each.args == ([5],)} <= {"stepper"}


def test_what_a_condition_changes_is_no_callbacks_doing(run: Run) -> None:
    workbench = run("""
    on_filter("run", 1)(lambda value: value)
    @on_filter("run", 2)
    def second(value): return value
    """)
    with workbench.step("run", []) as stepped:
        workbench.breakpoints.add(callback="second", condition="value.append(1)")
        assert stepped.go_on() is None
        workbench.breakpoints.clear()
    steps = [(step.note, step.mutated, step.after) for step in stepped.result.steps]
    assert steps == [("", False, []), ("changed by a condition", True, [1]), ("", False, [1])]
