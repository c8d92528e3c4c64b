"""The timeline: what is folded and unfolded, pinned, and shown of a saved session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from escalated_workbench.playback import Playback
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.fire import FireScreen
from escalated_workbench.tui.widgets.status import StatusLine
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.workbench import Workbench

pytestmark = pytest.mark.anyio

NESTING = """
from escalated.hooks import add_action, do_action

def outer():
    for number in range(3):
        do_action(f"inner_{number}")

def burst():
    for _ in range(37):
        do_action("inner_0")

for number in range(3):
    add_action(f"inner_{number}", lambda: None)
add_action("outer", outer)
add_action("burst", burst)
"""


def timeline_of(app: App[Any]) -> Timeline:
    return app.screen.query_one(Timeline)


def texts(timeline: Timeline) -> list[str]:
    top = int(timeline.scroll_offset.y)
    lines = range(top, min(top + timeline.size.height, timeline.count))
    return [timeline.render_line(line - top).text for line in lines]


async def arrived(pilot: Any, until: Any, hook: str) -> Timeline:
    """The timeline, with the focus, once a firing of the hook is under its cursor."""
    timeline = timeline_of(pilot.app)
    await until(pilot, lambda: timeline.selected and timeline.selected.hook == hook)
    timeline.focus()
    return timeline


async def test_what_a_firing_caused_is_folded_and_unfolded(
    write: Any, running: Any, until: Any
) -> None:
    write("nest", NESTING)
    async with running() as pilot:
        pilot.app.wb.fire("outer")
        timeline = await arrived(pilot, until, "outer")
        lines = timeline.count
        await pilot.press("left")
        assert timeline.count == lines - 3
        assert "▸3 inside" in texts(timeline)[timeline.cursor]
        assert timeline.selected is not None
        assert timeline.selected.hook == "outer"
        await pilot.press("right")
        assert timeline.count == lines
        await pilot.press("down", "down", "left")
        assert timeline.selected.hook == "outer"


async def test_a_burst_is_one_line_until_it_is_unfolded(
    write: Any, running: Any, until: Any
) -> None:
    write("nest", NESTING)
    async with running() as pilot:
        before = timeline_of(pilot.app).count
        pilot.app.wb.fire("burst")
        timeline = await arrived(pilot, until, "burst")
        assert timeline.count == before + 2
        await pilot.press("down")
        assert "×37" in texts(timeline)[timeline.cursor]
        await pilot.press("right")
        assert timeline.count == before + 38
        await pilot.press("down", "left")
        assert timeline.count == before + 2


async def test_a_pinned_firing_has_a_mark(samples: Path, running: Any, fire: Any) -> None:
    async with running() as pilot:
        firing = await fire(pilot, "ticket_data")
        timeline = timeline_of(pilot.app)
        await pilot.press("P")
        assert pilot.app.wb.trace.pinned == {firing.id}
        assert "◆" in texts(timeline)[-1]
        await pilot.press("P")
        assert not pilot.app.wb.trace.pinned


async def test_timing_and_saving_open_their_screens(samples: Path, running: Any) -> None:
    async with running() as pilot:
        for key, screen in (("t", "TimingScreen"), ("ctrl+s", "SaveScreen")):
            await pilot.press(key)
            assert type(pilot.app.screen).__name__ == screen
            await pilot.press("escape")


async def test_a_saved_session_is_shown_and_runs_nothing(
    samples: Path, tmp_path: Path, until: Any
) -> None:
    path = tmp_path / "one.session"
    with Workbench(samples) as wb:
        wb.fire("ticket_data")
        wb.save(path)
    app = WorkbenchApp(Playback(path))
    try:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            timeline = timeline_of(app)
            await until(pilot, lambda: timeline.selected is not None)
            assert timeline.selected.hook == "ticket_data"
            assert "session one.session" in str(app.screen.query_one(StatusLine).content)
            for key in ("f", "r", "a", "x", "ctrl+r"):
                await pilot.press(key)
            assert not isinstance(app.screen, FireScreen)
            assert any("nothing of it runs" in each.message for each in app._notifications)
    finally:
        app.close_workbench()


FAILING = """
from escalated.hooks import add_action, do_action

def fail(*_):
    raise ValueError("no")

add_action("failing", fail)
add_action("ticket_created", lambda *_: do_action("failing"))
"""


async def test_an_event_shows_the_worst_of_what_it_caused(
    write: Any, running: Any, until: Any
) -> None:
    write("mine", FAILING)
    async with running() as pilot:
        pilot.app.wb.event("ticket.create")
        timeline = await arrived(pilot, until, "ticket.create")
        assert timeline.selected.kind == "event"
        assert "✖" in texts(timeline)[timeline.cursor]
        await pilot.press("left")
        assert "inside" in texts(timeline)[timeline.cursor]
        assert "✖" in texts(timeline)[timeline.cursor]
        before = timeline.selected.id
        pilot.app.wb.event("ticket.list")
        await until(pilot, lambda: timeline.selected.id > before)
        assert timeline.selected.kind == "event"
        assert "✖" not in texts(timeline)[timeline.cursor]
