"""A saved session in the terminal: all of it is shown, nothing of a plugin is there or runs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from escalated_core.errors import UsageError
from escalated_core.records import Plugin
from escalated_workbench import Workbench
from escalated_workbench.playback import Playback
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.keyline import Key
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.tui.widgets.trees import HookTree, PluginTree

pytestmark = pytest.mark.anyio

GOOD = """
from escalated.hooks import add_action, add_filter, apply_filters

def outer(note):
    return {**note, "inner": apply_filters("inner", 1)}

def inner(number):
    return number + 1

add_filter("note", outer)
add_filter("inner", inner)
"""
FAILING = """
from escalated.hooks import add_filter

def fail(note):
    raise KeyError("plan")

add_filter("note", fail)
"""
IMPORTED = "a_module_of_a_plugin"

Saved = Callable[[], Path]


@pytest.fixture
def session(write: Any, root: Path, tmp_path: Path) -> Path:
    """A session of plugins that work, fail, cannot be loaded and were turned off; they are gone."""
    write("good", f"import {IMPORTED}\n{GOOD}", f"{IMPORTED}.py", "")
    write("failing", FAILING)
    write("broken", "def (")
    write("off", "")
    write("stale", "")
    path = tmp_path / "a.session"
    with Workbench(root) as wb:
        wb.fire("note", {"subject": "x"}, kind="filter")
        wb.reload("good")
        wb.fire("note", {"subject": "y"}, kind="filter")
        wb.deactivate("off")
        (root / "stale" / "plugin.py").write_text("1 / 0\n", "utf-8")
        with pytest.raises(Exception, match="division"):
            wb.reload("stale")
        live = {slug: plugin.status for slug, plugin in wb.plugins.items()}
        wb.save(path)
        assert live["broken"] == "failed"
    shutil.rmtree(root)
    return path


@asynccontextmanager
async def showing(path: Path, until: Any, size: Any = (120, 40)) -> AsyncIterator[Pilot[int]]:
    app = WorkbenchApp(Playback(path))
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: isinstance(app.screen, MainScreen))
            timeline = app.screen.query_one(Timeline)
            await until(pilot, lambda: timeline.selected is not None)
            yield pilot
    finally:
        app.close_workbench()


def main(pilot: Pilot[int]) -> MainScreen:
    assert isinstance(pilot.app.screen, MainScreen)
    return pilot.app.screen


def labels(tree: Any) -> list[str]:
    return [str(node.label) for node in tree._all_nodes()]


async def test_the_panes_show_what_was(session: Path, until: Any) -> None:
    async with showing(session, until) as pilot:
        plugins = "\n".join(labels(main(pilot).query_one(PluginTree)))
        for words in (
            "✔ good 1.0.0 g2",
            "✔ failing 1.0.0 g1",
            "✖ broken 1.0.0 plugin.py:1",
            "◌ off 1.0.0",
            "✖ stale 1.0.0 g1 plugin.py:1",
            "SyntaxError",
            "running last good from",
        ):
            assert words in plugins
        hooks = "\n".join(labels(main(pilot).query_one(HookTree)))
        for words in ("▷ note  2", "10 outer  good", "10 fail  failing", "▷ inner  1"):
            assert words in hooks
        timeline = main(pilot).query_one(Timeline)
        assert timeline.selected is not None
        assert timeline.selected.hook == "note"
        ladder = main(pilot).query_one(Ladder)
        inspector = main(pilot).query_one(Inspector)
        await until(pilot, lambda: inspector.firing is not None)
        assert inspector.firing is not None
        assert [step.callback for step in inspector.firing.steps] == ["fail", "outer"]
        assert ladder.option_count >= 2
        await pilot.press("3")
        await pilot.pause()
        assert "3" in str(main(pilot).query_one("#panes").get_tab("findings").label)


async def test_nothing_of_a_plugin_is_imported(session: Path, until: Any) -> None:
    before = set(sys.modules)
    async with showing(session, until) as pilot:
        await pilot.press("d", "g", "p", "w", "2", "3", "1", "l", "escape")
        await pilot.pause()
        assert Workbench._open is None
    new = set(sys.modules) - before
    assert not [name for name in new if IMPORTED in name or name.startswith("escalated_plugins")]
    assert "escalated.hooks" not in sys.modules


async def test_keys_that_cannot_act_are_not_offered(session: Path, until: Any) -> None:
    async with showing(session, until, (80, 24)) as pilot:
        await until(pilot, lambda: pilot.app.screen.query(Key))
        keys = [key.shown for key in pilot.app.screen.query(Key)]
        assert keys[0] == "/ Filter"
        assert not {"f Fire", "r Again", "a On/Off", "space Hold"} & set(keys)
        offered = [each.title for each in pilot.app.get_system_commands(main(pilot))]
        assert "workbench: Filter the firings" in offered
        assert not [each for each in offered if "Fire a hook" in each or "Uninstall" in each]


@pytest.mark.parametrize("key", ["a", "ctrl+r", "r", "f", "e", "D", "S", "V", "x", "space"])
async def test_what_would_run_a_plugin_is_refused_with_the_cure(
    key: str, session: Path, until: Any
) -> None:
    async with showing(session, until) as pilot:
        count = len(main(pilot).wb.trace)
        await pilot.press(key)
        said = pilot.app._notifications
        await until(pilot, lambda: any("saved session" in str(each.message) for each in said))
        assert len(main(pilot).wb.trace) == count


async def test_keys_of_the_timeline_work(session: Path, until: Any) -> None:
    async with showing(session, until) as pilot:
        timeline = main(pilot).query_one(Timeline)
        last = timeline.cursor
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: timeline.cursor < last)
        await pilot.press("left_curly_bracket")
        await until(pilot, lambda: timeline.selected and timeline.selected.outcome == "error")


def test_plugins_stand_as_they_stood(write: Any, root: Path, tmp_path: Path) -> None:
    """Whatever was done to them: the status, generation and error of the workbench."""
    for slug in ("again", "gone", "kept", "off", "off-again"):
        write(slug, "")
    write("broken", "def (")
    path = tmp_path / "a.session"

    def state(plugin: Plugin) -> tuple[object, ...]:
        return plugin.status, plugin.generation, plugin.stale, str(plugin.error or "")

    with Workbench(root) as wb:
        wb.deactivate("off")
        wb.deactivate("again")
        wb.activate("again")
        wb.reload("kept")
        for _ in range(2):
            wb.deactivate("off-again")
            wb.activate("off-again")
        wb.deactivate("off-again")
        wb.uninstall("gone")
        wb.save(path)
        live = {slug: state(plugin) for slug, plugin in wb.plugins.items()}
    with Playback(path) as playback:
        assert {slug: state(plugin) for slug, plugin in playback.plugins.items()} == live
        assert "gone" not in playback.plugins


def test_pins_are_of_this_look_only(session: Path) -> None:
    with Playback(session) as playback:
        first = playback.trace.ids[0]
        playback.trace.pin(first)
        assert playback.trace.pinned == {first}
        assert playback.trace.kept([first, 10_000]) == {first}
        playback.trace.pin(first, False)
        assert playback.trace.pinned == frozenset()
        with pytest.raises(UsageError, match="nothing of it runs"):
            playback.fire("note")


def test_how_far_it_is_read_is_told(session: Path) -> None:
    told: list[tuple[int, int]] = []
    with Playback(session, lambda *progress: told.append(progress)) as playback:
        total = len(playback.trace)
    assert told[0] == (0, total)
    assert told[-1] == (total, total)
