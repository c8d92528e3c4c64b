"""Firings stopped between their callbacks and at their lines, and what can be done there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.records import Firing
from escalated_core.stepping.breakpoint import Breakpoint, Place, exactly
from escalated_core.stepping.commands import Finish
from escalated_core.stepping.stops import Stop
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]

CHAIN = """
from escalated.hooks import add_action, add_filter, apply_filters

def doubled(number):
    twice = number * 2
    return twice

def one(value):
    return [*value, 1]

def two(value):
    ten = doubled(5)
    inner = apply_filters("inner", ten)
    return [*value, inner]

def three(value):
    return [*value, 3]

add_filter("chain", one, 1)
add_filter("chain", two, 2)
add_filter("chain", three, 3)
add_filter("inner", lambda value: value + 1)
add_action("action", lambda: None)
"""


@pytest.fixture
def workbench(write: Write, open_workbench: Open) -> Workbench:
    write("numbers", CHAIN)
    return open_workbench()


def place(stop: Stop | None) -> tuple[str, Any] | None:
    """Which callback is next, and what it gets."""
    return None if stop is None else (stop.at.callback if stop.at else stop.reason, stop.value)


def told(firing: Firing) -> list[tuple[str, str, Any]]:
    return [(step.callback, step.note or step.outcome, step.after) for step in firing.steps]


def test_it_goes_from_callback_to_callback(workbench: Workbench) -> None:
    with workbench.step("chain", [0]) as run:
        assert place(run.stop) == ("one", [0])
        assert place(run.next()) == ("two", [0, 1])
        assert place(run.next()) == ("three", [0, 1, 11])
        assert place(run.next()) == ("the end of the chain", [0, 1, 11, 3])
        assert run.next() is None
    assert told(run.result) == told(workbench.fire("chain", [0]))


def test_stops_are_one_line_of_text(workbench: Workbench) -> None:
    workbench.breakpoints.add("inner")
    with workbench.step("chain", [*range(1000)]) as run:
        assert repr(run.stop) == "Stop(chain, step 1 of 3, before one (numbers))"
        assert repr(run) == "Run(stopped in chain, step 1 of 3, before one (numbers))"
        stop = run.into()
        assert stop is not None
        assert stop.line is not None
        assert str(stop) == f"chain, at numbers/plugin.py:{stop.line.line} in one"
        assert str(run.go_on()).startswith("inner, step 1 of 1, before <lambda>")
    assert repr(run) == "Run(at its end)"


def test_what_is_done_by_hand_is_a_step_that_says_so(workbench: Workbench) -> None:
    with workbench.step("chain", [0]) as run:
        assert place(run.skip()) == ("two", [0])
        assert place(run.edit([7])) == ("two", [7])
        assert place(run.give("given")) == ("three", "given")
        assert place(run.edit([8])) == ("three", [8])
    assert told(run.result) == [
        ("one", "skipped by hand", [0]),
        ("edited by hand", "edited by hand", [7]),
        ("two", "answer given by hand", "given"),
        ("edited by hand", "edited by hand", [8]),
        ("three", "ok", [8, 3]),
    ]
    assert run.result.outcome == "ok"
    assert run.result.steps[0].outcome == "skipped"


def test_callbacks_change_places_for_one_run(workbench: Workbench) -> None:
    with workbench.step("chain", []) as run:
        assert place(run.move(2)) == ("two", [])
        assert place(run.move(-1, 1)) == ("three", [])
    assert run.result.result == [3, 11, 1]
    assert workbench.fire("chain", []).result == [1, 11, 3]


def test_a_chain_runs_again_from_an_earlier_step(workbench: Workbench) -> None:
    with workbench.step("chain", [0]) as run:
        run.next()
        run.next()
        assert place(run.back(0)) == ("one", [0])
        assert place(run.skip()) == ("two", [0])
    assert run.result.result == [0, 11, 3]
    assert [step.callback for step in run.result.steps] == [
        "one", "two", "back to before step 1", "one", "two", "three",
    ]  # fmt: skip


def test_refusals_say_what_can_be_done(workbench: Workbench) -> None:
    with workbench.step("chain", [0]) as run:
        run.next()
        with pytest.raises(UsageError, match=r"No step with the index 99 has run\. 1 so far"):
            run.back(99)
        with pytest.raises(
            UsageError, match=r"No callback to come has the index 2. The last has 1"
        ):
            run.move(1, 2)
        run.into()
        with pytest.raises(UsageError, match=r"A callback is under way. Step out of it first\."):
            run.skip()
    with workbench.step("action", kind="action") as run, pytest.raises(UsageError) as refused:
        run.edit(1)
    assert "Run code that changes its arguments in place." in str(refused.value)
    with pytest.raises(UsageError, match=r"Give it a value to pass on\.$"):
        workbench.fire("chain")


def test_a_nested_firing_is_a_level_that_returns(workbench: Workbench) -> None:
    with workbench.step("chain", [0]) as run:
        run.next()
        inner = run.down()
        assert inner is not None
        assert (inner.firing.hook, inner.value) == ("inner", 10)
        assert [(level.hook, level.callback) for level in inner.around] == [("chain", "two")]
        run.edit(100)
        assert place(run.out()) == ("three", [0, 1, 101])


def test_lines_show_their_locals(workbench: Workbench) -> None:
    with workbench.step("chain", [0]) as run:
        run.next()
        shown = [run.into(), run.next(), run.next()]
        lines = [stop.line for stop in shown if stop and stop.line]
        assert [dict(line.names) for line in lines] == [
            {"value": [0, 1]},
            {"value": [0, 1], "ten": 10},
            {"value": [0, 1], "ten": 10, "inner": 11},
        ]
        assert {line.function for line in lines} == {"two"}
        assert lines[1].line == lines[0].line + 1
        assert place(run.out()) == ("three", [0, 1, 11])


def test_lines_lead_into_functions_and_firings(workbench: Workbench) -> None:
    with workbench.step("chain", [0]) as run:
        run.next()
        run.into()
        stop = run.into()
        assert stop is not None
        assert stop.line is not None
        assert stop.line.function == "doubled"
        assert dict(stop.line.names) == {"number": 5}
        stop = run.out()
        assert stop is not None
        assert stop.line is not None
        assert stop.line.function == "two"
        stop = run.into()
        assert stop is not None
        assert stop.firing.hook == "inner"
        with pytest.raises(UsageError, match=r"No step with the index 3 has run\."):
            run.back(3)


def test_the_console_names_what_is_there(workbench: Workbench) -> None:
    with workbench.step("chain", [0]) as run:
        run.next()
        assert run.run("_value, _before, _args[0], _hook").value == ([0, 1], [0], [0, 1], "chain")
        assert run.run("print('so'); x = 3").output == "so\n"
        assert run.run("x + 1").value == 4
        assert run.run("1 / 0").error == "ZeroDivisionError: division by zero"
        run.run("_value.append(9)")
        assert place(run.stop) == ("two", [0, 1, 9])
    assert told(run.result)[1] == ("changed in the console", "changed in the console", [0, 1, 9])


def test_nothing_that_is_fired_in_the_console_stops(workbench: Workbench) -> None:
    with workbench.step("chain", [0]) as run:
        workbench.breakpoints.add(hook="inner")
        fired = run.run("__import__('escalated.hooks').hooks.apply_filters('inner', 1)")
        assert (fired.value, fired.error) == (2, "")
        workbench.breakpoints.clear()


def test_a_condition_stops_at_the_one_that_it_is_true_of(workbench: Workbench) -> None:
    leave = workbench.stepper.attend()
    workbench.breakpoints.add(hook="chain", callback="two", condition="value[0] == 42")
    with workbench.step("chain", [0]) as run:
        assert place(run.stop) == ("one", [0])
    for number in range(42):
        workbench.fire("chain", [number])
    with workbench.step("chain", [42]) as run:
        assert place(run.go_on()) == ("two", [42, 1])
        assert run.go_on() is None
    leave()


@pytest.mark.parametrize(
    ("what", "at"),
    [
        ({"when": "none"}, "empties"),
        ({"when": "error"}, "fails"),
        ({"when": "mutated"}, "writes"),
        ({"when": "changed", "path": "a"}, "sets_a"),
        ({"when": "slow", "limit_ms": 50}, "waits"),
        ({"plugin": "odd", "callback": "wait*"}, "sets_a"),
    ],
)
def test_it_stops_after_what_was_waited_for(
    write: Write, open_workbench: Open, what: dict[str, Any], at: str
) -> None:
    write(
        "odd",
        """
        import time
        from escalated.hooks import on_filter

        @on_filter("odd", 1)
        def sets_a(value): return {**value, "a": 1}
        @on_filter("odd", 2)
        def waits(value): time.sleep(0.06); return {**value, "b": 1}
        @on_filter("odd", 3)
        def writes(value): value["c"] = 1; return value
        @on_filter("odd", 4)
        def fails(value): raise KeyError("d")
        @on_filter("odd", 5)
        def empties(value): return None
        """,
    )
    workbench = open_workbench()
    with workbench.step("odd", {}) as run:
        workbench.breakpoints.add(hook="odd", **what)
        stop = run.go_on()
        assert stop is not None
        assert stop.firing.steps[-1].callback == at
        workbench.breakpoints.clear()


def test_breakpoints_stop_only_where_somebody_attends(workbench: Workbench) -> None:
    workbench.breakpoints.add(hook="chain")
    assert workbench.fire("chain", []).result == [1, 11, 3]
    assert workbench.stepper.stop is None


def test_what_waits_behind_a_stop_is_shown(workbench: Workbench, until: Until) -> None:
    with workbench.step("chain", [0]) as run:
        other = workbench._host.thread.submit("firing another", lambda: 3)  # pyright: ignore[reportPrivateUsage]
        assert workbench.waiting == ["firing another"]
        assert workbench.activity is None
        run.go_on()
        assert other.wait() == 3
    assert workbench.waiting == []


def test_a_stop_takes_no_time_of_the_firing(workbench: Workbench, until: Until) -> None:
    workbench.time_limit = 0.2
    with workbench.step("chain", [0]) as run:
        run.into()
        beginning = run.stop
        assert beginning is not None
        run.run("__import__('time').sleep(0.15)")
        run.run("__import__('time').sleep(0.15)")
    assert run.result.outcome == "ok"
    assert run.result.duration_ns < 200_000_000


def test_an_event_is_stepped_through_from_its_beginning(write: Write, open_workbench: Open) -> None:
    write(
        "desk",
        """
        from escalated.hooks import on_action, on_filter

        @on_filter("ticket_data")
        def data(data): return {**data, "subject": "stepped"}
        @on_action("ticket_created")
        def created(ticket): pass
        """,
    )
    workbench = open_workbench()
    with workbench.step_event("ticket.create", subject="as it was") as run:
        stop = run.down()
        assert stop is not None
        assert (stop.firing.hook, stop.in_transaction) == ("ticket_data", False)
        run.next()
        stop = run.next()
        assert stop is not None
        assert stop.firing.hook == "ticket_created"
        assert run.run("_args[0].subject").value == "stepped"
    assert [firing.hook for firing in run.result] == ["ticket_data", "ticket_created"]
    with workbench.step_event("ticket.create", dry=True) as run:
        stop = run.down()
        assert stop is not None
        assert stop.in_transaction


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ({"when": "befor"}, "Did you mean 'before'"),
        ({"condition": "a ="}, "no expression"),
        ({"hok": "x"}, "Did you mean 'hook'"),
        ({"path": "a..b"}, "no path"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    workbench: Workbench, what: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        workbench.breakpoints.add(**what)
    assert not workbench.breakpoints


def test_names_that_there_are_not_so_far_are_told(workbench: Workbench) -> None:
    for place in ("numbers:tow", "plugin:nmbers", "numbers:two", "tiket_data", "category:ticket"):
        workbench.breakpoints.add(place)
    assert repr(workbench.breakpoints) == (
        "Breakpoints(1: plugin numbers tow (no such callback so far), "
        "2: plugin nmbers (no such plugin so far), 3: plugin numbers two, "
        "4: tiket_data (no such hook so far), 5: category ticket)"
    )
    unknown = map(workbench.breakpoints.unknown, workbench.breakpoints.values())
    assert [*unknown] == [
        {"callback": "Did you mean 'two'?"},
        {"plugin": "Did you mean 'numbers'?"},
        {},
        {"hook": "Did you mean 'ticket_data'?"},
        {},
    ]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("category:lifecylce", "no category 'lifecylce'. Did you mean 'lifecycle'"),
        ("event:ticket.crate", "no event 'ticket.crate'. Did you mean 'ticket.create'"),
    ],
)
def test_categories_and_events_are_those_there_are(
    workbench: Workbench, place: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        workbench.breakpoints.add(place)
    with pytest.raises(UsageError, match=r"no event 'ticket\.crate'"):
        workbench.step_event("ticket.crate")
    assert not workbench.breakpoints
    assert not workbench.stepper.is_attended


def test_closing_lets_go_what_waits(workbench: Workbench) -> None:
    run = workbench.step("chain", [0])
    workbench.close()
    assert run.finish().result == [0, 1, 11, 3]


def test_code_that_changes_the_value_leads_to_the_next_stop(workbench: Workbench) -> None:
    with workbench.step("chain", []) as run:
        for number in range(100):
            before = run.stop
            run.run(f"_value = [{number}]")
            assert before is not None
            assert run.stop is not None
            assert (run.stop.number, run.stop.value) == (before.number + 1, [number])


def test_places_can_be_spelt(workbench: Workbench) -> None:
    number = workbench.breakpoints.add("numbers:two if value[0] == 1", once=True)
    assert workbench.breakpoints[number] == Breakpoint(
        plugin="numbers", callback="two", condition="value[0] == 1", once=True
    )


def test_whatever_fires_is_attended_where_breakpoints_are(workbench: Workbench) -> None:
    workbench.breakpoints.add("inner")
    with workbench.attended(lambda: [workbench.fire("chain", [n]).result for n in (1, 2)]) as run:
        assert [run.stop and run.stop.firing.hook, run.go_on() is None] == ["inner", False]
    assert run.result == [[1, 1, 11, 3], [2, 1, 11, 3]]


def test_lines_are_stepped_through_after_code_was_interrupted(
    write: Write, open_workbench: Open
) -> None:
    write("numbers", CHAIN)
    write(
        "endless",
        """
        from escalated.hooks import on_filter

        @on_filter("endless")
        def endless(value):
            while True:
                pass
        """,
    )
    workbench = open_workbench()
    workbench.time_limit = 0.1
    assert workbench.fire("endless", 1).outcome == "interrupted"
    workbench.time_limit = 5.0
    with workbench.step("chain", [0]) as run:
        stop = run.into()
        assert stop is not None
        assert stop.line is not None
        assert stop.doing is not None
        assert (stop.doing.callback, stop.firing.steps) == ("one", ())


def test_a_run_is_finished_past_all_that_would_stop_it(workbench: Workbench) -> None:
    with workbench.step("chain", [0]) as run:
        workbench.breakpoints.add(plugin="numbers")
        assert run.go(Finish()) is None
        assert run.result.result == [0, 1, 11, 3]
        assert workbench.past_stops(lambda: workbench.fire("chain", [0])).outcome == "ok"
        workbench.breakpoints.clear()


def test_names_that_look_like_patterns_are_none() -> None:
    there = exactly(hook="a[b]*", plugin="x", callback="?")
    assert there.fits(Place("a[b]*", "", "", "x", "?"))
    assert not there.fits(Place("ab", "", "", "x", "?"))
    assert Breakpoint(there.hook, plugin="x", callback=there.callback, when="none").place == there
