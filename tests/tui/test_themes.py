"""Light, dark and without colour: words and glyphs tell, and the focus can be seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from rich.terminal_theme import DIMMED_MONOKAI
from textual.pilot import Pilot
from textual.widgets import Static

from escalated_core.records import ErrorRecord, Firing, Frame, LogLine, Reload, Step
from escalated_core.sessions.lines import SessionPlugin
from escalated_core.sessions.session import Header, write
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.snapshot import snapshot
from escalated_workbench.playback import Playback
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.timing import TimingScreen
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.timings import TimingList

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("frozen")]

MS = 1_000_000
THEMES = pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "no-colour"])

Color = tuple[int, int, int]


def recorded() -> list[Firing]:
    """A filter with a callback that changes something, one that fails and one that is slow."""
    old, new = snapshot({"subject": "RE: x", "tags": ["a"]}), snapshot({"subject": "x", "n": 1})
    source = ((39, "def lookup(data):"), (40, '    plan = data["plan"]'), (41, "    return plan"))
    frame = Frame("/x/billing/plugin.py", 40, "lookup", source, 12, (("data", new),))
    error = ErrorRecord("KeyError", "'plan'", (frame,))
    log = LogLine("WARNING", "billing", "no plan", 1e9, "/x/billing/plugin.py", 39)
    first = Step("triage", "normalise", "/x/triage/plugin.py", 12, 5, "ok", MS, old, new)
    first = replace(first, changes=changes(old, new), own_ns=MS, generation=1)
    failed = Step("billing", "lookup", "/x/billing/plugin.py", 39, 10, "error", 2 * MS, new, new)
    failed = replace(failed, error=error, logs=(log,), output="looked\n", own_ns=2 * MS)
    slow = replace(first, callback="slow", before=new, after=new, changes=())
    slow = replace(slow, duration_ns=70 * MS, own_ns=70 * MS)
    steps = (first, failed, slow)
    return [
        Firing(
            number, "ticket_data", "filter", "workbench", None, 0, "plugins", (old,), snapshot({}),
            steps, new, 1e9 + number, 73 * MS,
        )
        for number in range(1, 10)
    ]  # fmt: skip


@pytest.fixture
def session(tmp_path: Path) -> Path:
    plugins = tuple(
        SessionPlugin(slug, "1.0.0", "local", 1, {"plugin.py": "0"})
        for slug in ("billing", "triage")
    )
    header = Header({"workbench": "0.1"}, "guide", 0, "/x", 1e9, plugins)
    loads = [Reload(n, p.slug, "start", (), 1, ("a",), (), 1e9, MS) for n, p in enumerate(plugins)]
    path = tmp_path / "known.session"
    write(path, header, [*loads, *recorded()])
    return path


@asynccontextmanager
async def showing(
    screen: str, theme: str, session: Path, until: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pilot[int]]:
    """The failing firing on the main screen, or the timing."""
    if theme == "no-colour":
        monkeypatch.setenv("NO_COLOR", "1")
    app = WorkbenchApp(Playback(session))
    if theme != "no-colour":
        app.theme = theme
    try:
        async with app.run_test(size=(100, 32), notifications=True) as pilot:
            await until(pilot, lambda: isinstance(app.screen, MainScreen))
            inspector = app.screen.query_one(Inspector)
            await until(pilot, lambda: inspector.firing is not None)
            if screen == "timing":
                app.push_screen(TimingScreen(app.wb))
                await until(pilot, lambda: app.screen.query(TimingList))
                await until(pilot, lambda: app.screen.query_one(TimingList).measured)
            else:
                app.screen.go_to(app.screen.query_one(Ladder))
                await pilot.press("w")
                await pilot.pause()
            yield pilot
    finally:
        app.close_workbench()


@THEMES
async def test_without_colour_words_and_glyphs_tell(
    theme: str, session: Path, until: Any, monkeypatch: Any
) -> None:
    async with showing("main", theme, session, until, monkeypatch) as pilot:
        shown = "".join(segment.text for segment in drawn(pilot))
        for sign in ("✔", "✖", "KeyError", "~", "▸"):
            assert sign in shown
        pilot.app.push_screen(TimingScreen(pilot.app.wb))
        await until(pilot, lambda: pilot.app.screen.query(TimingList))
        await until(pilot, lambda: pilot.app.screen.query_one(TimingList).measured)
        shown = "".join(segment.text for segment in drawn(pilot))
        assert "! slow" in shown
        assert "1 slow" in shown
        assert "9 of 9 steps over 50 ms" in str(
            pilot.app.screen.query_one("#details", Static).content
        )


@THEMES
async def test_the_focus_and_the_cursor_can_be_seen(
    theme: str, session: Path, until: Any, monkeypatch: Any
) -> None:
    async with showing("timing", theme, session, until, monkeypatch) as pilot:
        screen = pilot.app.screen
        lines, more = screen.query_one("#list"), screen.query_one("#more")
        assert lines.styles.border_top[1] != more.styles.border_top[1]
        focused = drawn(pilot)
        await pilot.press("tab")
        await pilot.pause()
        assert lines.styles.border_top[1] != more.styles.border_top[1]
        assert drawn(pilot) != focused
        cursor = next(each for each in drawn(pilot) if each.text.strip().startswith("slow"))
        other = next(each for each in drawn(pilot) if each.text.strip().startswith("lookup"))
        assert background(cursor) != background(other)


def drawn(pilot: Pilot[int]) -> list[Segment]:
    """What is on the screen, as the terminal gets it."""
    app = pilot.app
    strips = app.screen._compositor.render_strips()
    for each in app._filters:
        strips = [strip.apply_filter(each, app.screen.background_colors[1]) for strip in strips]
    return [segment for strip in strips for segment in strip if segment.text]


def background(segment: Segment) -> Color:
    assert segment.style is not None
    assert segment.style.bgcolor is not None
    return tuple(segment.style.bgcolor.get_truecolor(DIMMED_MONOKAI))
