"""Firing hooks from the dialog and again, and what happens to the cursor meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from escalated_workbench.tui.screens.fire import FireScreen
from escalated_workbench.tui.widgets.status import ActivityLine
from escalated_workbench.tui.widgets.timeline import Timeline

pytestmark = pytest.mark.anyio


async def test_one_tab_leads_to_the_arguments(samples: Path, running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        await pilot.press("t", "i", "tab", "x")
        assert pilot.app.screen.query_one("#args", Input).value == "x"
        await pilot.press("tab", "c")
        assert pilot.app.screen.query_one("#name", Input).value == "tic"


async def test_the_example_is_one_of_the_chosen_hook(
    samples: Path, running: Any, until: Any
) -> None:
    async with running(size=(80, 24)) as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        screen = pilot.app.screen
        for typed, example in (
            ("ticket_status_changed", '["@ticket:2", "open", "resolved"]'),
            ("ticket_data", '[{"subject": "x"}, "@ticket:2"]'),
            ("user_login", '["@customer:1"]'),
        ):
            screen.query_one("#name", Input).value = typed
            await pilot.pause()
            assert screen.query_one("#args", Input).placeholder == f"arguments, e.g. {example}"


@pytest.mark.parametrize("typed", ['["@ticket:2", null]', "@ticket:2"])
async def test_rows_are_named_as_on_the_command_line(
    samples: Path, running: Any, fire: Any, typed: str
) -> None:
    async with running() as pilot:
        firing = await fire(pilot, "ticket_created", typed)
        assert firing.args[0].fields["id"] == 2


async def test_a_row_that_is_none_is_refused(samples: Path, running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        pilot.app.screen.query_one("#args", Input).value = '["@tickt:2"]'
        await pilot.press("enter")
        await pilot.press("enter")
        (notice,) = pilot.app._notifications
        assert "'@tickt:2' names no row." in notice.message
        assert isinstance(pilot.app.screen, FireScreen)


async def test_what_a_hook_was_given_stands_there_again(
    samples: Path, running: Any, until: Any
) -> None:
    async with running(size=(80, 24)) as pilot:

        async def open_at(hook: str) -> Input:
            await pilot.press("f")
            await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
            pilot.app.screen.query_one("#name", Input).value = hook
            await pilot.pause()
            return pilot.app.screen.query_one("#args", Input)

        wrong = '[{"subject":"x"},"@ticket:999"]'
        (await open_at("ticket_data")).value = wrong
        await pilot.press("enter")
        await until(pilot, lambda: bool(pilot.app._notifications))
        args = await open_at("ticket_created")
        assert args.value == ""
        await open_at("ticket_data")
        assert args.value == wrong
        await pilot.press("tab", *["backspace"] * 5, *'2"]', "enter")
        await until(pilot, lambda: [each for each in pilot.app.wb.trace if each.args])
        assert pilot.app.wb.trace[-1].args[1].fields["id"] == 2
        args = await open_at("ticket_data")
        assert args.value == '[{"subject":"x"},"@ticket:2"]'
        args.value = "typed"
        await open_at("ticket_created")
        assert args.value == "typed"


async def test_a_filter_of_a_plugin_is_not_fired_without_a_value(
    write: Any, running: Any, until: Any
) -> None:
    write(
        "mine",
        """
        from escalated.hooks import add_filter
        add_filter("own", lambda value: [*value, 1])
        """,
    )
    async with running() as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        await pilot.press(*"own", "enter")
        assert isinstance(pilot.app.screen, FireScreen)
        (notice,) = pilot.app._notifications
        assert "Give own a value" in notice.message
        await pilot.press(*"[[]]", "enter")
        await until(pilot, lambda: [each for each in pilot.app.wb.trace if each.hook == "own"])
        assert pilot.app.wb.trace.get(pilot.app.wb.trace.ids[-1]).result == [1]


async def test_what_you_fire_is_selected_wherever_the_cursor_was(
    samples: Path, running: Any, until: Any, fire: Any
) -> None:
    async with running() as pilot:
        timeline = pilot.app.screen.query_one(Timeline)
        timeline.focus()
        await pilot.press("home")
        firing = await fire(pilot, "ticket_data")
        assert timeline.selected.id == firing.id
        await pilot.press("home", "space")
        assert timeline.held
        firing = await fire(pilot, "ticket_created")
        assert timeline.selected.id == firing.id


async def test_again_takes_the_arguments_it_had(
    samples: Path, running: Any, until: Any, fire: Any
) -> None:
    async with running() as pilot:
        first = await fire(pilot, "ticket_data", '[{"subject": "once more"}, null]')
        await fire(pilot, "ticket_created")
        timeline = pilot.app.screen.query_one(Timeline)
        timeline.show_firing(first.id)
        await pilot.press("r")
        await until(pilot, lambda: len(pilot.app.wb.trace) and timeline.selected.id > first.id + 1)
        again = pilot.app.wb.trace.get(timeline.selected.id)
        assert again.hook == "ticket_data"
        assert again.args[0]["subject"] == "once more"
        assert again.cause == f"again:{first.id}"


async def test_again_says_what_is_missing(write: Any, running: Any, until: Any) -> None:
    write(
        "mine",
        """
        from escalated.hooks import *

        class Foreign:
            pass

        add_action("begin", lambda: do_action("inside", Foreign()))
        """,
    )
    async with running() as pilot:
        begun = pilot.app.wb.fire("begin")
        (inside,) = pilot.app.wb.trace.children(begun.id)
        timeline = pilot.app.screen.query_one(Timeline)
        timeline.focus()
        await until(pilot, lambda: timeline.selected is not None)
        timeline.show_firing(inside.id)
        await until(pilot, lambda: timeline.selected.id == inside.id)
        await pilot.press("r")
        await until(pilot, lambda: pilot.app._notifications)
        (notice,) = pilot.app._notifications
        assert "[0] (an object of escalated_plugins.mine.Foreign)" in str(notice.message)
        assert pilot.app.wb.trace[-1].id == inside.id


async def test_a_save_does_not_take_the_cursor_from_the_last_firing(
    write: Any, running: Any, until: Any, fire: Any
) -> None:
    folder = write("mine", "")
    async with running() as pilot:
        firing = await fire(pilot, "ticket_data")
        timeline = pilot.app.screen.query_one(Timeline)
        for number in range(3):
            (folder / "plugin.py").write_text(f"x = {number}\n", "utf-8")
            await until(pilot, lambda n=number: pilot.app.wb.plugins["mine"].generation == n + 2)
            await until(pilot, lambda: timeline.listing.rows[-1].id == pilot.app.wb.trace[-1].id)
        assert timeline.listing.rows[-1].hook == "plugin_loaded"
        assert timeline.selected.id == firing.id
        pilot.app.wb.fire("ticket_data")
        await until(pilot, lambda: timeline.selected.id > timeline.listing.rows[-2].id)


async def test_what_waits_for_stuck_code_is_said(samples: Path, running: Any, until: Any) -> None:
    async with running() as pilot:
        line = pilot.app.screen.query_one(ActivityLine)
        for hook in ("user_login", "ticket_data"):
            await pilot.press("f")
            await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
            pilot.app.screen.query_one("#name", Input).value = hook
            await pilot.press("enter")
            await until(pilot, lambda: line.display)
        await until(pilot, lambda: "ticket_data waits." in str(line.content))
        await pilot.press("x")
        timeline = pilot.app.screen.query_one(Timeline)
        await until(pilot, lambda: timeline.selected and timeline.selected.hook == "ticket_data")
