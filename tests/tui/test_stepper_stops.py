"""Where firings stop in the terminal, what waits meanwhile, and how they are let go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from escalated_core.stepping.commands import Finish
from escalated_workbench import Workbench
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.breakpoints import BreakpointScreen, BreakpointsScreen
from escalated_workbench.tui.screens.fire import FireScreen
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.step import StepScreen
from escalated_workbench.tui.screens.value import ValueScreen
from escalated_workbench.tui.widgets.console import ConsoleInput
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.status import StatusLine
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.tui.widgets.trees import HookTree, PluginTree

pytestmark = pytest.mark.anyio

ONE = """
from escalated.hooks import on_filter

@on_filter("chain", 1)
def one(value):
    return {**value, "one": 1}
"""
TWO = """
import threading
from escalated.hooks import apply_filters, on_action, on_filter

@on_filter("chain", 2)
def two(value):
    return {**value, "two": 2}

@on_action("many")
def many():
    for number in range(100):
        apply_filters("chain", {"number": number})

@on_action("aside")
def aside():
    thread = threading.Thread(target=apply_filters, args=("chain", {"aside": True}), name="aside")
    thread.start()
    thread.join()

@on_action("endless")
def endless():
    while True:
        pass
"""


@pytest.fixture(autouse=True)
def with_plugins(write: Any) -> None:
    write("alpha", ONE)
    write("beta", TWO)


PRESSED = {
    *(f"step.{name}" for name in (
        "next", "continue", "skip", "edit", "give", "into", "down", "out", "back", "later",
        "earlier", "console", "finish", "breakpoints", "source", "value", "args", "output", "error",
        "forth",
        "back-pane", "hide",
    )),
    "console.up", "console.down", "console.close",
    "value-edit.apply", "value-edit.keep", "value-edit.python", "value-edit.close",
    "breakpoints.add", "breakpoints.remove", "breakpoints.clear", "breakpoints.close",
    "breakpoint.close", "breakpoint.down", "breakpoint.up",
}  # fmt: skip
"""Ids of the bindings that are pressed here and in test_stepper.py."""


def test_no_binding_is_left_untested() -> None:
    owners = StepScreen, ConsoleInput, ValueScreen, BreakpointsScreen, BreakpointScreen
    ids = {each.id for owner in owners for each in owner.BINDINGS if isinstance(each, Binding)}
    assert ids == PRESSED


def wb(pilot: Pilot[int]) -> Workbench:
    assert isinstance(pilot.app, WorkbenchApp)
    assert isinstance(pilot.app.wb, Workbench)
    return pilot.app.wb


def where(pilot: Pilot[int]) -> str:
    found = pilot.app.screen.query("#where")
    return str(found.first(Static).content) if found else ""


def status(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen_stack[-1].query_one(StatusLine).content)


async def fire(pilot: Pilot[int], until: Any, hook: str, args: str = "") -> None:
    """Fire a hook from the dialog, without waiting for what comes of it."""
    await pilot.press("f")
    await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
    pilot.app.screen.query_one("#name", Input).value = hook
    pilot.app.screen.query_one("#args", Input).value = args
    await pilot.pause()
    await pilot.press("enter")


async def stopped(pilot: Pilot[int], until: Any, words: str) -> None:
    await until(pilot, lambda: words in where(pilot))


async def on_main(pilot: Pilot[int], until: Any) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))


def listed(pilot: Pilot[int]) -> list[str]:
    options = pilot.app.screen.query_one(OptionList).options
    return [" ".join(str(each.prompt).split()) for each in options]


async def typed(pilot: Pilot[int], until: Any, **fields: str) -> None:
    """Fill in the form of a breakpoint and enter it."""
    await until(pilot, lambda: isinstance(pilot.app.screen, BreakpointScreen))
    for name, text in fields.items():
        pilot.app.screen.query_one(f"#field-{name} Input", Input).value = text
    await pilot.press("enter")


async def test_b_sets_and_removes_breakpoints_where_the_cursor_is(running: Any, until: Any) -> None:
    async with running() as pilot:
        tree = pilot.app.screen.query_one(PluginTree)

        def marked() -> list[str]:
            nodes = [tree.root, *tree.root.children]
            nodes += [each for node in tree.root.children for each in node.children]
            nodes += [each for node in nodes[3:] for each in node.children]
            return [str(each.label) for each in nodes if "⏸ break" in str(each.label)]

        await pilot.press("b")
        await until(
            pilot,
            lambda: [str(each) for each in wb(pilot).breakpoints.values()] == ["plugin alpha"],
        )
        await until(pilot, lambda: len(marked()) == 1)
        assert "alpha" in marked()[0]
        await pilot.press("b")
        await until(pilot, lambda: not wb(pilot).breakpoints and not marked())
        await pilot.press("enter", "down", "enter", "down", "b")
        await until(pilot, lambda: len(marked()) == 1)
        assert [str(each) for each in wb(pilot).breakpoints.values()] == ["chain plugin alpha one"]
        await fire(pilot, until, "chain", "[{}]")
        await stopped(pilot, until, "before one (alpha")
        await pilot.press("c")
        await on_main(pilot, until)
        timeline = pilot.app.screen.query_one(Timeline)
        timeline.focus()
        await until(
            pilot, lambda: timeline.selected is not None and timeline.selected.hook == "chain"
        )
        await pilot.press("b")
        assert "chain" in [str(each) for each in wb(pilot).breakpoints.values()]
        pilot.app.screen.query_one(Ladder).focus()
        await pilot.pause()
        await pilot.press("b")
        assert [str(each) for each in wb(pilot).breakpoints.values()] == ["chain"]
        await pilot.press("2")
        hooks = pilot.app.screen.query_one(HookTree)
        await until(pilot, lambda: hooks.has_focus and hooks.entry is not None)
        await pilot.press("b")
        assert any(each.category for each in wb(pilot).breakpoints.values())


async def test_all_breakpoints_are_listed_added_and_removed(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("B")
        await until(pilot, lambda: isinstance(pilot.app.screen, BreakpointsScreen))
        assert "None yet" in listed(pilot)[0]
        await pilot.press("a")
        await typed(pilot, until, plugin="beta", when="slow", limit_ms="long")
        assert isinstance(pilot.app.screen, BreakpointScreen)
        wrong = pilot.app.screen.query_one("#wrong", Static)
        assert "'long' is no number" in str(wrong.content)
        await typed(pilot, until, limit_ms="50", condition="value[")
        assert "no expression" in str(wrong.content)
        await typed(pilot, until, condition="", category="lifecylce")
        assert "Did you mean 'lifecycle'?" in str(wrong.content)
        await pilot.press("down", "down", "up")
        assert pilot.app.focused is pilot.app.screen.query_one("#field-category Input")
        await typed(pilot, until, category="")
        await until(
            pilot, lambda: listed(pilot) == ["1 plugin beta when it has taken more than 50 ms"]
        )
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, BreakpointScreen))
        await pilot.press("escape", "a")
        await typed(pilot, until, hook="ticket_*")
        await until(pilot, lambda: len(listed(pilot)) == 2)
        await pilot.press("d")
        await until(
            pilot, lambda: listed(pilot) == ["1 plugin beta when it has taken more than 50 ms"]
        )
        await pilot.press("D")
        assert "None yet" in listed(pilot)[0]
        assert not wb(pilot).breakpoints
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MainScreen)


async def test_names_that_there_are_not_are_noted_and_marked(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        await pilot.press("B")
        await until(pilot, lambda: isinstance(pilot.app.screen, BreakpointsScreen))
        await pilot.press("a")
        await typed(pilot, until, plugin="betta", callback="two")
        await until(pilot, lambda: listed(pilot) == ["1 plugin betta two (no such plugin so far)"])
        (notice,) = pilot.app._notifications
        assert notice.message == ("Note: there is no plugin 'betta' so far. Did you mean 'beta'?")
        await pilot.press("a")
        await typed(pilot, until, plugin="beta", callback="two")
        await until(pilot, lambda: listed(pilot)[1:] == ["2 plugin beta two"])
        assert not pilot.app._notifications


async def test_a_condition_stops_at_one_of_a_hundred(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("B")
        await until(pilot, lambda: isinstance(pilot.app.screen, BreakpointsScreen))
        await pilot.press("a")
        await typed(pilot, until, hook="chain", callback="two", condition="value['number'] == 42")
        await until(pilot, lambda: len(wb(pilot).breakpoints) == 1)
        await pilot.press("escape")
        await fire(pilot, until, "many")
        await stopped(pilot, until, "⏸ many › chain · step 2 of 2 · before two")
        screen = pilot.app.screen
        assert isinstance(screen, StepScreen)
        assert screen.stop.value["number"] == 42
        await pilot.press("c")
        await on_main(pilot, until)
        await until(pilot, lambda: sum(each.hook == "chain" for each in wb(pilot).trace) == 100)


async def test_two_plugins_are_stopped_in_turn(running: Any, until: Any) -> None:
    async with running() as pilot:
        wb(pilot).breakpoints.add(plugin="alpha")
        wb(pilot).breakpoints.add(plugin="beta", hook="chain")
        await fire(pilot, until, "chain", "[{}]")
        await stopped(pilot, until, "before one (alpha")
        await pilot.press("c")
        await stopped(pilot, until, "before two (beta")
        await pilot.press("c")
        await on_main(pilot, until)
        await fire(pilot, until, "aside")
        await stopped(pilot, until, "thread aside")
        await pilot.press("x")
        await on_main(pilot, until)


async def test_hidden_it_stays_stopped_and_saves_wait_behind_it(
    write: Any, running: Any, until: Any
) -> None:
    async with running() as pilot:
        wb(pilot).breakpoints.add(hook="chain", plugin="beta")
        await fire(pilot, until, "chain", "[{}]")
        await stopped(pilot, until, "before two")
        await pilot.press("escape")
        await on_main(pilot, until)
        await until(pilot, lambda: "⏸ stopped in chain" in status(pilot))
        write("alpha", ONE.replace('"one": 1', '"one": 11'))
        await until(pilot, lambda: "1 waits" in status(pilot))
        assert wb(pilot).plugins["alpha"].generation == 1
        await pilot.press("s")
        await stopped(pilot, until, "before two")
        said = pilot.app.screen.query_one("#said", Static)
        await until(pilot, lambda: "alpha" in str(said.content) and "waits" in str(said.content))
        await pilot.press("x")
        await on_main(pilot, until)
        await until(pilot, lambda: wb(pilot).plugins["alpha"].generation == 2)
        inspector = pilot.app.screen.query_one(Inspector)
        await until(
            pilot, lambda: inspector.firing is not None and inspector.firing.hook == "chain"
        )
        assert inspector.firing is not None
        assert inspector.firing.result == {"one": 1, "two": 2}
        await until(pilot, lambda: "stopped" not in status(pilot))


async def test_news_may_come_before_the_stepper_stands_and_while_it_goes(
    write: Any, running: Any, until: Any
) -> None:
    async with running() as pilot:
        wb(pilot).breakpoints.add(hook="chain")
        await fire(pilot, until, "chain", "[{}]")
        await stopped(pilot, until, "before one")
        await pilot.press("escape")
        await on_main(pilot, until)
        main = pilot.app.screen
        assert isinstance(main, MainScreen)
        write("alpha", ONE.replace('"one": 1', '"one": 11'))
        await until(pilot, lambda: "1 waits" in status(pilot))
        main.action_stepper()
        for _ in range(50):
            main.tick()
            await asyncio.sleep(0)
        await stopped(pilot, until, "before one")
        said = pilot.app.screen.query_one("#said", Static)
        await until(pilot, lambda: "alpha" in str(said.content) and "waits" in str(said.content))
        main.commands.do(lambda: wb(pilot).fire("aside"))
        await until(pilot, lambda: "wait for it" in str(said.content))
        await pilot.press("escape")
        for _ in range(50):
            main.tick()
            await asyncio.sleep(0)
        await on_main(pilot, until)
        wb(pilot).breakpoints.clear()
        main.action_stepper()
        wb(pilot).stepper.go(Finish())
        await on_main(pilot, until)
        await until(pilot, lambda: wb(pilot).plugins["alpha"].generation == 2)


async def test_nothing_opens_over_somebody_who_types(running: Any, until: Any) -> None:
    async with running() as pilot:
        wb(pilot).breakpoints.add(hook="chain")
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        screen = pilot.app.screen_stack[1]
        assert isinstance(screen, MainScreen)
        screen.commands.do(lambda: wb(pilot).fire("chain", {}))
        await until(pilot, lambda: wb(pilot).stepper.stop is not None)
        await until(
            pilot,
            lambda: any("Stopped in chain" in each.message for each in pilot.app._notifications),
        )
        await pilot.press(*"kn")
        assert pilot.app.screen.query_one("#name", Input).value == "kn"
        await pilot.press("escape")
        await stopped(pilot, until, "before one")
        await pilot.press("x")
        await on_main(pilot, until)


async def test_x_stops_code_that_does_not_come_back(running: Any, until: Any) -> None:
    async with running() as pilot:
        wb(pilot).breakpoints.add(hook="endless")
        await fire(pilot, until, "endless")
        await stopped(pilot, until, "before endless")
        await pilot.press("n")
        await stopped(pilot, until, "x stops it")
        await pilot.press("k")
        assert "It runs at this moment" in str(pilot.app.screen.query_one("#said", Static).content)
        await pilot.press("x")
        await stopped(pilot, until, "the end of the chain")
        await pilot.press("c")
        await on_main(pilot, until)
        assert wb(pilot).trace[-1].outcome == "interrupted"


async def test_quitting_lets_go_what_is_stopped(running: Any, until: Any) -> None:
    async with running() as pilot:
        workbench = wb(pilot)
        workbench.breakpoints.add(hook="chain")
        await fire(pilot, until, "chain", "[{}]")
        await stopped(pilot, until, "before one")
        await pilot.press("ctrl+q")
    assert workbench.trace[-1].result == {"one": 1, "two": 2}


async def test_the_palette_has_the_keys_of_the_stepper(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        wb(pilot).breakpoints.add(hook="chain")
        await fire(pilot, until, "chain", "[{}]")
        await stopped(pilot, until, "before one")
        named = {each.title for each in pilot.app.get_system_commands(pilot.app.screen)}
        assert {
            "step: Run this callback, or line", "step: Run to the end, or stop what runs",
            "step: Edit the value", "step: Hide this; it stays stopped",
        } <= named  # fmt: skip
        keys = pilot.app.screen.query("KeyLine Key")
        assert 0 < len(keys) <= 7
        await pilot.click(keys.first())
        await stopped(pilot, until, "before two")
        await pilot.press("question_mark")
        await until(pilot, lambda: bool(pilot.app.screen.query("TextScreen VerticalScroll")))
        await pilot.press("escape", "x")
        await on_main(pilot, until)
