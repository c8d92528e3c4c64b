"""What the main screen does with stops: breakpoints, the stepper, a run compared with another."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Set

from escalated_core.analysis.arguments import names_of
from escalated_core.records import Firing
from escalated_core.stepping.breakpoint import Breakpoint, exactly
from escalated_workbench.playback import Playback, Shown
from escalated_workbench.tui.composer import Composer
from escalated_workbench.tui.screens.compare import CompareScreen
from escalated_workbench.tui.screens.fire import Shot
from escalated_workbench.tui.screens.muting import MutingScreen
from escalated_workbench.tui.stepping import Stepping
from escalated_workbench.tui.widgets.inspector import Inspector
from escalated_workbench.tui.widgets.left import LeftPane
from escalated_workbench.tui.widgets.timeline import Timeline


class DebuggingScreen(MutingScreen):
    """Fires, stops and steps through, where plugins run; in a saved session nothing does."""

    def __init__(self, wb: Shown) -> None:
        super().__init__(wb)
        self.stepping: Stepping | None = None
        self.composer: Composer | None = None
        if not isinstance(wb, Playback):
            self.stepping = Stepping(self, wb, self.show_own)
            self.composer = Composer(self, self.stepping, self.commands, self.show_own)

    def show_own(self, firing: Firing) -> None:
        """Select what was fired from here, wherever the cursor is."""

    def shoot(self, shot: Shot) -> None:
        """Fire a hook, stopped before its first callback if that is wanted."""

        stepping = self.stepping
        if shot.stepped and stepping is not None:
            start = exactly(hook=shot.hook)
            self.commands.fire(shot, self.show_own, lambda work: stepping.stopped(start, work))
        else:
            self.commands.fire(shot, self.show_own)

    def repeat(self, firing: Firing, *, stepped: bool = False) -> None:
        """Have what was recorded happen once more."""
        stepping = self.stepping
        if stepping is None or self.composer is None:
            return
        if firing.kind == "event":
            self.composer.again(firing, stepped=stepped)
        elif stepped:
            start = exactly(hook=firing.hook)
            self.commands.again(firing, self.show_own, lambda work: stepping.stopped(start, work))
        else:
            self.commands.again(firing, self.show_own)

    def action_untouched(self) -> None:
        """Fire the selected firing again, with nothing done by hand, and compare the two."""
        firing, wb = self.query_one(Inspector).firing, self.wb
        if self.nothing_runs() or isinstance(wb, Playback):
            return
        if firing is None or firing.kind == "event":
            self.notify("Select the firing of a hook to compare with a new run.", markup=False)
            return

        def work() -> None:
            again = wb.past_stops(lambda: wb.again(firing))
            self.call_later(self._compare, again, firing)

        self.commands.do(work, firing.hook)

    def _compare(self, untouched: Firing, firing: Firing) -> None:
        names = names_of(firing.hook, firing.profile)
        self.app.push_screen(CompareScreen(untouched, firing, names))

    def action_stepper(self) -> None:
        """Show what has stopped; where nothing has, do the same as `again`, stopped."""
        if self.nothing_runs() or self.stepping is None or self.stepping.open():
            return
        self.again(stepped=True)

    def again(self, *, stepped: bool = False) -> None:
        """Have the selected firing happen once more."""

    def action_break(self) -> None:
        """Set a breakpoint at what the cursor is on, or take away those that are there."""
        if self.nothing_runs() or isinstance(self.wb, Playback):
            return
        near = self.near
        if near is None:
            self.notify("Put the cursor on a plugin, a hook, a callback or a firing.", markup=False)
            return
        breakpoints = self.wb.breakpoints
        there = [number for number, each in breakpoints.items() if each.place == near]
        for number in there:
            breakpoints.remove(number)
        if there:
            self.notify(f"No breakpoint any more at {near}.", markup=False)
        else:
            breakpoints.add(near)
            self.notify(f"⏸ Breakpoint: {near}.", markup=False)

    def action_breakpoints(self) -> None:
        if self.nothing_runs() or isinstance(self.wb, Playback):
            return
        from escalated_workbench.tui.screens.breakpoints import BreakpointsScreen

        self.app.push_screen(BreakpointsScreen(self.wb.breakpoints))

    @property
    def marks(self) -> Set[Breakpoint]:
        """The places of all breakpoints."""
        if isinstance(self.wb, Playback) or not self.wb.breakpoints:
            return frozenset()
        return {each.place for each in self.wb.breakpoints.values() if not each.once}

    @property
    def stopped(self) -> tuple[str, int] | None:
        """The hook that is stopped, and how much waits behind it."""
        stop = self.stepping.stop if self.stepping is not None else None
        if stop is None or isinstance(self.wb, Playback):
            return None
        return stop.firing.hook, len(self.wb.waiting)

    @property
    def near(self) -> Breakpoint | None:
        """A breakpoint at what the cursor is on."""
        if self.pane == "left":
            entry = self.query_one(LeftPane).entry
            return entry.breakpoint if entry is not None else None
        inspector, row = self.query_one(Inspector), self.query_one(Timeline).selected
        firing, step = inspector.firing, inspector.step
        if self.pane == "inspector" and firing is not None and step is not None:
            return exactly(hook=firing.hook, plugin=step.plugin or "", callback=step.callback)
        if row is None:
            return None
        return exactly(event=row.hook) if row.kind == "event" else exactly(hook=row.hook)
