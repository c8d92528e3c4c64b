"""The stepper by keyboard: what each key does, and what is to be seen where something stopped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static, TextArea

from escalated_core.records import Firing
from escalated_workbench import Workbench
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.compare import CompareScreen
from escalated_workbench.tui.screens.compose import ComposeScreen
from escalated_workbench.tui.screens.fire import FireScreen
from escalated_workbench.tui.screens.happenings import EventScreen
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.step import StepScreen
from escalated_workbench.tui.screens.value import ValueScreen
from escalated_workbench.tui.widgets.chain import ChainList
from escalated_workbench.tui.widgets.console import Console, ConsoleInput
from escalated_workbench.tui.widgets.inspector import Inspector
from escalated_workbench.tui.widgets.pages import ValuePage
from escalated_workbench.tui.widgets.status import StatusLine
from escalated_workbench.tui.widgets.told import ToldTabs

pytestmark = pytest.mark.anyio

CHAIN = """
from escalated.hooks import add_filter, apply_filters, on_action

def one(value):
    print("one is here")
    return [*value, 1]

def two(value):
    ten = 10
    inner = apply_filters("inner", ten)
    return [*value, inner]

def three(value):
    return [*value, 3]

add_filter("chain", one, 1)
add_filter("chain", two, 2)
add_filter("chain", three, 3)
add_filter("inner", lambda value: value + 1)

@on_action("acted")
def acts(value):
    raise KeyError("plan")
"""
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])

Stepped = Callable[..., Awaitable[StepScreen]]


def wb(pilot: Pilot[int]) -> Workbench:
    assert isinstance(pilot.app, WorkbenchApp)
    assert isinstance(pilot.app.wb, Workbench)
    return pilot.app.wb


def stepper(pilot: Pilot[int]) -> StepScreen:
    assert isinstance(pilot.app.screen, StepScreen)
    return pilot.app.screen


def said(pilot: Pilot[int], name: str = "said") -> str:
    return str(pilot.app.screen.query_one(f"#{name}", Static).content)


def chain(pilot: Pilot[int]) -> list[str]:
    """The rows of the chain, with the spaces between their columns taken out."""
    listed = pilot.app.screen.query_one(ChainList)
    rows = (listed.get_option_at_index(index).prompt for index in range(listed.option_count))
    return [" ".join(str(row).split()) for row in rows]


def value(pilot: Pilot[int]) -> str:
    return pilot.app.screen.query_one(ValuePage).text


def inspected(pilot: Pilot[int]) -> Firing:
    firing = pilot.app.screen.query_one(Inspector).firing
    assert firing is not None
    return firing


def told(firing: Firing) -> list[tuple[str, str]]:
    return [(step.callback, step.note or step.outcome) for step in firing.steps]


@pytest.fixture
def fire_stepped(until: Any) -> Stepped:
    """`await fire_stepped(pilot, hook, args)` steps into it from the fire dialog."""

    async def do(pilot: Pilot[int], hook: str, args: str = "") -> StepScreen:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        pilot.app.screen.query_one("#name", Input).value = hook
        pilot.app.screen.query_one("#args", Input).value = args
        await pilot.pause()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, StepScreen))
        return stepper(pilot)

    return do


@pytest.fixture
def go(until: Any) -> Callable[..., Awaitable[None]]:
    """`await go(pilot, "n", "k")` presses keys, each of which leads to another stop."""

    async def do(pilot: Pilot[int], *keys: str) -> None:
        for key in keys:
            before = stepper(pilot).stop.number
            await pilot.press(key)
            await until(pilot, lambda before=before: stepper(pilot).stop.number > before)

    return do


@pytest.fixture
def write_value(until: Any) -> Callable[..., Awaitable[None]]:
    """`await write_value(pilot, key, text)` opens the dialog for a value and types into it."""

    async def do(pilot: Pilot[int], key: str, text: str) -> None:
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, ValueScreen))
        await pilot.pause()
        pilot.app.screen.query_one(TextArea).text = text
        await pilot.pause()

    return do


async def closed(pilot: Pilot[int], until: Any, hook: str) -> Firing:
    """What is shown on the main screen once the stepper has closed."""
    await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
    inspector = pilot.app.screen.query_one(Inspector)
    await until(pilot, lambda: inspector.firing is not None and inspector.firing.hook == hook)
    return inspected(pilot)


@SIZES
async def test_a_triage_is_stepped_through_changed_and_compared(
    size: Any, samples: Path, running: Any, until: Any, fire_stepped: Stepped, go: Any,
    write_value: Any,
) -> None:  # fmt: skip
    async with running(size=size) as pilot:
        args = '[{"subject": "Re: printer on fire", "tags": ["hw"]}, "@ticket:1"]'
        await fire_stepped(pilot, "ticket_data", args)
        assert chain(pilot) == [
            "▸ 5 normalise triage", "10 detect_urgency triage", "15 tag_vip triage",
            "20 round_up triage",
        ]  # fmt: skip
        assert "step 1 of 4 · before normalise (triage)" in said(pilot, "where")
        await go(pilot, "n")
        assert chain(pilot)[0] == "5 ✔ normalise triage ~ subject 'printer on fire'"
        assert "~ subject: 'Re: printer on fire' → 'printer on fire'" in value(pilot)
        await go(pilot, "k")
        assert chain(pilot)[1] == "10 ◌ detect_urgency triage skipped by hand"
        await write_value(pilot, "i", '{"subject": "by hand", "tags": [], "priority": "low"}')
        await pilot.press("ctrl+g")
        await until(pilot, lambda: "✎ edited by hand" in chain(pilot)[2])
        assert "priority: 'low'" in value(pilot)
        await pilot.press("down")
        await go(pilot, "minus")
        assert chain(pilot)[3:] == ["▸ 20 round_up triage", "15 tag_vip triage"]
        await go(pilot, "n", "n")
        assert "the end of the chain" in said(pilot, "where")
        assert "n or c ends it" in said(pilot)
        await pilot.press("n")
        firing = await closed(pilot, until, "ticket_data")
        assert told(firing) == [
            ("normalise", "ok"), ("detect_urgency", "skipped by hand"),
            ("edited by hand", "edited by hand"), ("round_up", "ok"), ("tag_vip", "ok"),
        ]  # fmt: skip
        await pilot.press("C")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        text = str(pilot.app.screen.query_one(Static).content)
        assert "priority: 'urgent' → 'low'" in text
        assert "edited by hand" in text


async def test_a_nested_firing_is_a_level_that_returns(
    write: Any, running: Any, until: Any, fire_stepped: Stepped, go: Any
) -> None:
    write("numbers", CHAIN)
    async with running() as pilot:
        await fire_stepped(pilot, "chain", "[[0]]")
        await go(pilot, "n", "d")
        assert said(pilot, "where").startswith("⏸ chain › inner · step 1 of 1 · before ")
        await go(pilot, "o")
        assert said(pilot, "where").startswith("⏸ chain · step 3 of 3 · before three")
        await pilot.press("c")
        assert (await closed(pilot, until, "chain")).result == [0, 1, 11, 3]


async def test_the_title_leaves_out_outer_levels_where_room_is_short(
    write: Any, running: Any, until: Any, fire_stepped: Stepped, go: Any
) -> None:
    write(
        "nested",
        """
        from escalated.hooks import add_filter, apply_filters
        names = ["a_hook_with_a_long_name", "another_hook_of_it", "the_third_one", "the_last"]
        for name, inner in zip(names, names[1:]):
            add_filter(name, lambda value, inner=inner: apply_filters(inner, value))
        add_filter("the_last", lambda value: value)
        """,
    )
    async with running(size=(80, 24)) as pilot:
        await fire_stepped(pilot, "a_hook_with_a_long_name", "[1]")
        where = " · step 1 of 1 · before <lambda> (nested)"
        await go(pilot, "d")
        assert said(pilot, "where") == f"⏸ … › another_hook_of_it{where}"
        await go(pilot, "d")
        assert said(pilot, "where") == f"⏸ … › the_third_one{where}"
        await go(pilot, "d")
        assert said(pilot, "where") == f"⏸ … › the_third_one › the_last{where}"
        await pilot.resize_terminal(120, 40)
        whole = "⏸ a_hook_with_a_long_name › another_hook_of_it › the_third_one › the_last"
        await until(pilot, lambda: said(pilot, "where") == f"{whole}{where}")
        await pilot.press("x")
        await closed(pilot, until, "a_hook_with_a_long_name")


@SIZES
async def test_lines_show_what_names_stand_for(
    size: Any, write: Any, running: Any, until: Any, fire_stepped: Stepped, go: Any
) -> None:
    write("numbers", CHAIN)
    async with running(size=size) as pilot:
        await fire_stepped(pilot, "chain", "[[0]]")
        await go(pilot, "n", "s")
        assert [row.split(" at line")[0] for row in chain(pilot)] == [
            "1 ✔ one numbers + [1] 1", "▸ 2 two numbers", "3 three numbers",
        ]  # fmt: skip
        await go(pilot, "n")
        names = [
            str(each.query_one(Static).content)
            for each in pilot.app.screen.query("#names")
            if each.region.size.area
        ]
        assert names == ["names in two\nvalue = [0, 1]\nten = 10\n"]
        code = next(each for each in pilot.app.screen.query("#code") if each.region.size.area)
        assert '    inner = apply_filters("inner", ten)' in next(
            line for line in str(code.query_one(Static).content).splitlines() if "▸" in line
        )
        await pilot.press("k")
        assert "A callback is under way" in said(pilot)
        await go(pilot, "o")
        assert stepper(pilot).stop.line is None
        await pilot.press("x")
        await closed(pilot, until, "chain")


async def test_u_shows_an_earlier_step_and_runs_the_chain_again_from_there(
    write: Any, running: Any, until: Any, fire_stepped: Stepped, go: Any
) -> None:
    write("numbers", CHAIN)
    async with running() as pilot:
        await fire_stepped(pilot, "chain", "[[0]]")
        await pilot.press("u")
        assert "No step has run yet" in said(pilot)
        await go(pilot, "n", "n")
        await pilot.press("u")
        assert "u runs the chain again from here" in said(pilot)
        assert "after this step" in value(pilot)
        await pilot.press("up")
        assert str(pilot.app.screen.query_one(ToldTabs).border_title) == "Step 1, as recorded"
        await pilot.press("plus")
        assert "What has run already cannot be moved" in said(pilot)
        await go(pilot, "u")
        assert stepper(pilot).stop.value == [0]
        await go(pilot, "k", "plus")
        assert [each.split()[-2] for each in chain(pilot)[-2:]] == ["three", "two"]
        await pilot.press("plus")
        assert "It is the last one already." in said(pilot)
        await pilot.press("up", "minus")
        assert "It is the next one already." in said(pilot)
        await pilot.press("c")
        assert (await closed(pilot, until, "chain")).result == [0, 3, 11]


async def test_an_answer_is_pinned_for_this_run_or_for_all(
    write: Any, running: Any, until: Any, fire_stepped: Stepped, go: Any, write_value: Any
) -> None:
    write("numbers", CHAIN)
    async with running() as pilot:
        await fire_stepped(pilot, "chain", "[[0]]")
        await write_value(pilot, "p", "[7]")
        await pilot.press("ctrl+g")
        await until(
            pilot, lambda: chain(pilot)[0] == "1 ✔ one numbers answer given by hand ~ [0] 7"
        )
        await write_value(pilot, "p", "[8]")
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "answer given by hand" in chain(pilot)[1])
        await pilot.press("c")
        assert (await closed(pilot, until, "chain")).result == [8, 3]
        assert wb(pilot).past_stops(lambda: wb(pilot).fire("chain", [0])).result == [8, 3]
        assert [str(each.callback) for each in wb(pilot).whatif] == ["two"]


async def test_a_value_is_judged_while_it_is_typed_and_may_be_python(
    write: Any, running: Any, until: Any, fire_stepped: Stepped, write_value: Any
) -> None:
    write("numbers", CHAIN)
    async with running() as pilot:
        await fire_stepped(pilot, "chain", "[[0]]")
        await write_value(pilot, "i", "[0,\n  1,,]")
        judged = said(pilot, "judged")
        assert judged.splitlines()[0].startswith("✖ line 2, column 5: ")
        assert judged.splitlines()[1:] == ["    1,,]", "      ^"]
        await pilot.press("ctrl+g")
        area = pilot.app.screen.query_one(TextArea)
        assert area.cursor_location == (1, 4)
        await pilot.press("ctrl+t")
        assert area.text == "[0,\n  1,,]"
        area.text = "[0, null]"
        await pilot.press("ctrl+t")
        assert area.text == "[0, None]"
        area.text = "[*_value, missing]"
        await pilot.press("ctrl+g")
        await until(pilot, lambda: "NameError" in said(pilot, "judged"))
        area.text = "[*_value, _hook]"
        await pilot.press("ctrl+g")
        await until(pilot, lambda: isinstance(pilot.app.screen, StepScreen))
        await until(pilot, lambda: stepper(pilot).stop.value == [0, "chain"])
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, ValueScreen))
        await pilot.press("escape")
        assert stepper(pilot).stop.value == [0, "chain"]


async def test_the_console_answers_where_it_waits(
    write: Any, running: Any, until: Any, fire_stepped: Stepped, go: Any
) -> None:
    write("numbers", CHAIN)
    async with running() as pilot:
        await fire_stepped(pilot, "chain", "[[0]]")
        await go(pilot, "n")
        console = pilot.app.screen.query_one(Console)
        typed = pilot.app.screen.query_one(ConsoleInput)

        async def ask(text: str, answer: str) -> None:
            typed.value = text
            await pilot.press("enter")
            await until(pilot, lambda: answer in console.text)

        await pilot.press("exclamation_mark")
        await pilot.press(*"kn")
        assert typed.value == "kn"
        await ask("_before, _after, _hook", "([0], [0, 1], 'chain')")
        await ask("print('said'); x = 5", "said")
        await ask("x + 1", "x + 1\n6")
        await ask("1 / 0", "✖ ZeroDivisionError")
        await pilot.press("up", "up")
        assert typed.value == "x + 1"
        await pilot.press("down")
        assert typed.value == "1 / 0"
        await ask("_value.append(9)", "_value.append(9)\nNone")
        await until(pilot, lambda: "changed in the console" in chain(pilot)[1])
        await pilot.press("escape")
        assert isinstance(pilot.app.focused, ChainList)
        await pilot.press("c")
        assert (await closed(pilot, until, "chain")).result == [0, 1, 9, 11, 3]


async def test_x_stops_code_that_was_asked_for_and_keeps_the_stop(
    write: Any, running: Any, until: Any, fire_stepped: Stepped, go: Any, write_value: Any
) -> None:
    write("numbers", CHAIN)
    async with running(size=(80, 24)) as pilot:
        await fire_stepped(pilot, "chain", "[[0]]")
        await go(pilot, "n")
        stop = stepper(pilot).stop

        async def ask() -> None:
            await pilot.press("exclamation_mark")
            pilot.app.screen.query_one(ConsoleInput).value = "while True: pass"
            await pilot.press("enter")
            await until(pilot, lambda: "your code runs: the console" in said(pilot, "where"))
            assert "escape, then x stops it" in said(pilot, "where")
            await pilot.press("escape")
            await until(pilot, lambda: " s, x stops it" in said(pilot, "where"))
            assert said(pilot) == "It runs at this moment."

        await ask()
        await pilot.press("n")
        assert said(pilot) == "It runs at this moment: x stops it."
        await pilot.press("x")
        console = pilot.app.screen.query_one(Console)
        await until(pilot, lambda: "✖ Interrupted" in console.text)
        await until(pilot, lambda: "before two" in said(pilot, "where"))
        assert "n runs two" in said(pilot)
        await ask()
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        await pilot.press("s", "x")
        await until(pilot, lambda: wb(pilot).activity is None)
        await write_value(pilot, "i", "[0]")
        await pilot.press("ctrl+t")
        pilot.app.screen.query_one(TextArea).text = "[each for each in iter(int, 1)]"
        await pilot.press("ctrl+g")
        await until(pilot, lambda: wb(pilot).activity is not None)
        assert "escape, then x stops it" in said(pilot, "judged")
        await pilot.press("escape", "x")
        await until(pilot, lambda: wb(pilot).activity is None)
        assert wb(pilot).stepper.stop is stop
        await until(pilot, lambda: "before two" in said(pilot, "where"))
        await pilot.press("x")
        assert (await closed(pilot, until, "chain")).result == [0, 1, 11, 3]


async def test_the_tabs_tell_about_the_step_and_about_what_gets_the_value(
    write: Any, running: Any, until: Any, fire_stepped: Stepped, go: Any
) -> None:
    write("numbers", CHAIN)
    async with running(size=(80, 24)) as pilot:
        await fire_stepped(pilot, "chain", "[[0]]")
        await go(pilot, "n")
        tabs = pilot.app.screen.query_one(ToldTabs)
        shown = {"1": "source", "2": "value", "3": "args", "4": "output", "5": "error"}
        for key, name in shown.items():
            await pilot.press(key)
            assert tabs.tab == name
        await pilot.press("4")
        assert "one is here" in str(
            tabs.query_one("#told-output").query_one("Static:last-child", Static).content
        )
        assert "•" in str(tabs.get_tab("tab-output").label)
        await pilot.press("tab")
        assert pilot.app.focused is tabs.query_one("#told-output")
        await pilot.press("shift+tab")
        assert isinstance(pilot.app.focused, ChainList)
        await pilot.press("B")
        await until(pilot, lambda: bool(pilot.app.screen.query("BreakpointsScreen OptionList")))
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, StepScreen)


async def test_what_cannot_be_done_is_said_with_the_reason(
    write: Any, running: Any, until: Any, fire_stepped: Stepped, go: Any
) -> None:
    write("numbers", CHAIN)
    async with running() as pilot:
        await fire_stepped(pilot, "acted", "[1]")
        assert pilot.app.screen.query_one(ToldTabs).tab == "args"
        for key in "ip":
            await pilot.press(key)
            assert "An action passes no value on." in said(pilot)
        await go(pilot, "n")
        assert "KeyError: 'plan'" in chain(pilot)[0]
        assert "✖" in str(pilot.app.screen.query_one(ToldTabs).get_tab("tab-error").label)
        for key in "ksd":
            await pilot.press(key)
            assert "No callback is left." in said(pilot)
        await pilot.press("c")
        assert (await closed(pilot, until, "acted")).outcome == "error"


async def test_an_event_is_stepped_through_from_the_composer_and_again_by_s(
    samples: Path, running: Any, until: Any, go: Any
) -> None:
    async with running() as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventScreen))
        pilot.app.screen.query_one(Input).value = "ticket.create"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ComposeScreen))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, StepScreen))
        await go(pilot, "d")
        assert said(pilot, "where").startswith("⏸ ticket.create › ticket_data · step 1 of 4")
        await pilot.press("x")
        await closed(pilot, until, "ticket_data")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, StepScreen))
        assert said(pilot, "where").startswith("⏸ ticket_data · step 1 of 4")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        assert "stopped" not in str(pilot.app.screen.query_one(StatusLine).content)
        await pilot.press("C")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))


def options(pilot: Pilot[int]) -> list[str]:
    listed = pilot.app.screen.query_one(OptionList)
    return [str(each.prompt) for each in listed.options]
