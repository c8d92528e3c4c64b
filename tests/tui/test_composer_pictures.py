"""How the composer, the help desk and events in the timeline look."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from escalated_workbench.tui.screens.compose import ComposeScreen
from escalated_workbench.tui.screens.desk import DeskScreen
from escalated_workbench.tui.screens.happenings import EventScreen
from escalated_workbench.tui.widgets.desk_details import Edit, Fields
from escalated_workbench.tui.widgets.desk_list import DeskList
from escalated_workbench.tui.widgets.inspector import Inspector
from escalated_workbench.tui.widgets.json_area import JsonArea
from escalated_workbench.tui.widgets.offers import Offers

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("frozen")]

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
THEMES = pytest.mark.parametrize("theme", ["textual-light", "no-colour"])
PLUGIN = """
from escalated.hooks import *

@on_filter("ticket_data", 5)
def shout(data, ticket):
    return {**data, "subject": data["subject"].upper()}

@on_action("comment_created")
def told(comment, ticket):
    raise KeyError("plan")
"""


@pytest.fixture(autouse=True)
def with_plugin(write: Any, monkeypatch: pytest.MonkeyPatch, request: Any) -> None:
    write("alpha", PLUGIN)
    target = "escalated_workbench.tui.widgets.rehearsal.told_time"
    monkeypatch.setattr(target, lambda _: "2026-01-05 09:00:00+00:00")
    if "no-colour" in request.node.name:
        monkeypatch.setenv("NO_COLOR", "1")


def of(theme: str) -> str:
    return "textual-dark" if theme == "no-colour" else theme


async def compose(pilot: Pilot[int], until: Any, event: str) -> None:
    await pilot.press("e")
    await until(pilot, lambda: isinstance(pilot.app.screen, EventScreen))
    pilot.app.screen.query_one(Input).value = event
    await pilot.pause()
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, ComposeScreen))


async def judged(pilot: Pilot[int], until: Any, words: str) -> None:
    preview = pilot.app.screen.query_one("#preview")
    await until(pilot, lambda: words in str(preview.border_subtitle))
    await pilot.pause()


async def typing(pilot: Pilot[int], until: Any) -> None:
    """Somebody answers a ticket, and has not found it yet."""
    await compose(pilot, until, "comment.note")
    offers = pilot.app.screen.query_one(Offers)
    await until(pilot, lambda: offers.option_count == 30)
    await pilot.press(*"in_prog")
    await until(pilot, lambda: 0 < offers.option_count < 30)
    await judged(pilot, until, "1 error")


async def desk(pilot: Pilot[int], until: Any) -> None:
    await pilot.press("D")
    await until(pilot, lambda: isinstance(pilot.app.screen, DeskScreen))
    listed = pilot.app.screen.query_one(DeskList)
    await until(pilot, lambda: listed.count == 30)
    await pilot.press(*["down"] * 11)
    await pilot.pause()


@SIZES
async def test_an_event_is_picked(size: Any, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=size) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventScreen))
        await pilot.press(*"tick")
        await pilot.pause()
        assert await same_picture(pilot)


@SIZES
async def test_a_row_is_chosen(size: Any, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=size) as pilot:
        await typing(pilot, until)
        assert await same_picture(pilot)


@THEMES
async def test_the_composer(theme: str, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=(120, 40), theme=of(theme)) as pilot:
        await typing(pilot, until)
        assert await same_picture(pilot)


@SIZES
async def test_what_is_wrong(size: Any, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=size) as pilot:
        await compose(pilot, until, "ticket.status")
        await judged(pilot, until, "1 hook")
        screen = pilot.app.screen
        screen.query_one("#field-status Input", Input).value = "[/done]"
        screen.query_one("#field-ticket Input", Input).value = "99"
        await pilot.press("tab", "tab")
        await judged(pilot, until, "2 errors")
        await until(pilot, lambda: screen.query_one(Offers).option_count == 18)
        assert await same_picture(pilot)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "no-colour"])
async def test_json(theme: str, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=(80, 24), theme=of(theme)) as pilot:
        await compose(pilot, until, "ticket.create")
        await judged(pilot, until, "2 hooks")
        await pilot.press("ctrl+t")
        area = pilot.app.screen.query_one(JsonArea)
        area.text = (
            '{\n  "subject": "Re: [/URGENT] \\"printer\\"",\n  "tags": ["vip", 1.5, null]\n  1\n'
        )
        area.move_cursor((3, 3))
        await pilot.pause(0.3)
        assert await same_picture(pilot)


@SIZES
async def test_the_help_desk(size: Any, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=size) as pilot:
        await desk(pilot, until)
        assert await same_picture(pilot)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "no-colour"])
async def test_a_field_is_edited(theme: str, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=(80, 24), theme=of(theme)) as pilot:
        await desk(pilot, until)
        await pilot.press("enter", "down", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.focused, Edit))
        pilot.app.screen.query_one(Edit).value = "done"
        await pilot.press("enter")
        wrong = pilot.app.screen.query_one("#wrong")
        await until(pilot, lambda: "Choose" in str(getattr(wrong, "content", "")))
        assert await same_picture(pilot)


@SIZES
async def test_an_event_in_the_timeline(
    size: Any, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        event = pilot.app.wb.event("comment.note", ticket=12, body="[bold]No[/]").event  # type: ignore[union-attr]
        inspector = pilot.app.screen.query_one(Inspector)
        await until(pilot, lambda: inspector.firing is not None and inspector.firing.id == event.id)
        await until(pilot, lambda: pilot.app.screen._drawn == pilot.app.wb.revision)  # type: ignore[union-attr]
        assert await same_picture(pilot)


async def test_sixty_columns(running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=(60, 20)) as pilot:
        await desk(pilot, until)
        assert pilot.app.screen.query_one("#rows").display
        await pilot.press("enter")
        assert pilot.app.focused is pilot.app.screen.query_one(Fields)
        await pilot.pause()
        assert await same_picture(pilot)
