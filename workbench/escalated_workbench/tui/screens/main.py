"""The main screen: plugins on the left, firings in the middle, one firing in detail."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Set
from time import monotonic
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.widgets import Static, Tree

from escalated_core.records import Firing, Reload
from escalated_core.stepping.breakpoint import Breakpoint
from escalated_workbench.playback import Playback, Shown
from escalated_workbench.tui.screens.confirm import ConfirmScreen
from escalated_workbench.tui.screens.debugging import DebuggingScreen
from escalated_workbench.tui.screens.fire import FireScreen, Shot
from escalated_workbench.tui.widgets.filter import FilterBox
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.keyline import KeyLine
from escalated_workbench.tui.widgets.left import LeftPane
from escalated_workbench.tui.widgets.status import ActivityLine, StatusLine
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.tui.widgets.trees import PluginTree

FRAMES = 30
"""Times a second that news are taken up and drawn."""

KEY_FIRST, LONGEST = 0.06, 0.25
"""Seconds for which news wait after a key, and seconds for which they wait at most."""

KEYS: list[BindingType] = [
    Binding("f", "fire", "Fire", priority=True, tooltip="Fire a hook", id="main.fire"),
    Binding("e", "event", "Event", tooltip="Make an event happen", id="main.event"),
    Binding("D", "desk", "Help desk", tooltip="Tickets, comments, people", id="main.desk"),
    Binding("r", "again", "Again", tooltip="The same once more", id="main.again"),
    Binding("s", "stepper", "Step", tooltip="What is stopped; else again, stopped", id="main.step"),
    Binding("b", "break", "Break", tooltip="Breakpoint here, or none", id="main.break"),
    Binding("B", "breakpoints", "Breakpoints", tooltip="All breakpoints", id="main.breakpoints"),
    Binding("C", "untouched", "Untouched", tooltip="Compare with a new run", id="main.untouched"),
    Binding("a", "on_off", "On/Off", tooltip="Activate or deactivate", id="main.toggle"),
    Binding("m", "mute", "Mute", tooltip="Mute it, or no longer", id="main.mute"),
    Binding("space", "hold", "Hold", priority=True, tooltip="Hold the list", id="main.hold"),
    Binding("slash", "filter", "Filter", tooltip="Filter the firings", id="main.filter"),
    Binding("h", "hide", "Hide", tooltip="Hide firings like this one", id="main.hide"),
    Binding("P", "keep", "Pin", tooltip="Keep this firing, or no longer", id="main.keep"),
    Binding("t", "timing", "Timing", tooltip="Where the time went", id="main.timing"),
    Binding("ctrl+s", "save", "Save", tooltip="Save the session", id="main.save"),
    Binding("S", "story", "Story", tooltip="Save what happened as a story", id="main.story"),
    Binding("tab", "pane(1)", "Pane", priority=True, tooltip="Next pane", id="main.forth"),
    Binding("shift+tab", "pane(-1)", "Previous pane", priority=True, id="main.back-pane"),
    Binding("o", "edit", "Edit", tooltip="Open the line in your editor", id="main.edit"),
    Binding("l", "reloads", "Loads", tooltip="What the last loads did", id="main.reloads"),
    Binding("O", "outbox", "Outbox", tooltip="What plugins sent out", id="main.outbox"),
    Binding("H", "then", "Then", tooltip="The world as it was", id="main.then"),
    Binding("V", "verdict", "Verdict", tooltip="What the save changed", id="main.verdict"),
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
    Binding("T", "inspect('times')", "Time", tooltip="Time of this firing", id="main.times"),
    Binding("c", "inspect('compare')", "Compare", tooltip="Mark, then compare", id="main.compare"),
    Binding("W", "inspect('wrote')", "Writers", tooltip="Who wrote the path", id="main.wrote"),
    Binding("full_stop", "inspect('pin')", "Path", tooltip="Watch one path", id="main.path"),
    Binding("escape", "restore", "Back", tooltip="Back from zoom", id="main.back"),
]


RUNNING = frozenset(
    {"fire", "event", "desk", "again", "on_off", "mute", "reload", "stop", "hold", "story"}
    | {"stepper", "break", "breakpoints", "untouched", "verdict"}
)
"""Actions that have a meaning only where plugins run, which they do not in a saved session."""


class MainScreen(DebuggingScreen):
    """Draws what the workbench returns; every key calls one of its methods."""

    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, wb: Shown) -> None:
        super().__init__(wb)
        self._drawn: object = None
        self._marked: Set[Breakpoint] = frozenset()
        self._told: object = None
        """Of what the status line tells."""
        self._ticked_at = 0.0
        self._last_fired: str | None = None
        self._given: dict[str, str] = {}
        """What was written as the arguments of each hook last."""

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        with Horizontal(id="body"):
            yield LeftPane(id="left")
            with Container(id="right"):
                yield FilterBox(id="filter")
                yield Timeline(self.wb.trace, id="timeline")
                yield Inspector(id="inspector")
        yield ActivityLine(id="activity")
        yield Static(id="repeating", markup=False)
        yield KeyLine()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in RUNNING and isinstance(self.wb, Playback):
            return False
        return super().check_action(action, parameters)

    def on_key(self, event: events.Key) -> None:
        """A key that is out of use here is answered all the same."""
        names = {each.key for each in KEYS if isinstance(each, Binding) and each.action in RUNNING}
        if event.key in names:
            self.nothing_runs()

    def on_mount(self) -> None:
        # From another thread; a save is to be seen at once, not at the next frame.
        self.wb.on_reload(self._wake)
        self.query_one(PluginTree).focus()
        self.tick()
        self.set_interval(1 / FRAMES, self._frame)

    def _frame(self) -> None:
        """A tick, unless a key was just pressed: what it does comes first, but not for long."""
        now = monotonic()
        if now - self.key_at > KEY_FIRST or now - self._ticked_at > LONGEST:
            self.tick()

    def tick(self) -> None:
        """Take up what happened since the last time."""
        self._ticked_at = monotonic()
        failure = self.wb.opening.failure
        if failure is not None:
            self.app.exit(3, return_code=3, message=f"The workbench failed: {failure!r}")
        self.query_one(Timeline).tick()
        if self.stepping is not None:
            self.stepping.tick()
        revision, marks = self.wb.revision, self.marks
        if (revision, marks) != (self._drawn, self._marked):
            self._drawn, self._marked = revision, marks
            self.query_one(LeftPane).show(self.wb, marks)
        stopped = self.stopped
        if (revision, stopped) != self._told:
            self._told = revision, stopped
            self.draw_status()
        if not isinstance(self.wb, Playback):
            self.query_one(StatusLine).tell_replays(self.wb.replays)
        activity = self.wb.activity
        self.query_one(ActivityLine).tell(activity, self.commands.waiting(activity))
        told = self.composer.told if self.composer else ""
        repeating = self.query_one("#repeating", Static)
        if told or repeating.display:
            repeating.display = bool(told)
            repeating.update(told, layout=False)

    def _wake(self, reload: Reload) -> None:
        del reload
        self.call_later(self.tick)

    @on(Tree.NodeSelected, "#hook-tree")
    def _wants_to_fire(self, event: Tree.NodeSelected[object]) -> None:
        # A hook that nobody hears has nothing to open: enter offers to fire it.
        if not event.node.children and not event.node.allow_expand:
            entry = self.query_one(LeftPane).entry
            if entry is not None and entry.node == "hook":
                self.action_fire()

    def action_fire(self) -> None:
        if self.nothing_runs():
            return
        entry = self.query_one(LeftPane).entry
        wanted = entry.hook if entry and entry.hook else self._last_fired
        self.app.push_screen(FireScreen(self.wb.hooks, wanted, self._given), self._fired)

    def _fired(self, shot: Shot | None) -> None:
        if shot is not None:
            self._last_fired = shot.hook
            self.shoot(shot)

    def show_own(self, firing: Firing) -> None:
        """Select what was fired from here, wherever the cursor is."""
        timeline = self.query_one(Timeline)
        timeline.show_firing(firing.id)
        if firing.kind == "event":
            # What it caused stands below it, and is to be seen, too.
            timeline.scroll_to(y=timeline.cursor - 1, animate=False)
        if self.has_class("-single") and self.pane == "left":
            self.go_to(self.query_one(Ladder))

    def action_event(self) -> None:
        if not self.nothing_runs() and self.composer is not None:
            self.composer.pick()

    def action_desk(self) -> None:
        if self.nothing_runs() or self.composer is None or isinstance(self.wb, Playback):
            return
        # Only when it is asked for: most of a start is imports.
        from escalated_workbench.tui.screens.desk import DeskScreen

        self.app.push_screen(DeskScreen(self.wb, self.composer))

    def action_story(self) -> None:
        if self.nothing_runs() or isinstance(self.wb, Playback):
            return
        from escalated_workbench.tui.screens.save import StoryScreen

        self.app.push_screen(StoryScreen(self.wb))

    def action_again(self) -> None:
        if not self.nothing_runs():
            self.again()

    def again(self, *, stepped: bool = False) -> None:
        row = self.query_one(Timeline).selected
        if row is None:
            self.notify(
                "Nothing has fired yet. Press f to fire a hook, e to make something happen.",
                markup=False,
            )
            return
        firing = self.wb.trace.get(row.id)
        if firing is None:
            self.notify(f"Firing #{row.id} is no longer kept.", markup=False)
        else:
            self.repeat(firing, stepped=stepped)

    def action_on_off(self) -> None:
        plugin = None if self.nothing_runs() else self._plugin
        if plugin is not None:
            self.commands.toggle(plugin)

    def action_reload(self) -> None:
        plugin = None if self.nothing_runs() else self._plugin
        if plugin is not None:
            self.commands.reload(plugin)

    def uninstall(self, slug: str) -> None:
        """Ask, then uninstall a plugin and delete its folder."""
        if self.nothing_runs():
            return
        question = f"Uninstall {slug} and DELETE {self.wb.plugins[slug].path}?"

        def answered(yes: bool | None) -> None:
            if yes:
                self.commands.uninstall(slug)

        self.app.push_screen(ConfirmScreen(question), answered)

    def action_stop(self) -> None:
        if self.nothing_runs():
            return
        stopped = self.composer is not None and self.composer.stop()
        if not stopped or self.wb.activity is not None:
            self.commands.stop()

    def action_restore(self) -> None:
        if self.composer is None or not self.composer.stop():
            super().action_restore()

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
