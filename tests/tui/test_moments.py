"""The world as it was, in the terminal: the chain, the plugins and the rows of a firing's time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Static

from escalated_core.records import Firing
from escalated_workbench.playback import Playback
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.moment import FIRST, LAST, MomentScreen
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.timeline import Timeline

pytestmark = pytest.mark.anyio

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
OLD = """
from escalated.hooks import *

@on_filter("ticket_data", priority=5)
def normalise(data, ticket):
    return {**data, "subject": data["subject"].strip()}

@on_filter("ticket_data")
def lookup(data, ticket):
    ticket.subject = "[/b] looked up"
    return data
"""
NEW = OLD.replace("lookup", "tag_vip")


@pytest.fixture
def plugins(write: Any) -> None:
    """Two plugins that listen to a filter."""
    write("triage", OLD, version="1.2.0")
    write(
        "billing", "from escalated.hooks import *\nadd_filter('ticket_data', lambda d, t: d, 20)\n"
    )


def workbench(pilot: Pilot[int]) -> Any:
    assert isinstance(pilot.app, WorkbenchApp)
    return pilot.app.wb


async def fired(pilot: Pilot[int], until: Any) -> Firing:
    """Fire the filter and wait until it is selected."""
    wb = workbench(pilot)
    firing: Firing = wb.fire("ticket_data", {"subject": " Fire "}, wb.helpdesk.ticket(1))
    inspector = pilot.app.screen.query_one(Inspector)
    await until(pilot, lambda: inspector.firing and inspector.firing.id == firing.id)
    return firing


async def saved(pilot: Pilot[int], write: Any, until: Any) -> Firing:
    """Fire, save the plugin with another callback, deactivate the other; open the moment."""
    wb = workbench(pilot)
    wb.helpdesk.edit(wb.helpdesk.ticket(1), subject="[/bold] Printer")
    firing = await fired(pilot, until)
    write("triage", NEW)
    await until(pilot, lambda: wb.plugins["triage"].generation == 2)
    wb.deactivate("billing")
    pilot.app.screen.query_one(Timeline).show_firing(firing.id)
    inspector = pilot.app.screen.query_one(Inspector)
    await until(pilot, lambda: inspector.firing and inspector.firing.id == firing.id)
    await pilot.press("H")
    await until(pilot, lambda: isinstance(pilot.app.screen, MomentScreen))
    return firing


def told(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one(Static).content)


def title(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one("VerticalScroll").border_title)


def test_every_key_is_pressed_here() -> None:
    ids = {each.id for each in MomentScreen.BINDINGS if isinstance(each, Binding)}
    assert ids == {
        "moment.close",
        "moment.choose",
        "moment.next-step",
        "moment.previous-step",
        "moment.next",
        "moment.previous",
    }


@pytest.mark.usefixtures("plugins")
async def test_it_shows_then_and_now(write: Any, running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        firing = await saved(pilot, write, until)
        lines = [" ".join(line.split()) for line in told(pilot).splitlines()]
        assert title(pilot) == f"#{firing.id} ticket_data as it began"
        assert lines[0] == "ticket_data, then and now"
        assert lines[1:5] == [
            "5 ~ normalise triage g1 now of generation 2",
            "10 - lookup triage g1 gone now",
            "10 + tag_vip triage g2 came since",
            "20 - <lambda> billing g1 gone now",
        ]
        assert "subject: ' Fire '" in lines
        assert f"ticket 1 as seen in #{firing.id} as it began" in lines
        assert "subject: '[/bold] Printer'" in lines
        assert "~ triage 1.2.0 g1 active → 1.2.0 g2 active" in lines
        assert "~ billing 1.0.0 g1 active → 1.0.0 g1 inactive" in lines


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(("on", "back"), [("down", "up"), ("j", "k")])
async def test_steps(write: Any, running: Any, until: Any, on: str, back: str) -> None:
    async with running(size=(80, 24)) as pilot:
        firing = await saved(pilot, write, until)
        await pilot.press(on)
        assert title(pilot) == f"#{firing.id} ticket_data after normalise · step 1 of 3"
        assert "▸    5 ~ normalise" in told(pilot)
        assert "subject: ' Fire ' → 'Fire'" in told(pilot)
        await pilot.press(on)
        assert "▸   10 - lookup" in told(pilot)
        assert "~ subject: '[/bold] Printer' → '[/b] looked up'" in told(pilot)
        await pilot.press(back, back)
        assert "as it began" in title(pilot)
        await pilot.press(back)
        assert title(pilot).startswith(f"#{firing.id - 1} ")


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(("on", "back"), [("right", "left"), ("]", "[")])
async def test_firings(write: Any, running: Any, until: Any, on: str, back: str) -> None:
    async with running(size=(120, 40)) as pilot:
        firing = await saved(pilot, write, until)
        await pilot.press("down", on)
        assert title(pilot).startswith(f"#{firing.id + 1} plugin_loaded as it began")
        await pilot.press(back)
        assert title(pilot) == f"#{firing.id} ticket_data as it began"
        newest = workbench(pilot).trace[-1].id
        for _ in range(newest - firing.id + 1):
            await pilot.press(on)
        await until(pilot, lambda: [n.message for n in pilot.app._notifications] == [LAST])
        for _ in range(newest):
            await pilot.press(back)
        await until(pilot, lambda: FIRST in [n.message for n in pilot.app._notifications])


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("key", ["escape", "q"])
async def test_closing_and_going_there(write: Any, running: Any, until: Any, key: str) -> None:
    async with running(size=(80, 24)) as pilot:
        firing = await saved(pilot, write, until)
        await pilot.press("right", key)
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        timeline = pilot.app.screen.query_one(Timeline)
        await until(pilot, lambda: timeline.selected and timeline.selected.id == firing.id)
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, MomentScreen))
        await pilot.press("question_mark")
        await until(pilot, lambda: told(pilot).startswith("The world as the firing found it"))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, MomentScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        await until(pilot, lambda: timeline.selected and timeline.selected.id == firing.id + 1)


@pytest.mark.usefixtures("plugins")
async def test_it_opens_at_the_step_of_the_ladder(running: Any, until: Any) -> None:
    async with running(size=(120, 40)) as pilot:
        await fired(pilot, until)
        ladder = pilot.app.screen.query_one(Ladder)
        ladder.focus()
        ladder.highlighted = 1
        await pilot.pause()
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, MomentScreen))
        assert "after lookup · step 2 of 3" in title(pilot)
        assert "The same callbacks are registered now." in told(pilot)


async def test_without_a_firing_it_says_so(root: Path, running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        await pilot.press("H")
        await until(
            pilot,
            lambda: (
                [n.message for n in pilot.app._notifications]
                == ["There is no firing to go back to."]
            ),
        )


@pytest.mark.usefixtures("plugins")
async def test_a_saved_session_shows_it_too(
    write: Any, open_workbench: Any, until: Any, tmp_path: Path
) -> None:
    wb = open_workbench()
    firing = wb.fire("ticket_data", {"subject": " Fire "}, wb.helpdesk.ticket(1))
    write("triage", NEW, version="1.3.0")
    wb.reload("triage")
    wb.save(tmp_path / "a.session")
    wb.close()
    with Playback(tmp_path / "a.session") as playback:
        app = WorkbenchApp(playback)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await until(pilot, lambda: isinstance(app.screen, MainScreen))
            timeline = app.screen.query_one(Timeline)
            await until(pilot, lambda: timeline.selected)
            timeline.show_firing(firing.id)
            await until(pilot, lambda: timeline.selected and timeline.selected.id == firing.id)
            await pilot.press("H")
            await until(pilot, lambda: isinstance(app.screen, MomentScreen))
            assert "came since" in told(pilot)


@SIZES
@pytest.mark.usefixtures("plugins", "frozen")
async def test_how_it_looks(
    size: Any, write: Any, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        await saved(pilot, write, until)
        await pilot.press("down")
        assert await same_picture(pilot)
