"""Stops in the terminal: the stepper opens by itself, and what was stepped through is shown."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import ModalScreen
from textual.widgets import Input, TextArea

from escalated_core.errors import UsageError
from escalated_core.records import Firing
from escalated_core.stepping.breakpoint import Breakpoint
from escalated_core.stepping.gate import Question
from escalated_core.stepping.stops import Answer, Stop
from escalated_workbench.tui.background import aside

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget

    from escalated_workbench.tui.screens.step import StepScreen
    from escalated_workbench.workbench import Workbench


class Stepping:
    """Attends to a workbench; `then` hears on the event loop of what was stepped through."""

    def __init__(self, screen: Screen[Any], wb: Workbench, then: Callable[[Firing], None]) -> None:
        self._screen, self._wb, self._then = screen, wb, then
        self._shown: StepScreen | None = None
        self._opened = 0
        """The number of the stop that the stepper showed last."""
        self._told = 0
        self._last: Stop | None = None
        """The stop of what has not ended yet."""
        self._asked: set[object] = set()
        """A mark for all code that runs at the stop because somebody asked for it."""
        wb.stepper.attend()

    @property
    def wb(self) -> Workbench:
        """What it attends to."""
        return self._wb

    @property
    def stop(self) -> Stop | None:
        """What waits right now."""
        return self._wb.stepper.stop

    @property
    def is_asked(self) -> bool:
        """Whether code runs at the stop that somebody asked for."""
        return bool(self._asked)

    def ask(self, widget: Widget, question: Question, then: Callable[[Answer], object]) -> None:
        """Run code where it waits, aside; `then` hears what came of it if the widget stands."""
        job = object()
        self._asked.add(job)

        def work() -> Answer:
            try:
                return self._wb.stepper.ask(question)
            except UsageError as error:
                return Answer(error=str(error))
            finally:
                self._asked.discard(job)

        aside(widget, work, then)

    @property
    def state(self) -> tuple[int, int]:
        """Differs whenever there is another stop, or more or less waits for it."""
        stop = self.stop
        return (0, 0) if stop is None else (stop.number, len(self._wb.waiting))

    def tick(self) -> None:
        """Take up what has stopped, gone on or ended."""
        stop = self.stop
        if stop is not None:
            self._last = stop
            self._take(stop)
        elif self._last is not None and self._wb.trace.get(_outermost(self._last)) is not None:
            self._end(self._last)

    def open(self) -> bool:
        """Show what has stopped; False if nothing has."""
        stop = self.stop
        if stop is None:
            return False
        self._open(stop)
        return True

    def stopped(self, start: Breakpoint, work: Callable[[], None]) -> Callable[[], None]:
        """Some work that stops once at a breakpoint of its own."""

        def stopping() -> None:
            breakpoints = self._wb.breakpoints
            number = breakpoints.add(start, once=True)
            try:
                work()
            finally:
                # As a rule it is gone: it has stopped there.
                breakpoints.discard(number)

        return stopping

    def _take(self, stop: Stop) -> None:
        if self._shown is not None or stop.number <= self._opened:
            return
        if self._may_open():
            self._open(stop)
        elif stop.number > self._told:
            self._told = stop.number
            words = f"⏸ Stopped in {stop.firing.hook}: s on the main screen shows it."
            self._screen.notify(words, markup=False)

    def _may_open(self) -> bool:
        """Whether nobody types, or answers a question: keys would do what they are not meant to."""
        screen = self._screen.app.screen
        typing = isinstance(screen.focused, Input | TextArea)
        return not typing and not isinstance(screen, ModalScreen)

    def _open(self, stop: Stop) -> None:
        # Only when it is needed: most of a start is imports.
        from escalated_workbench.tui.screens.step import StepScreen

        shown = self._shown = StepScreen(self, stop)

        def hidden(_: None) -> None:
            self._opened, self._shown = shown.stop.number, None

        self._screen.app.push_screen(shown, hidden)

    def _end(self, last: Stop) -> None:
        """Close the stepper, once it stands and nothing lies over it, and show the firing."""
        shown = self._shown
        if shown is not None:
            if self._screen.app.screen is not shown or not shown.is_mounted:
                return
            shown.dismiss(None)
        self._last = None
        levels = [level.firing_id for level in last.around]
        found = [self._wb.trace.get(number) for number in (*levels, last.firing.id)]
        kept = [each for each in found if each is not None]
        first = kept[0] if kept else None
        firing = next((each for each in kept if each.kind != "event"), first)
        if firing is not None:
            self._then(firing)
            if any(step.note for step in firing.steps):
                words = f"{firing.hook} was changed by hand: C compares it with an untouched run."
                self._screen.notify(words, markup=False)


def _outermost(stop: Stop) -> int:
    """The id of the firing that everything is a part of."""
    return stop.around[0].firing_id if stop.around else stop.firing.id
