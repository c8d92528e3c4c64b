"""How the stepper, the dialog for a value and the breakpoints look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from escalated_workbench.tui.screens.breakpoints import BreakpointScreen, BreakpointsScreen
from escalated_workbench.tui.screens.fire import FireScreen
from escalated_workbench.tui.screens.step import StepScreen
from escalated_workbench.tui.screens.value import ValueScreen
from escalated_workbench.tui.widgets.console import Console, ConsoleInput

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("frozen")]

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
GIVEN = '[{"subject": "Re: printer on fire", "tags": ["hw"]}, "@ticket:1"]'


@pytest.fixture(autouse=True)
def with_samples(samples: Path) -> None:
    """Every test here runs on the sample plugins."""


async def begin(pilot: Pilot[int], until: Any, *keys: str) -> StepScreen:
    """Step into the triage chain and press keys, each of which leads to another stop."""
    await pilot.press("f")
    await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
    pilot.app.screen.query_one("#name", Input).value = "ticket_data"
    pilot.app.screen.query_one("#args", Input).value = GIVEN
    await pilot.pause()
    await pilot.press("ctrl+s")
    await until(pilot, lambda: isinstance(pilot.app.screen, StepScreen))
    screen = pilot.app.screen
    assert isinstance(screen, StepScreen)
    for key in keys:
        before = screen.stop.number
        await pilot.press(key)
        await until(pilot, lambda before=before: screen.stop.number > before)
    return screen


@SIZES
async def test_between_callbacks(size: Any, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=size) as pilot:
        await begin(pilot, until, "n", "k", "n")
        assert await same_picture(pilot)


@SIZES
async def test_at_a_line(size: Any, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=size) as pilot:
        await begin(pilot, until, "n", "n", "s", "n", "n")
        assert await same_picture(pilot)


@SIZES
async def test_an_earlier_step_and_the_console(
    size: Any, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        screen = await begin(pilot, until, "n", "n")
        await pilot.press("up", "exclamation_mark")
        screen.query_one(ConsoleInput).value = "_value['priority'], sorted(_before)"
        await pilot.press("enter")
        await until(pilot, lambda: "urgent" in screen.query_one(Console).text)
        assert await same_picture(pilot)


@SIZES
async def test_a_console_with_many_answers(
    size: Any, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        screen = await begin(pilot, until, "n", "n", "s", "n", "n")
        await pilot.press("exclamation_mark")
        console = screen.query_one(Console)
        for number in range(12):
            await pilot.press(*f"{number}*2", "enter")
            await until(pilot, lambda number=number: console.text.endswith(f"\n{number * 2}"))
        await pilot.press(*"_value")
        assert await same_picture(pilot)


@SIZES
async def test_a_value_that_is_wrong(
    size: Any, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        await begin(pilot, until)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(pilot.app.screen, ValueScreen))
        await pilot.pause()
        pilot.app.screen.query_one(TextArea).text = '{\n  "subject": "x",\n  "tags": [,]\n}'
        await pilot.press("ctrl+g")
        assert await same_picture(pilot)


@SIZES
async def test_breakpoints(size: Any, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=size) as pilot:
        await pilot.press("b", "B")
        await until(pilot, lambda: isinstance(pilot.app.screen, BreakpointsScreen))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, BreakpointScreen))
        pilot.app.screen.query_one("#field-hook Input", Input).value = "ticket_*"
        pilot.app.screen.query_one("#field-condition Input", Input).value = "value['priority'] == 1"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, BreakpointsScreen))
        assert await same_picture(pilot)


@SIZES
async def test_what_is_stopped_behind_the_main_screen(
    size: Any, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        await begin(pilot, until, "n")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, StepScreen))
        await pilot.press("b")
        await pilot.pause(0.1)
        assert await same_picture(pilot)
