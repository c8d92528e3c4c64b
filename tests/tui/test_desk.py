"""The help desk in the terminal: looked at, edited, reset, and made something happen to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input, Static

from escalated_workbench import Workbench
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.compose import ComposeScreen
from escalated_workbench.tui.screens.confirm import ConfirmScreen
from escalated_workbench.tui.screens.desk import DeskFilter, DeskScreen
from escalated_workbench.tui.screens.happenings import EventScreen
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.widgets.desk_details import Details, Edit, Fields
from escalated_workbench.tui.widgets.desk_list import DeskList

pytestmark = pytest.mark.anyio

OWNERS = (DeskScreen, DeskList, DeskFilter, Fields, Edit)
PRESSED: set[str] = set()

Test = Callable[..., Awaitable[None]]


def presses(*ids: str) -> Callable[[Test], Test]:
    PRESSED.update(ids)
    return lambda test: test


def wb(pilot: Pilot[int]) -> Workbench:
    assert isinstance(pilot.app, WorkbenchApp)
    assert isinstance(pilot.app.wb, Workbench)
    return pilot.app.wb


def shown(pilot: Pilot[int], kind: type) -> Callable[[], bool]:
    return lambda: isinstance(pilot.app.screen, kind)


async def desk(pilot: Pilot[int], until: Any) -> DeskList:
    """Open the help desk and wait for its rows."""
    await pilot.press("D")
    await until(pilot, shown(pilot, DeskScreen))
    listed = pilot.app.screen.query_one(DeskList)
    await until(pilot, lambda: listed.count == 30)
    return listed


def lines(pilot: Pilot[int]) -> list[str]:
    fields = pilot.app.screen.query_one(Fields)
    return [str(fields.get_option_at_index(at).prompt) for at in range(fields.option_count)]


async def edit(pilot: Pilot[int], name: str, value: str) -> None:
    """Type another value for a field."""
    fields = pilot.app.screen.query_one(Fields)
    fields.highlighted = next(at for at, line in enumerate(lines(pilot)) if f"▸ {name} " in line)
    fields.focus()
    await pilot.pause()
    await pilot.press("enter")
    pilot.app.screen.query_one(Edit).value = value
    await pilot.press("enter")


def test_no_binding_is_left_untested() -> None:
    ids = {each.id for owner in OWNERS for each in owner.BINDINGS if isinstance(each, Binding)}
    assert ids == PRESSED


@presses("desk.ticket", "desk.comment", "desk.user", "desk.department", "desk.tag", "desk.back")
async def test_every_kind_of_row_is_listed(running: Any, until: Any) -> None:
    async with running() as pilot:
        listed = await desk(pilot, until)
        for key, kind in zip(
            "23451", ("comment", "user", "department", "tag", "ticket"), strict=True
        ):
            await pilot.press(key)
            assert listed.count == len(wb(pilot).helpdesk.rows(kind))
            assert len(lines(pilot)) > 2
        await pilot.press("escape")
        await until(pilot, shown(pilot, MainScreen))


@presses("desk.up", "desk.down", "desk.page-up", "desk.page-down", "desk.first", "desk.last")
@presses("desk.enter", "desk.pane", "details.down", "details.up")
async def test_a_ticket_has_its_conversation(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        listed = await desk(pilot, until)
        await pilot.press("down", "j", "k", "up", "down")
        assert listed.cursor == 1
        await pilot.press("end")
        assert listed.cursor == 29
        await pilot.press("home", "pagedown")
        assert listed.cursor > 1
        await pilot.press("pageup")
        assert listed.cursor == 0
        told = "\n".join(lines(pilot))
        for words in ("Thank you!", "4 comments", "internal note", "Northern"):
            assert words in told
        fields = pilot.app.screen.query_one(Fields)
        await pilot.press("enter")
        assert pilot.app.focused is fields
        at = fields.highlighted
        await pilot.press("j", "j", "k")
        assert fields.highlighted == at + 1
        await pilot.press("tab")
        assert pilot.app.focused is listed
        await pilot.press("shift+tab")
        assert pilot.app.focused is fields


@presses("details.edit", "edit.close")
async def test_a_field_is_edited_in_place(running: Any, until: Any) -> None:
    async with running() as pilot:
        await desk(pilot, until)
        await edit(pilot, "status", "done")
        wrong = pilot.app.screen.query_one("#wrong", Static)
        await until(pilot, lambda: "Choose one of open" in str(wrong.content))
        typed = pilot.app.screen.query_one(Edit)
        assert typed.value == "done"
        assert pilot.app.focused is typed
        typed.value = "open"
        await pilot.press("enter")
        await until(pilot, lambda: wb(pilot).helpdesk.rows("ticket")[0]["status"] == "open")
        await edit(pilot, "assigned_to", "nobody at all")
        await until(pilot, lambda: "There is no user" in str(wrong.content))
        typed.value = "megan.chang"
        await pilot.press("enter")
        await until(
            pilot, lambda: wb(pilot).helpdesk.rows("ticket")[0]["assigned_to"] == "Megan Chang"
        )
        await edit(pilot, "description", '"Two\\nlines [/x]"')
        await until(
            pilot, lambda: wb(pilot).helpdesk.rows("ticket")[0]["description"] == "Two\nlines [/x]"
        )
        await pilot.press("enter", "escape")
        assert not pilot.app.screen.query_one(Details).has_class("-editing")
        assert pilot.app.focused is pilot.app.screen.query_one(Fields)


async def test_what_is_typed_stays_when_rows_come_and_go(running: Any, until: Any) -> None:
    async with running() as pilot:
        listed = await desk(pilot, until)
        await edit(pilot, "priority", "soon")
        wb(pilot).event("ticket.create")
        await until(pilot, lambda: listed.count == 31)
        assert pilot.app.screen.query_one(Edit).value == "soon"
        assert pilot.app.screen.query_one(Details).has_class("-editing")


@presses("desk.filter", "deskfilter.close")
async def test_rows_are_filtered(running: Any, until: Any) -> None:
    async with running() as pilot:
        listed = await desk(pilot, until)
        await pilot.press("slash", *"printer")
        await until(pilot, lambda: listed.count == 1)
        assert "29 hidden" in str(pilot.app.screen.query_one("#rows").border_subtitle)
        await pilot.press("enter")
        assert pilot.app.focused is listed
        await pilot.press("slash", "escape")
        await until(pilot, lambda: listed.count == 30)


@presses("desk.reset")
async def test_everything_is_as_at_first_after_a_question(running: Any, until: Any) -> None:
    async with running() as pilot:
        listed = await desk(pilot, until)
        before = wb(pilot).helpdesk.rows("ticket")
        wb(pilot).event("ticket.create")
        await until(pilot, lambda: listed.count == 31)
        await pilot.press("R")
        await until(pilot, shown(pilot, ConfirmScreen))
        await pilot.press("n")
        await pilot.press("R")
        await until(pilot, shown(pilot, ConfirmScreen))
        assert listed.count == 31
        await pilot.press("y")
        await until(pilot, lambda: listed.count == 30)
        assert wb(pilot).helpdesk.rows("ticket") == before


@presses("desk.event", "desk.stop")
async def test_something_happens_to_the_selected_ticket(running: Any, until: Any) -> None:
    async with running() as pilot:
        await desk(pilot, until)
        await pilot.press("down", "e")
        await until(pilot, shown(pilot, EventScreen))
        await pilot.press(*"ticket.close", "enter")
        await until(pilot, shown(pilot, ComposeScreen))
        typed = pilot.app.screen.query_one("#field-ticket Input", Input)
        assert typed.value == "ESC-00002"
        typed.value = "ESC-00006"
        await pilot.press("ctrl+g")
        await until(pilot, shown(pilot, DeskScreen))
        await until(pilot, lambda: wb(pilot).helpdesk.rows("ticket")[5]["status"] == "closed")
        said = pilot.app._notifications
        await until(pilot, lambda: any("ticket.close happened" in str(n.message) for n in said))
        await pilot.press("x")
        await until(pilot, lambda: any("again and again" in str(n.message) for n in said))
