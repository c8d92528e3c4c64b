"""What the main screen lets one look at: nothing here runs a plugin."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from textual import on

from escalated_core.analysis.query import Term
from escalated_core.records import Location
from escalated_workbench.playback import Playback, Shown
from escalated_workbench.tui.screens.panes import PaneScreen
from escalated_workbench.tui.screens.text import TextScreen, reload_history
from escalated_workbench.tui.widgets.filter import FilterBox, FilterInput, HideScreen
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.left import LeftPane
from escalated_workbench.tui.widgets.status import StatusLine
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.tui.work import Commands

TYPED = frozenset({"fire", "hold", "pane"})
"""Actions whose keys come before all others, except where text is typed."""


class ViewingScreen(PaneScreen):
    """Shows what the workbench has recorded, filtered, pinned, timed and saved."""

    def __init__(self, wb: Shown) -> None:
        super().__init__()
        self.wb = wb
        self.commands = Commands(self, wb)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in TYPED and isinstance(self.focused, FilterInput):
            return False
        return super().check_action(action, parameters)

    @property
    def stopped(self) -> tuple[str, int] | None:
        """The hook that is stopped, and how much waits behind it."""
        return None

    def action_filter(self) -> None:
        timeline = self.query_one(Timeline)
        self._arrange(timeline)
        hooks = self.wb.hooks
        heard = (callback.callback for hook in hooks for callback in hook.callbacks)
        plugins = list(self.wb.plugins)
        known = {
            "hook": [hook.name for hook in hooks],
            "plugin": plugins,
            "callback": dict.fromkeys(heard),
            "cause": ["workbench", "lifecycle", *(f"plugin:{slug}" for slug in plugins)],
        }
        self.query_one(FilterBox).open(known)

    @on(FilterBox.Asked)
    def _ask(self, event: FilterBox.Asked) -> None:
        self.query_one(Timeline).ask(event.query)

    @on(FilterBox.Closed)
    def _listed(self) -> None:
        self.go_to(self.query_one(Timeline))

    def action_hide(self) -> None:
        box = self.query_one(FilterBox)

        def chosen(term: Term | None) -> None:
            if term is not None:
                words = "Added to" if box.toggle(term) else "Taken out of"
                self.notify(f"{words} the filter: {term}", markup=False)

        row = self.query_one(Timeline).selected
        self.app.push_screen(HideScreen(row, box.query_terms), chosen)

    def action_keep(self) -> None:
        timeline, trace = self.query_one(Timeline), self.wb.trace
        row = timeline.selected
        if row is None:
            self.notify("There is no firing to pin.", markup=False)
        else:
            trace.pin(row.id, row.id not in trace.pinned)
            timeline.refresh()

    def action_timing(self) -> None:
        # Only when it is asked for: most of a start is imports.
        from escalated_workbench.tui.screens.timing import TimingScreen

        def chosen(query: str | None) -> None:
            if query is not None:
                self.query_one(FilterBox).ask(query)
                self.go_to(self.query_one(Timeline))

        self.app.push_screen(TimingScreen(self.wb), chosen)

    def action_save(self) -> None:
        from escalated_workbench.tui.screens.save import SaveScreen

        self.app.push_screen(SaveScreen(self.wb))

    def action_hold(self) -> None:
        timeline = self.query_one(Timeline)
        timeline.held = not timeline.held
        self.draw_status()

    def draw_status(self) -> None:
        self.query_one(StatusLine).tell(self.wb, self.query_one(Timeline).held, self.stopped)

    def action_reloads(self) -> None:
        self.app.push_screen(TextScreen("Loads, newest first", reload_history(self.wb.reloads)))

    def action_outbox(self) -> None:
        from escalated_workbench.tui.screens.outbox import OutboxScreen

        def chosen(firing_id: int | None) -> None:
            if firing_id is not None:
                timeline = self.query_one(Timeline)
                timeline.show_firing(firing_id)
                self.go_to(timeline)

        self.app.push_screen(OutboxScreen(self.wb.outbox), chosen)

    def action_then(self) -> None:
        from escalated_workbench.tui.screens.moment import MomentScreen

        timeline, inspector = self.query_one(Timeline), self.query_one(Inspector)
        row = timeline.selected
        firing = self.wb.trace.get(row.id) if row is not None else None
        if firing is None:
            self.notify("There is no firing to go back to.", markup=False)
            return

        def chosen(firing_id: int | None) -> None:
            if firing_id is not None:
                timeline.show_firing(firing_id)
                self.go_to(timeline)

        # The step under the cursor is only meant where the cursor is.
        seen = inspector.firing is not None and inspector.firing.id == firing.id
        index = inspector.index if seen and self.pane == "inspector" else None
        self.app.push_screen(MomentScreen(self.wb.at(firing, index)), chosen)

    def action_verdict(self) -> None:
        if not isinstance(self.wb, Playback):
            from escalated_workbench.tui.screens.verdict import VerdictScreen

            self.app.push_screen(VerdictScreen(self.wb))

    def action_step(self, direction: int) -> None:
        self.query_one(Timeline).action_move(direction)

    def action_error(self, direction: int) -> None:
        if not self.query_one(Timeline).go_to_error(direction):
            self.notify("No further firing failed.", markup=False)

    def action_list(self, name: str) -> None:
        left = self.query_one(LeftPane)
        left.choose(name)
        self.go_to(left.list)

    def action_inspect(self, name: str) -> None:
        """Have the inspector do something, wherever the focus is."""
        inspector = self.query_one(Inspector)
        actions = {
            "times": inspector.action_times,
            "compare": inspector.action_compare,
            "wrote": inspector.action_wrote,
            "pin": inspector.action_pin,
        }
        actions[name]()

    def action_tab(self, name: str) -> None:
        inspector = self.query_one(Inspector)
        inspector.choose(name)
        if self.pane != "inspector" and self.has_class("-single"):
            self.go_to(inspector.page)

    @on(Timeline.Entered)
    def _enter(self) -> None:
        self.go_to(self.query_one(Ladder))

    @on(Timeline.Selected)
    def _show_firing(self, event: Timeline.Selected) -> None:
        firing = self.wb.trace.get(event.firing_id) if event.firing_id is not None else None
        documented = None
        if firing is not None:
            documented = next((h.documented for h in self.wb.hooks if h.name == firing.hook), None)
        self.query_one(Inspector).show(firing, documented)

    @on(Timeline.Missing)
    def _missing(self, event: Timeline.Missing) -> None:
        number = event.firing_id
        if self.wb.trace.get(number) is None:
            words = f"Firing #{number} was dropped: the trace was full. P keeps a firing."
        elif self.query_one(FilterBox).query_terms.terms:
            words = f"Firing #{number} is hidden by the filter. Press / and escape to list all."
        else:
            words = f"Firing #{number} is folded into the one that caused it."
        self.notify(words, markup=False)

    @on(Inspector.Wanted)
    def _wanted(self, event: Inspector.Wanted) -> None:
        self.query_one(Timeline).show_firing(event.firing_id)

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
