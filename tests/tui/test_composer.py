"""Events put together in the terminal: picked, typed, judged, made to happen, repeated."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from escalated_workbench import Workbench
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.compose import ComposeScreen
from escalated_workbench.tui.screens.happenings import EventScreen
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.recent import RecentScreen
from escalated_workbench.tui.widgets.form import Field, Form
from escalated_workbench.tui.widgets.inspector import Inspector
from escalated_workbench.tui.widgets.json_area import JsonArea
from escalated_workbench.tui.widgets.offers import Offers
from escalated_workbench.tui.widgets.pages import ValuePage
from escalated_workbench.tui.widgets.payload_editor import PayloadEditor
from escalated_workbench.tui.widgets.timeline import Timeline

pytestmark = pytest.mark.anyio

OWNERS = (EventScreen, ComposeScreen, RecentScreen)
PRESSED: set[str] = {"compose.step"}  # In test_stepper.py.
PLUGIN = """
from escalated.hooks import *

@on_filter("ticket_data", 5)
def shout(data, ticket):
    return {**data, "subject": data["subject"].upper()}

@on_action("ticket_assigned")
def assigned(ticket, agent):
    print(agent)
"""

Test = Callable[..., Awaitable[None]]


def presses(*ids: str) -> Callable[[Test], Test]:
    PRESSED.update(ids)
    return lambda test: test


@pytest.fixture(autouse=True)
def with_plugin(write: Any) -> None:
    write("alpha", PLUGIN)


def wb(pilot: Pilot[int]) -> Workbench:
    assert isinstance(pilot.app, WorkbenchApp)
    assert isinstance(pilot.app.wb, Workbench)
    return pilot.app.wb


def shown(pilot: Pilot[int], kind: type) -> Callable[[], bool]:
    return lambda: isinstance(pilot.app.screen, kind)


def text_of(pilot: Pilot[int], selector: str) -> str:
    return str(pilot.app.screen.query_one(selector, Static).content)


def field(pilot: Pilot[int], name: str) -> Field:
    return pilot.app.screen.query_one(f"#field-{name}", Field)


def wrong(pilot: Pilot[int], name: str) -> str:
    found = field(pilot, name)
    return str(found.query_one(".wrong", Static).content) if found.has_class("-wrong") else ""


def ready(pilot: Pilot[int]) -> Callable[[], bool]:
    """Whether what is typed has been judged well."""
    return lambda: "hook" in str(pilot.app.screen.query_one("#preview").border_subtitle)


async def compose(pilot: Pilot[int], until: Any, event: str) -> None:
    """Open the composer on an event."""
    await pilot.press("e")
    await until(pilot, shown(pilot, EventScreen))
    pilot.app.screen.query_one(Input).value = event
    await pilot.pause()
    await pilot.press("enter")
    await until(pilot, shown(pilot, ComposeScreen))


async def happened(pilot: Pilot[int], until: Any) -> Any:
    """Wait until the main screen shows an event; returns it."""
    await until(pilot, shown(pilot, MainScreen))
    inspector = pilot.app.screen.query_one(Inspector)
    await until(pilot, lambda: inspector.firing is not None and inspector.firing.kind == "event")
    return inspector.firing


def test_no_binding_is_left_untested() -> None:
    ids = {each.id for owner in OWNERS for each in owner.BINDINGS if isinstance(each, Binding)}
    assert ids == PRESSED


@presses("event.down", "event.up", "event.close")
async def test_e_picks_an_event(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("e")
        await until(pilot, shown(pilot, EventScreen))
        options = pilot.app.screen.query_one(OptionList)
        await pilot.press("down", "down", "up")
        assert options.highlighted == 1
        await pilot.press(*"assigned")
        await pilot.pause()
        assert options.option_count == 1
        pilot.app.screen.query_one(Input).value = "tag.add"
        await pilot.pause()
        assert "fires nothing" in str(options.get_option_at_index(0).prompt)
        assert "no hook under guide" in str(pilot.app.screen.query_one(Static).content)
        await pilot.press("escape")
        await until(pilot, shown(pilot, MainScreen))


@presses("compose.fire")
async def test_what_would_happen_is_said_before_it_does(running: Any, until: Any) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.create")
        await until(pilot, ready(pilot))
        told = text_of(pilot, "#rehearsed")
        for words in ("ticket_data", "shout", "alpha", "ticket_created", "nobody listens"):
            assert words in told
        assert field(pilot, "subject").input.placeholder.startswith("chosen: ")
        field(pilot, "subject").input.value = "Re: [/URGENT] printer"
        await until(pilot, lambda: "[/URGENT]" in text_of(pilot, "#rehearsed"))
        assert len(wb(pilot).helpdesk.rows("ticket")) == 30
        await pilot.press("ctrl+g")
        event = await happened(pilot, until)
        assert event.kwargs == {"subject": "Re: [/URGENT] printer"}
        assert wb(pilot).helpdesk.rows("ticket")[-1]["subject"] == "RE: [/URGENT] PRINTER"


@presses("compose.down", "compose.up")
async def test_rows_are_chosen_by_typing(running: Any, until: Any) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.assign")
        offers = pilot.app.screen.query_one(Offers)
        await until(pilot, lambda: offers.option_count == 30)
        await pilot.press(*"spam")
        await until(pilot, lambda: offers.taken == "ESC-00005")
        await pilot.press("enter")
        assert field(pilot, "ticket").input.value == "ESC-00005"
        await pilot.press("tab")
        await until(pilot, lambda: offers.option_count == 4)
        await pilot.press("down", "down", "up", "down", "enter")
        assert field(pilot, "agent").input.value == "robert.green"
        await pilot.press("enter")
        event = await happened(pilot, until)
        assert event.kwargs["ticket"]["reference"] == "ESC-00005"
        assert event.kwargs["agent"]["username"] == "robert.green"


async def test_choices_texts_and_numbers(running: Any, until: Any) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.status")
        await pilot.press("tab", *"clos")
        offers = pilot.app.screen.query_one(Offers)
        await until(pilot, lambda: offers.taken == "closed")
        await pilot.press("enter")
        assert pilot.app.screen.query_one(Form).payload == {"status": "closed"}
        await pilot.press("escape")
        await compose(pilot, until, "ticket.create")
        for name, typed in (
            ("subject", '""'),
            ("description", '"one\\ntwo"'),
            ("requester", "nobody"),
            ("tags", "bug, vip"),
            ("metadata", '{"plan": "gold"}'),
        ):
            field(pilot, name).input.value = typed
        await until(pilot, lambda: len(pilot.app.screen.query_one(Form).payload) == 5)
        assert pilot.app.screen.query_one(Form).payload == {
            "subject": "",
            "description": "one\ntwo",
            "requester": None,
            "tags": ["bug", "vip"],
            "metadata": {"plan": "gold"},
        }


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    running: Any, until: Any
) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.create")
        field(pilot, "priority").input.value = "soonish"
        field(pilot, "metadata").input.value = '{"plan": '
        await until(pilot, lambda: wrong(pilot, "metadata"))
        assert "not JSON" in wrong(pilot, "metadata")
        await pilot.press("ctrl+g")
        assert pilot.app.focused is field(pilot, "metadata").input
        field(pilot, "metadata").input.value = ""
        await until(pilot, lambda: "one of low" in wrong(pilot, "priority"))
        assert not wrong(pilot, "metadata")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: pilot.app.focused is field(pilot, "priority").input)
        assert len(wb(pilot).helpdesk.rows("ticket")) == 30
        field(pilot, "metadata").input.value = "{"
        await pilot.pause()
        await pilot.press("escape")
        await compose(pilot, until, "ticket.create")
        assert field(pilot, "priority").input.value == "soonish"
        assert field(pilot, "metadata").input.value == "{"


@presses("compose.json", "compose.close")
async def test_the_whole_payload_as_json(running: Any, until: Any) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.assign")
        field(pilot, "agent").input.value = "2"
        await pilot.pause()
        await pilot.press("ctrl+t")
        editor, area = (pilot.app.screen.query_one(kind) for kind in (PayloadEditor, JsonArea))
        assert json.loads(area.text) == {"agent": "2"}
        area.text = '{"agent": 2,\n "tickt": 1}'
        await until(pilot, lambda: "Did you mean 'ticket'?" in text_of(pilot, "#said"))
        area.text = '{"agent": 2,\n "ticket" 3}'
        await until(pilot, lambda: "line 2, column 11" in text_of(pilot, "#said"))
        await pilot.press("ctrl+t")
        assert editor.text == '{"agent": 2,\n "ticket" 3}'
        await pilot.press("ctrl+g")
        await pilot.pause()
        await pilot.press("escape")
        await compose(pilot, until, "ticket.assign")
        area = pilot.app.screen.query_one(JsonArea)
        assert area.text == '{"agent": 2,\n "ticket" 3}'
        area.text = '{"agent": 2,\n "ticket": 3}'
        await pilot.press("ctrl+t")
        assert field(pilot, "ticket").input.value == "3"
        assert pilot.app.screen.query_one(Form).payload == {"agent": 2, "ticket": 3}
        await until(pilot, lambda: "User 2" in text_of(pilot, "#rehearsed"))


async def test_highlights_are_of_every_line_by_itself(running: Any, until: Any) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.create")
        await pilot.press("ctrl+t")
        area = pilot.app.screen.query_one(JsonArea)
        area.text = '{"a": ["x", 1.5, true],\n "b": "no end\n}'
        await pilot.pause()
        pieces = [
            line.plain[span.start : span.end] for line in (area.get_line(0),) for span in line.spans
        ]
        assert pieces == ["{", '"a"', ":", "[", '"x"', ",", "1.5", ",", "true", "]", ","]
        assert [span.start for span in area.get_line(1).spans] == [1, 4, 6]


@presses("compose.dry")
async def test_a_dry_event_is_taken_back(running: Any, until: Any) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.create")
        await pilot.press("ctrl+l", "ctrl+g")
        event = await happened(pilot, until)
        assert event.cause == "event:ticket.create dry"
        assert len(wb(pilot).helpdesk.rows("ticket")) == 30


async def test_an_event_happens_n_times(running: Any, until: Any) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.create")
        pilot.app.screen.query_one("#times", Input).value = "no"
        await pilot.press("ctrl+g")
        assert "whole number" in text_of(pilot, "#said")
        pilot.app.screen.query_one("#times", Input).value = "3"
        await pilot.press("ctrl+g")
        said = pilot.app._notifications
        await until(pilot, lambda: any("happened 3 times" in str(each.message) for each in said))
        assert len(wb(pilot).helpdesk.rows("ticket")) == 33


@pytest.mark.parametrize("key", ["x", "escape"])
async def test_what_happens_at_a_rate_can_be_stopped(key: str, running: Any, until: Any) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.list")
        pilot.app.screen.query_one("#times", Input).value = ""
        pilot.app.screen.query_one("#rate", Input).value = "200"
        await pilot.press("ctrl+g")
        await until(pilot, shown(pilot, MainScreen))
        told = pilot.app.screen.query_one("#repeating", Static)
        await until(pilot, lambda: told.display and "200 a second" in str(told.content))
        await until(pilot, lambda: len(wb(pilot).trace) > 10)
        await pilot.press(key)
        await until(pilot, lambda: not told.display)
        count = len(wb(pilot).trace)
        await pilot.press("2", "1")
        assert len(wb(pilot).trace) == count


@presses("compose.recent", "recent.close")
async def test_payloads_are_remembered_across_runs(running: Any, until: Any, root: Path) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.update")
        await pilot.press("ctrl+r")
        said = pilot.app._notifications
        await until(pilot, lambda: any("Nothing was said" in str(each.message) for each in said))
        for subject in ("one", "two"):
            field(pilot, "subject").input.value = subject
            await pilot.press("ctrl+g")
            await happened(pilot, until)
            await compose(pilot, until, "ticket.update")
        file = root.parent / ".escalated-workbench" / f"{root.name}.payloads.json"
        await until(pilot, lambda: file.exists() and "two" in file.read_text("utf-8"))
    async with running() as pilot:
        await compose(pilot, until, "ticket.update")
        await pilot.press("ctrl+r")
        await until(pilot, shown(pilot, RecentScreen))
        await pilot.press("escape")
        await until(pilot, shown(pilot, ComposeScreen))
        await pilot.press("ctrl+r")
        await until(pilot, shown(pilot, RecentScreen))
        await pilot.press("down", "enter")
        await until(pilot, shown(pilot, ComposeScreen))
        assert field(pilot, "subject").input.value == "one"


@presses("compose.preview-down", "compose.preview-up")
async def test_the_preview_scrolls_while_somebody_types(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        await compose(pilot, until, "ticket.create")
        await until(pilot, ready(pilot))
        preview = pilot.app.screen.query_one("#preview")
        await pilot.press("pagedown")
        await until(pilot, lambda: preview.scroll_y > 0)
        await pilot.press("pageup")
        await until(pilot, lambda: preview.scroll_y == 0)


# --- in the timeline


async def test_r_makes_an_event_happen_again(running: Any, until: Any) -> None:
    async with running() as pilot:
        first = wb(pilot).event("ticket.assign", ticket="ESC-00003", agent="agent 3", dry=True)
        timeline = pilot.app.screen.query_one(Timeline)
        await until(pilot, lambda: timeline.selected and timeline.selected.id == first.event.id)
        await pilot.press("r")
        await until(pilot, lambda: timeline.selected.id > first.event.id)
        again = wb(pilot).trace.get(timeline.selected.id)
        assert again is not None
        assert again.kwargs["ticket"]["id"] == 3
        assert again.kwargs["agent"] == first.event.kwargs["agent"]
        assert again.cause == first.event.cause


async def test_an_event_tells_what_it_was_given_and_what_it_caused(
    running: Any, until: Any
) -> None:
    async with running() as pilot:
        event = wb(pilot).event("ticket.assign", ticket=3, agent=2).event
        inspector = pilot.app.screen.query_one(Inspector)
        await until(pilot, lambda: inspector.firing is not None and inspector.firing.id == event.id)
        told = inspector.query_one(ValuePage).text
        for words in (
            "given to an agent",
            "ESC-00003",
            "robert.green",
            "ticket_assigned",
            "UPDATE",
        ):
            assert words in told


async def test_an_event_without_parameters_has_no_fields(running: Any, until: Any) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.list")
        assert pilot.app.focused is pilot.app.screen.query_one("#times")
        await pilot.press("enter")
        event = await happened(pilot, until)
        assert event.hook == "ticket.list"


async def test_a_mistake_is_in_view_where_room_is_short(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        await compose(pilot, until, "ticket.create")
        wrongs = field(pilot, "metadata").query_one(".wrong")
        field(pilot, "metadata").input.focus()
        await pilot.pause()
        await pilot.press(*"notjson", "ctrl+g")
        await until(pilot, lambda: wrong(pilot, "metadata"))
        form = pilot.app.screen.query_one(Form)
        await until(pilot, lambda: wrongs.size and form.region.contains_region(wrongs.region))
        assert pilot.app.focused is field(pilot, "metadata").input


async def test_no_times_says_what_it_means(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        await compose(pilot, until, "ticket.list")
        times, rate = (pilot.app.screen.query_one(name, Input) for name in ("#times", "#rate"))
        times.value = ""
        assert times.placeholder == "1"
        rate.value = "5"
        await until(pilot, lambda: times.placeholder == "forever")
        assert len(times.placeholder) <= times.content_size.width
        rate.value = ""
        await until(pilot, lambda: times.placeholder == "1")
        rate.value = "5"
        await pilot.press("escape")
        await until(pilot, shown(pilot, MainScreen))
        await compose(pilot, until, "ticket.list")
        assert pilot.app.screen.query_one("#times", Input).placeholder == "forever"


@presses("compose.forth", "compose.back")
async def test_what_follows_tab_at_once_goes_to_the_next_field(running: Any, until: Any) -> None:
    async with running() as pilot:
        await compose(pilot, until, "ticket.create")
        fields = pilot.app.screen.query_one(Form).fields
        assert pilot.app.focused is fields[0].input
        for key, character in (("tab", None), ("x", "x")):
            pilot.app.post_message(events.Key(key, character))
        await until(pilot, lambda: "x" in [each.input.value for each in fields])
        assert [each.input.value for each in fields[:2]] == ["", "x"]
        await pilot.press("shift+tab")
        assert pilot.app.focused is fields[0].input
