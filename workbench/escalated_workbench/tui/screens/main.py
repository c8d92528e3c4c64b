"""The main screen: plugins on the left, firings in the middle, one firing in detail."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Tree

from escalated_core.records import Location, Reload
from escalated_workbench.tui.screens.confirm import ConfirmScreen
from escalated_workbench.tui.screens.fire import FireScreen, Shot
from escalated_workbench.tui.screens.text import TextScreen, reload_history
from escalated_workbench.tui.widgets.inspector import Inspector
from escalated_workbench.tui.widgets.left import LeftPane
from escalated_workbench.tui.widgets.status import ActivityLine, StatusLine
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.tui.widgets.trees import PluginTree
from escalated_workbench.tui.work import Commands
from escalated_workbench.workbench import Workbench

FRAMES = 30
"""Times a second that news are taken up and drawn."""

PANES = ("plugins", "hooks", "findings")


class MainScreen(Screen[None]):
    """Draws what the workbench returns; every key calls one of its methods."""

    CSS_PATH = "main.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-normal"), (110, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fire", "Fire", priority=True, tooltip="Fire a hook", id="main.fire"),
        Binding("a", "on_off", "On/Off", tooltip="Activate or deactivate", id="main.toggle"),
        Binding("space", "hold", "Hold", priority=True, tooltip="Hold the list", id="main.hold"),
        Binding("l", "reloads", "Loads", tooltip="What the last loads did", id="main.reloads"),
        Binding("o", "edit", "Edit", tooltip="Open the line in your editor", id="main.edit"),
        Binding("x", "stop", "Stop", show=False, tooltip="Stop what runs", id="main.stop"),
        Binding("ctrl+r", "reload", "Load again", show=False, id="main.reload"),
        Binding("y", "copy", "Copy", show=False, id="main.copy"),
        Binding("left_square_bracket", "step(-1)", "Previous", show=False, id="main.previous"),
        Binding("right_square_bracket", "step(1)", "Next", show=False, id="main.next"),
        Binding(
            "left_curly_bracket", "error(-1)", "Previous error", show=False, id="main.error-up"
        ),
        Binding("right_curly_bracket", "error(1)", "Next error", show=False, id="main.error-down"),
        Binding("z", "zoom", "Zoom", show=False, id="main.zoom"),
        Binding("1", "pane('plugins')", "Plugins", show=False, id="main.plugins"),
        Binding("2", "pane('hooks')", "Hooks", show=False, id="main.hooks"),
        Binding("3", "pane('findings')", "Findings", show=False, id="main.findings"),
        Binding("escape", "restore", "Back", show=False, id="main.back"),
    ]

    def __init__(self, wb: Workbench) -> None:
        super().__init__()
        self.wb = wb
        self.commands = Commands(self, wb)
        self._seen = 0
        self._drawn: object = None
        self._last_fired: str | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        with Horizontal(id="body"):
            yield LeftPane(id="left")
            with Container(id="right"):
                yield Timeline(id="timeline")
                yield Inspector(id="inspector")
        yield ActivityLine(id="activity")
        yield Footer(compact=True)

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
        self.query_one(ActivityLine).tell(self.wb.activity)

    def _wake(self, reload: Reload) -> None:
        del reload
        self.call_later(self.tick)

    def _status(self) -> None:
        reloads = self.wb.reloads
        self.query_one(StatusLine).tell(
            "/".join(self.wb.root.parts[-2:]),
            self.wb.profile,
            self.query_one(Timeline).held,
            reloads[-1] if reloads else None,
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
            self._last_fired = shot.hook.name
            self.commands.fire(shot.hook.name, shot.args, shot.hook.kind)

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

    def action_pane(self, pane: str) -> None:
        self.query_one(LeftPane).choose(pane)

    def action_zoom(self) -> None:
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            panes = ("timeline", "inspector", "left")
            pane = next((w for w in self.focused.ancestors_with_self if w.id in panes), None)
            if isinstance(pane, Widget):
                self.maximize(pane, container=False)

    def action_restore(self) -> None:
        self.minimize()

    def action_copy(self) -> None:
        place = self.place
        if place is not None:
            self.app.copy_to_clipboard(f"{place.file}:{place.line}")
            self.notify(f"Copied {place}.", markup=False)

    def action_edit(self) -> None:
        place = self.place
        if place is None:
            self.notify("Nothing here has a place in a file.", markup=False)
        else:
            self.commands.edit(place)

    @property
    def place(self) -> Location | None:
        """The line that the focused pane points at."""
        return self.query_one(LeftPane).place or self.query_one(Inspector).place

    @property
    def _plugin(self) -> str | None:
        plugin = self.query_one(LeftPane).plugin
        if plugin is None:
            self.notify("Put the cursor on a plugin first.", markup=False)
        return plugin
