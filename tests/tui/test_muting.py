"""`m` mutes what the cursor is on; the tree, the ladder and the status line say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from escalated_workbench.playback import Playback
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.widgets.inspector import Ladder
from escalated_workbench.tui.widgets.status import StatusLine
from escalated_workbench.tui.widgets.trees import HookTree, PluginTree, RecordTree
from escalated_workbench.workbench import Workbench

pytestmark = pytest.mark.anyio

PLUGIN = """
from escalated.hooks import add_filter

def first(data, ticket):
    return data

def second(data, ticket):
    return data

add_filter("ticket_data", first, 5)
add_filter("ticket_data", second, 10)
"""


@pytest.fixture(autouse=True)
def mine(write: Any) -> None:
    """A plugin `mine` with two callbacks on one hook."""
    write("mine", PLUGIN)


def workbench(pilot: Pilot[int]) -> Workbench:
    assert isinstance(pilot.app, WorkbenchApp)
    wb = pilot.app.wb
    assert wb is not None
    assert not isinstance(wb, Playback)
    return wb


def labels(pilot: Pilot[int], kind: type[RecordTree] = PluginTree) -> list[str]:
    return [str(node.label).strip() for node in pilot.app.screen.query_one(kind)._all_nodes()]


def status(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one(StatusLine).content)


async def muted(pilot: Pilot[int], until: Any) -> None:
    """Press `m` and wait until it is drawn."""
    before = workbench(pilot).revision
    await pilot.press("m")
    await until(pilot, lambda: workbench(pilot).revision != before)
    await until(pilot, lambda: pilot.app.screen._drawn == workbench(pilot).revision)


async def test_a_plugin_is_muted_and_no_longer(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        wb = workbench(pilot)
        await muted(pilot, until)
        assert labels(pilot) == [
            "✔ mine 1.0.0 g1 ◌ muted",
            "ticket_data  2",
            "5 ◌ first muted",
            "10 ◌ second muted",
        ]
        assert "◌ 1 what-if" in status(pilot)
        assert [step.outcome for step in wb.fire("ticket_data").steps] == ["skipped"] * 2
        await muted(pilot, until)
        assert labels(pilot)[0] == "✔ mine 1.0.0 g1"
        assert "what-if" not in status(pilot)
        assert [step.outcome for step in wb.fire("ticket_data").steps] == ["ok"] * 2


async def test_a_callback_is_muted_by_itself(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("enter", "down", "enter", "down")
        assert pilot.app.screen.query_one(PluginTree).entry.callback == "first"
        await muted(pilot, until)
        assert "5 ◌ first muted" in labels(pilot)
        assert "10 second" in labels(pilot)
        (whatif,) = workbench(pilot).whatif
        assert str(whatif) == "mute mine:first on ticket_data"
        await pilot.press("up")
        await muted(pilot, until)
        assert "10 ◌ second muted" in labels(pilot)
        assert "◌ 2 what-ifs" in status(pilot)


async def test_what_is_muted_with_something_else_is_said(running: Any, until: Any) -> None:
    async with running() as pilot:
        await muted(pilot, until)
        await pilot.press("enter", "down", "m")
        await pilot.pause()
        notices = [str(notice.message) for notice in pilot.app._notifications]
        assert notices[-1] == "mine is muted, and this with it."
        assert len(workbench(pilot).whatif) == 1


async def test_a_hook_is_muted_for_all(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("2")
        tree = pilot.app.screen.query_one(HookTree)
        node = next(n for n in tree._all_nodes() if n.data and n.data.hook == "ticket_data")
        tree.focus()
        tree.move_cursor(node)
        await pilot.pause()
        await muted(pilot, until)
        (whatif,) = workbench(pilot).whatif
        assert (whatif.about, whatif.matches) == ("everything on ticket_data", 2)


async def test_the_step_under_the_cursor_is_muted(running: Any, until: Any, fire: Any) -> None:
    async with running() as pilot:
        await fire(pilot, "ticket_data")
        ladder = pilot.app.screen.query_one(Ladder)
        ladder.focus()
        ladder.highlighted = 1
        await pilot.pause()
        await muted(pilot, until)
        assert [str(each) for each in workbench(pilot).whatif] == [
            "mute mine:second on ticket_data"
        ]
        await fire(pilot, "ticket_data")
        rungs = [str(ladder.get_option_at_index(n).prompt) for n in range(2)]
        assert "muted" not in rungs[0]
        assert "◌ muted" in rungs[1]


async def test_the_palette_clears_all(running: Any, until: Any) -> None:
    async with running() as pilot:
        app, screen = pilot.app, pilot.app.screen
        assert not [c for c in app.get_system_commands(screen) if "what-ifs" in c.title]
        await muted(pilot, until)
        (clear,) = [c for c in app.get_system_commands(screen) if "what-ifs" in c.title]
        clear.callback()
        await until(pilot, lambda: "what-if" not in status(pilot))
        assert len(workbench(pilot).whatif) == 0


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_how_it_looks(
    size: Any, samples: Path, running: Any, until: Any, fire: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        wb = workbench(pilot)
        wb.whatif.mute(plugin="billing")
        wb.whatif.mute("ticket_data", "triage", "tag_vip")
        await fire(pilot, "ticket_data")
        await pilot.press("2")
        await until(pilot, lambda: pilot.app.screen._drawn == wb.revision)
        tree = pilot.app.screen.query_one(HookTree)
        tree.focus()
        node = next(n for n in tree._all_nodes() if n.data and n.data.hook == "ticket_data")
        node.expand()
        tree.move_cursor(node)
        assert await same_picture(pilot)
