"""The main screen: plugins on the left, firings in the middle, one firing in detail."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.widgets import Tree

from escalated_core.records import Firing, Kind, Location, Reload
from escalated_workbench.playback import Shown
from escalated_workbench.tui.screens.confirm import ConfirmScreen
from escalated_workbench.tui.screens.fire import FireScreen, Shot
from escalated_workbench.tui.screens.panes import PaneScreen
from escalated_workbench.tui.screens.text import TextScreen, reload_history
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.keyline import KeyLine
from escalated_workbench.tui.widgets.left import LeftPane
from escalated_workbench.tui.widgets.status import ActivityLine, StatusLine
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.tui.widgets.trees import PluginTree
from escalated_workbench.tui.work import Commands

FRAMES = 30
"""Times a second that news are taken up and drawn."""


KEYS: list[BindingType] = [
    Binding("f", "fire", "Fire", priority=True, tooltip="Fire a hook", id="main.fire"),
    Binding("r", "again", "Again", tooltip="Fire the same hook again", id="main.again"),
    Binding("a", "on_off", "On/Off", tooltip="Activate or deactivate", id="main.toggle"),
    Binding("space", "hold", "Hold", priority=True, tooltip="Hold the list", id="main.hold"),
    Binding("tab", "pane(1)", "Pane", priority=True, tooltip="Next pane", id="main.forth"),
    Binding("shift+tab", "pane(-1)", "Previous pane", priority=True, id="main.back-pane"),
    Binding("o", "edit", "Edit", tooltip="Open the line in your editor", id="main.edit"),
    Binding("l", "reloads", "Loads", tooltip="What the last loads did", id="main.reloads"),
    Binding("x", "stop", "Stop", tooltip="Stop what runs", id="main.stop"),
    Binding("ctrl+r", "reload", "Load again", tooltip="Load its code again", id="main.reload"),
    Binding("y", "copy", "Copy", tooltip="Copy the place", id="main.copy"),
    Binding("left_square_bracket", "step(-1)", "Previous firing", id="main.previous"),
    Binding("right_square_bracket", "step(1)", "Next firing", id="main.next"),
    Binding("left_curly_bracket", "error(-1)", "Previous error", id="main.error-up"),
    Binding("right_curly_bracket", "error(1)", "Next error", id="main.error-down"),
    Binding("z", "zoom", "Zoom", tooltip="Fill the screen with this pane", id="main.zoom"),
    Binding("1", "list('plugins')", "Plugins", id="main.plugins"),
    Binding("2", "list('hooks')", "Hooks", id="main.hooks"),
    Binding("3", "list('findings')", "Findings", id="main.findings"),
    Binding("d", "tab('value')", "Value", tooltip="Value and changes", id="main.value"),
    Binding("g", "tab('args')", "Args", tooltip="Arguments it got", id="main.args"),
    Binding("p", "tab('output')", "Output", tooltip="What it printed", id="main.output"),
    Binding("w", "tab('error')", "Error", tooltip="Why it failed", id="main.error"),
    Binding("escape", "restore", "Back", tooltip="Back from zoom", id="main.back"),
]


class MainScreen(PaneScreen):
    """Draws what the workbench returns; every key calls one of its methods."""

    CSS_PATH = "main.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-normal"), (150, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, wb: Shown) -> None:
        super().__init__()
        self.wb = wb
        self.commands = Commands(self, wb)
        self._seen = 0
        self._drawn: object = None
        self._given: dict[tuple[str, Kind], tuple[Any, ...]] = {}
        """The arguments that were typed last for each hook."""
        self._last_fired: str | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        with Horizontal(id="body"):
            yield LeftPane(id="left")
            with Container(id="right"):
                yield Timeline(id="timeline")
                yield Inspector(id="inspector")
        yield ActivityLine(id="activity")
        yield KeyLine()

    def on_mount(self) -> None:
        # From another thread; a save is to be seen at once, not at the next frame.
        self.wb.on_reload(self._wake)
        self.query_one(PluginTree).focus()
        self.tick()
        self.set_interval(1 / FRAMES, self.tick)

    def tick(self) -> None:
        """Take up what happened since the last time."""
        failure = self.wb.opening.failure
        if failure is not None:
            self.app.exit(3, return_code=3, message=f"The workbench failed: {failure!r}")
        rows, self._seen = self.wb.trace.rows(self._seen)
        timeline = self.query_one(Timeline)
        if rows:
            timeline.extend(rows)
        revision = self.wb.revision
        if revision != self._drawn:
            self._drawn = revision
            self.query_one(LeftPane).show(self.wb)
            self._status()
        activity = self.wb.activity
        self.query_one(ActivityLine).tell(activity, self.commands.waiting(activity))

    def _wake(self, reload: Reload) -> None:
        del reload
        self.call_later(self.tick)

    def _status(self) -> None:
        self.query_one(StatusLine).tell(
            "/".join(self.wb.root.parts[-2:]),
            self.wb.profile,
            self.query_one(Timeline).held,
            self.wb.reloads,
            self.wb.findings,
        )

    @on(Timeline.Selected)
    def _show_firing(self, event: Timeline.Selected) -> None:
        firing = self.wb.trace.get(event.firing_id) if event.firing_id is not None else None
        documented = None
        if firing is not None:
            documented = next((h.documented for h in self.wb.hooks if h.name == firing.hook), None)
        self.query_one(Inspector).show(firing, documented)

    @on(Tree.NodeSelected, "#hook-tree")
    def _wants_to_fire(self, event: Tree.NodeSelected[object]) -> None:
        # A hook that nobody hears has nothing to open: enter offers to fire it.
        if not event.node.children and not event.node.allow_expand:
            entry = self.query_one(LeftPane).entry
            if entry is not None and entry.node == "hook":
                self.action_fire()

    def action_fire(self) -> None:
        entry = self.query_one(LeftPane).entry
        wanted = entry.hook if entry and entry.hook else self._last_fired
        self.app.push_screen(FireScreen(self.wb.hooks, wanted), self._fired)

    def _fired(self, shot: Shot | None) -> None:
        if shot is not None:
            self._last_fired = shot.hook
            self._given[shot.hook, shot.kind] = shot.args
            self.commands.fire(shot, self._show_own)

    def _show_own(self, firing: Firing) -> None:
        """Select what was fired from here, wherever the cursor is."""
        self.query_one(Timeline).show_firing(firing.id)
        if self.has_class("-single") and self.pane == "left":
            self.go_to(self.query_one(Ladder))

    def action_again(self) -> None:
        row = self.query_one(Timeline).selected
        if row is None:
            self.notify("Nothing has fired yet. Press f to fire a hook.", markup=False)
        else:
            self._fired(Shot(row.hook, row.kind, self._given.get((row.hook, row.kind), ())))

    def action_on_off(self) -> None:
        plugin = self._plugin
        if plugin is not None:
            self.commands.toggle(plugin)

    def action_reload(self) -> None:
        plugin = self._plugin
        if plugin is not None:
            self.commands.reload(plugin)

    def uninstall(self, slug: str) -> None:
        """Ask, then uninstall a plugin and delete its folder."""
        question = f"Uninstall {slug} and DELETE {self.wb.plugins[slug].path}?"

        def answered(yes: bool | None) -> None:
            if yes:
                self.commands.uninstall(slug)

        self.app.push_screen(ConfirmScreen(question), answered)

    def action_hold(self) -> None:
        timeline = self.query_one(Timeline)
        timeline.held = not timeline.held
        self._status()

    def action_stop(self) -> None:
        self.commands.stop()

    def action_reloads(self) -> None:
        self.app.push_screen(TextScreen("Loads, newest first", reload_history(self.wb.reloads)))

    def action_step(self, direction: int) -> None:
        self.query_one(Timeline).action_move(direction)

    def action_error(self, direction: int) -> None:
        if not self.query_one(Timeline).go_to_error(direction):
            self.notify("No further firing failed.", markup=False)

    def action_list(self, name: str) -> None:
        left = self.query_one(LeftPane)
        left.choose(name)
        self.go_to(left.list)

    def action_tab(self, name: str) -> None:
        inspector = self.query_one(Inspector)
        inspector.choose(name)
        if self.pane != "inspector" and self.has_class("-single"):
            self.go_to(inspector.page)

    @on(Timeline.Entered)
    def _enter(self) -> None:
        self.go_to(self.query_one(Ladder))

    def action_copy(self) -> None:
        place = self.place
        if place is not None:
            self.app.copy_to_clipboard(f"{place.file}:{place.line}")
            self.notify(f"Copied {place}.", markup=False)

    def action_edit(self) -> None:
        place = self.place
        if place is None:
            self.notify("This row stands for no single line of a file.", markup=False)
        else:
            self.commands.edit(place)

    @property
    def place(self) -> Location | None:
        """The line that the focused pane points at."""
        left = self.pane == "left"
        return self.query_one(LeftPane).place if left else self.query_one(Inspector).place

    @property
    def _plugin(self) -> str | None:
        """The plugin that can be seen to be meant: under the cursor, or of the selected step."""
        left, inspector = self.query_one(LeftPane), self.query_one(Inspector)
        if self.pane == "left":
            plugin = left.plugin
        else:
            seen = inspector.region.size.area > 0 and inspector.step is not None
            plugin = inspector.step.plugin if seen and inspector.step else None
        if plugin is None:
            self.notify("Put the cursor on a plugin or on one of its steps.", markup=False)
        return plugin
