"""Every key does what it says: each binding with an id is pressed and its effect is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static, TabbedContent

from escalated_workbench import Workbench
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.confirm import ConfirmScreen
from escalated_workbench.tui.screens.fire import FireScreen
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.text import TextScreen
from escalated_workbench.tui.widgets.findings import FindingList
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.tui.widgets.trees import PluginTree, RecordTree

pytestmark = pytest.mark.anyio

OWNERS = (
    WorkbenchApp,
    MainScreen,
    FireScreen,
    TextScreen,
    ConfirmScreen,
    Timeline,
    RecordTree,
    Ladder,
    FindingList,
)

PRESSED: set[str] = set()
"""Ids of the bindings that some test here presses."""

PRESSED |= {"main.filter", "main.hide", "timeline.fold", "timeline.unfold"}
PRESSED |= {"main.keep", "main.timing", "main.save", "main.story"}
PRESSED |= {"main.times", "main.compare", "main.wrote", "main.path"}
PRESSED |= {"main.event", "main.desk", "main.outbox", "main.then", "main.mute", "main.verdict"}
PRESSED |= {"main.step", "main.break", "main.breakpoints", "main.untouched", "fire.step"}
# Those are pressed in test_filter.py, test_timeline.py, test_blame.py, test_compare.py,
# test_composer.py, test_save.py, test_desk.py, test_outbox.py, test_moments.py, test_muting.py,
# test_stepper.py, test_stepper_stops.py and test_verdict.py.

Test = Callable[..., Awaitable[None]]


def presses(*ids: str) -> Callable[[Test], Test]:
    PRESSED.update(ids)
    return lambda test: test


@pytest.fixture(autouse=True)
def with_samples(samples: Path) -> None:
    """Every test here runs on the sample plugins."""


def workbench(pilot: Pilot[int]) -> Workbench:
    assert isinstance(pilot.app, WorkbenchApp)
    assert pilot.app.wb is not None
    return pilot.app.wb


def main(pilot: Pilot[int]) -> MainScreen:
    assert isinstance(pilot.app.screen, MainScreen)
    return pilot.app.screen


async def fire(pilot: Pilot[int], until: Any, hook: str) -> None:
    """Fire a hook through the picker and wait until it is listed and selected."""
    before = len(workbench(pilot).trace)
    await pilot.press("f")
    await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
    pilot.app.screen.query_one("#name", Input).value = hook
    await pilot.pause()
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
    await until(pilot, lambda: len(workbench(pilot).trace) > before)
    inspector = main(pilot).query_one(Inspector)
    await until(pilot, lambda: inspector.firing is not None and inspector.firing.hook == hook)


def test_no_binding_is_left_untested() -> None:
    ids = {
        binding.id for owner in OWNERS for binding in owner.BINDINGS if isinstance(binding, Binding)
    }
    assert ids == PRESSED


@presses("main.fire", "fire.down", "fire.up", "fire.close")
async def test_f_picks_a_hook_and_fires_it(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        hooks = pilot.app.screen.query_one(OptionList)
        await pilot.press("down", "down", "up")
        assert hooks.highlighted == 1
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        fired = [firing.hook for firing in workbench(pilot).trace]
        assert "ticket_updated" not in fired
        await fire(pilot, until, "ticket_data")
        firing = workbench(pilot).trace[-1]
        assert [step.plugin for step in firing.steps] == ["triage"] * 4


async def test_arguments_are_typed_as_json_and_judged(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        screen = pilot.app.screen
        screen.query_one("#name", Input).value = "ticket_data"
        screen.query_one("#args", Input).value = '{"subject": "no end"'
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is screen
        screen.query_one("#args", Input).value = '[{"subject": "Re: outage"}, null]'
        await pilot.press("enter")
        await until(pilot, lambda: workbench(pilot).trace[-1].hook == "ticket_data")
        assert workbench(pilot).trace[-1].result["priority"] == "urgent"


@presses("main.toggle")
async def test_a_turns_a_plugin_off_and_on(running: Any, until: Any) -> None:
    async with running() as pilot:
        tree = main(pilot).query_one(PluginTree)
        assert tree.entry is not None
        assert tree.entry.plugin == "billing"
        await pilot.press("a")
        await until(pilot, lambda: workbench(pilot).plugins["billing"].status == "inactive")
        await pilot.press("a")
        await until(pilot, lambda: workbench(pilot).plugins["billing"].status == "active")


@presses("main.reload")
async def test_ctrl_r_loads_a_plugin_again(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("ctrl+r")
        await until(pilot, lambda: workbench(pilot).plugins["billing"].generation == 2)


@presses("main.hold")
async def test_space_holds_the_list_while_recording_goes_on(running: Any, until: Any) -> None:
    async with running() as pilot:
        timeline = main(pilot).query_one(Timeline)
        await until(pilot, lambda: timeline.selected is not None)
        await pilot.press("space")
        selected = timeline.selected
        workbench(pilot).fire("ticket_data")
        await until(pilot, lambda: "waiting" in str(timeline.border_subtitle))
        assert timeline.selected == selected
        await pilot.press("space")
        await until(pilot, lambda: timeline.selected and timeline.selected.hook == "ticket_data")


@presses("main.reloads", "text.close")
async def test_l_shows_what_was_loaded(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("l")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))


@presses("main.edit")
async def test_o_opens_the_line_in_the_editor(
    running: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    async with running() as pilot:
        await pilot.press("o")
        messages = [str(notice.message) for notice in pilot.app._notifications]
        assert messages == ["Set $EDITOR to open files from here."]
        place = main(pilot).place
        assert place is not None
        assert Path(place.file).name == "plugin.py"
        monkeypatch.setenv("EDITOR", "true")
        await pilot.press("o")
        await pilot.pause()
        # A test has no terminal to hand over; the pseudo-terminal test opens an editor for real.
        messages = [str(notice.message) for notice in pilot.app._notifications]
        assert messages[-1] == "This terminal cannot be handed over to an editor."


@presses("main.stop")
async def test_x_stops_a_callback_that_loops(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        pilot.app.screen.query_one("#name", Input).value = "user_login"
        await pilot.press("enter")
        await until(pilot, lambda: main(pilot).query_one("#activity").display)
        await pilot.press("2", "1")
        assert workbench(pilot).activity is not None
        await pilot.press("x")
        await until(pilot, lambda: workbench(pilot).activity is None)
        await until(pilot, lambda: workbench(pilot).trace[-1].outcome == "interrupted")


@presses("main.copy")
async def test_y_copies_the_place(running: Any) -> None:
    async with running() as pilot:
        await pilot.press("y")
        assert pilot.app.clipboard.endswith(str(Path("billing", "plugin.py:1")))


@presses("main.previous", "main.next", "main.error-up", "main.error-down")
async def test_brackets_walk_firings_and_braces_errors(running: Any, until: Any) -> None:
    async with running() as pilot:
        timeline = main(pilot).query_one(Timeline)
        for hook in ("ticket_data", "ticket_created", "ticket_data"):
            await fire(pilot, until, hook)
        last = timeline.cursor
        await pilot.press("left_square_bracket")
        assert timeline.cursor == last - 1
        await pilot.press("right_square_bracket")
        assert timeline.cursor == last
        await pilot.press("left_curly_bracket")
        assert timeline.selected is not None
        assert timeline.selected.hook == "ticket_created"
        await pilot.press("home", "right_curly_bracket")
        assert timeline.selected.hook == "ticket_created"


@presses("main.zoom", "main.back")
async def test_z_zooms_the_focused_pane_and_escape_comes_back(running: Any) -> None:
    async with running() as pilot:
        timeline = main(pilot).query_one(Timeline)
        small = timeline.size
        timeline.focus()
        await pilot.press("z")
        assert timeline.region.width == 120
        await pilot.press("escape")
        assert timeline.size == small


@presses("main.forth", "main.back-pane")
async def test_tab_goes_round_the_panes(running: Any) -> None:
    async with running() as pilot:
        panes: list[str | None] = []
        for _ in range(5):
            await pilot.press("tab")
            panes.append(main(pilot).focused.id if main(pilot).focused else None)
        page = main(pilot).query_one(Inspector).page
        assert panes == ["timeline", "ladder", page.id, "plugin-tree", "timeline"]
        await pilot.press("shift+tab")
        assert main(pilot).focused is main(pilot).query_one(PluginTree)


@presses("main.value", "main.args", "main.output", "main.error")
async def test_letters_open_the_tabs(running: Any, until: Any) -> None:
    async with running() as pilot:
        await fire(pilot, until, "ticket_created")
        inspector = main(pilot).query_one(Inspector)
        for key, tab in (("d", "value"), ("g", "args"), ("p", "output"), ("w", "error")):
            await pilot.press(key)
            assert inspector.tab == tab


@presses("main.again")
async def test_r_fires_the_same_hook_again(running: Any, until: Any) -> None:
    async with running() as pilot:
        await fire(pilot, until, "ticket_data")
        timeline = main(pilot).query_one(Timeline)
        last = workbench(pilot).trace[-1].id
        await pilot.press("r")
        await until(pilot, lambda: timeline.selected and timeline.selected.id > last)
        assert timeline.selected is not None
        assert timeline.selected.hook == "ticket_data"


@presses("app.tell-quit")
async def test_q_tells_how_to_quit(running: Any) -> None:
    async with running() as pilot:
        await pilot.press("q", "q")
        messages = [str(notice.message) for notice in pilot.app._notifications]
        assert messages == ["ctrl+q quits."]


@presses("main.plugins", "main.hooks", "main.findings")
async def test_digits_choose_the_left_pane(running: Any) -> None:
    async with running() as pilot:
        left = main(pilot).query_one("#panes", TabbedContent)
        for key, pane in (("2", "hooks"), ("3", "findings"), ("1", "plugins")):
            await pilot.press(key)
            await pilot.pause()
            assert left.active == pane
            assert main(pilot).focused is not None
            assert any(node.id == pane for node in main(pilot).focused.ancestors)


@presses("tree.down", "tree.up", "tree.open", "tree.close")
async def test_trees_move_and_open(running: Any) -> None:
    async with running() as pilot:
        tree = main(pilot).query_one(PluginTree)
        await pilot.press("j")
        assert tree.entry is not None
        assert tree.entry.plugin == "broken-arity"
        await pilot.press("k", "right", "j")
        assert tree.entry.hook is not None
        await pilot.press("left")
        assert tree.entry.key == "billing"
        await pilot.press("left")
        assert tree.cursor_node is not None
        assert not tree.cursor_node.is_expanded


@presses(
    "timeline.up",
    "timeline.down",
    "timeline.page-up",
    "timeline.page-down",
    "timeline.first",
    "timeline.newest",
    "timeline.enter",
)
async def test_the_timeline_moves(running: Any, until: Any) -> None:
    async with running() as pilot:
        for _ in range(60):
            workbench(pilot).fire("ticket_data")
        timeline = main(pilot).query_one(Timeline)
        last = len(workbench(pilot).trace) - 1
        await until(pilot, lambda: timeline.cursor == last)
        timeline.focus()
        await pilot.press("up", "k")
        assert timeline.cursor == last - 2
        await pilot.press("down", "j")
        assert timeline.cursor == last
        await pilot.press("pageup")
        assert timeline.cursor < last - 5
        await pilot.press("pagedown", "home")
        assert timeline.cursor == 0
        await pilot.press("end")
        assert timeline.cursor == last
        await pilot.press("enter")
        assert main(pilot).focused is main(pilot).query_one(Ladder)


@presses("ladder.down", "ladder.up")
async def test_the_ladder_chooses_a_step(running: Any, until: Any) -> None:
    async with running() as pilot:
        await fire(pilot, until, "ticket_data")
        inspector = main(pilot).query_one(Inspector)
        ladder = inspector.query_one(Ladder)
        ladder.focus()
        ladder.highlighted = 0
        await pilot.press("j")
        await pilot.pause()
        assert inspector.step is not None
        assert inspector.step.callback == "detect_urgency"
        await pilot.press("k")
        await pilot.pause()
        assert inspector.step.callback == "normalise"


@presses("findings.down", "findings.up")
async def test_findings_are_walked_and_point_at_their_line(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("3")
        findings = main(pilot).query_one(FindingList)
        await until(pilot, lambda: findings.option_count >= 3)
        findings.highlighted = 0
        await pilot.press("j", "k")
        assert findings.finding is not None
        place = main(pilot).place
        assert place is not None
        assert (place.file, place.line) == (findings.finding.file, findings.finding.line)


@presses("confirm.no", "confirm.yes")
async def test_uninstalling_asks_first(running: Any, until: Any, root: Path) -> None:
    async with running() as pilot:
        main(pilot).uninstall("triage")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        assert (root / "triage").exists()
        main(pilot).uninstall("triage")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: "triage" not in workbench(pilot).plugins)
        assert not (root / "triage").exists()


@presses("app.help")
async def test_help_tells_about_the_focused_pane(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextScreen))
        svg = pilot.app.export_screenshot()
        assert "Fire" in svg
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))


@pytest.mark.parametrize(("dialog", "key", "words"), [("B", "?", "Where"), ("f", "f1", "Type a")])
async def test_dialogs_have_help_too(
    dialog: str, key: str, words: str, running: Any, until: Any
) -> None:
    async with running() as pilot:
        before = pilot.app.screen
        await pilot.press(dialog)
        await until(pilot, lambda: pilot.app.screen is not before)
        opened = pilot.app.screen
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, TextScreen))
        assert str(pilot.app.screen.query_one(Static).content).startswith(words)
        await pilot.press(key)
        await until(pilot, lambda: pilot.app.screen is opened)


@presses("app.quit")
async def test_ctrl_q_quits(running: Any, until: Any) -> None:
    async with running() as pilot:
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_every_action_is_in_the_palette(running: Any, until: Any) -> None:
    async with running() as pilot:
        screen = main(pilot)
        offered = [command.title for command in pilot.app.get_system_commands(screen)]
        for binding in MainScreen.BINDINGS:
            assert isinstance(binding, Binding)
            name = binding.tooltip or binding.description
            assert f"workbench: {name}" in offered
        assert "plugin: Deactivate triage" in offered
        assert "Keys" not in offered
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextScreen))
        offered = [each.title for each in pilot.app.get_system_commands(pilot.app.screen)]
        assert len([each for each in offered if each.endswith("Close")]) == 1
