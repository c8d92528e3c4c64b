"""The stepper: one firing that waits between two callbacks, and the keys that have it go on."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from glob import escape
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from escalated_core.errors import UsageError
from escalated_core.stepping.commands import (
    Back,
    Command,
    Edit,
    Finish,
    Give,
    Move,
)
from escalated_core.stepping.gate import Question
from escalated_core.stepping.stops import Stop
from escalated_workbench.tui.background import aside
from escalated_workbench.tui.screens.breakpoints import BreakpointsScreen
from escalated_workbench.tui.screens.step_keys import COMMANDS, KEYS
from escalated_workbench.tui.screens.stop import StopScreen
from escalated_workbench.tui.screens.value import ValueScreen
from escalated_workbench.tui.widgets.chain import ChainList
from escalated_workbench.tui.widgets.console import Console, ConsoleInput
from escalated_workbench.tui.widgets.pages import Page
from escalated_workbench.tui.widgets.source import SourceView
from escalated_workbench.tui.widgets.told import ToldTabs

RUNS = "It runs at this moment: x stops it."


class StepScreen(StopScreen):
    """Shows a stop; every key gives a command to the gate and leaves the rest to the next stop."""

    HELP = ChainList.HELP
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        names = {each.action.partition("(")[0] for each in KEYS if isinstance(each, Binding)}
        if action in names and isinstance(self.focused, Input):
            return False
        return super().check_action(action, parameters)

    def go(self, command: Command, cursor: int | None = None) -> None:
        """Have it go on, or say why it cannot."""
        self._cursor = None
        if self._stopped_for(command) is None:
            return
        try:
            self._wb.stepper.go(command)
        except UsageError as error:
            self.say(str(error))
        else:
            self._cursor = cursor

    def action_go(self, name: str) -> None:
        self.go(COMMANDS[name])

    def action_finish(self) -> None:
        if self._runs or self._stepping.is_asked:
            # Aside: what is stuck outside Python is given up only after a while.
            aside(self, self._wb.interrupt, self._interrupted)
        else:
            self.go(Finish())

    def _interrupted(self, something: bool) -> None:
        if not something:
            self.say("No code of a plugin runs.")

    def action_edit(self) -> None:
        stop = self._stopped_for(Edit(None))
        if stop is not None:
            title = "The value that is gone on with"
            self.app.push_screen(ValueScreen(title, stop.value, self._stepping, Edit))

    def action_give(self) -> None:
        stop = self._stopped_for(Give(None))
        if stop is None or stop.at is None:
            return
        title = f"What {stop.at.callback} answers, instead of being run"
        names = escape(stop.at.hook), escape(stop.at.plugin or "host"), escape(stop.at.callback)

        def keep(value: object) -> None:
            self._wb.whatif.answer(value, *names)

        self.app.push_screen(ValueScreen(title, stop.value, self._stepping, Give, keep))

    def _stopped_for(self, command: Command) -> Stop | None:
        """What waits, if that can be done there; else why it cannot is said."""
        stop = self._wb.stepper.stop
        refused = RUNS if stop is None or self._stepping.is_asked else stop.refuses(command)
        if refused:
            self.say(refused)
        return None if refused else stop

    def action_move(self, by: int) -> None:
        at = len(self.stop.firing.steps) + (self.stop.doing is not None)
        index = self._row - at
        if index < 0:
            self.say("What has run already cannot be moved; u runs the chain again from there.")
        elif index + by < 0:
            self.say("It is the next one already.")
        elif index < len(self.stop.coming) <= index + by:
            self.say("It is the last one already.")
        else:
            self.go(Move(by, index), at + index + by)

    def action_back(self) -> None:
        ran, row = len(self.stop.firing.steps), self._row
        if row < ran:
            self.go(Back(row))
        elif not ran:
            self.say("No step has run yet that could be gone back to.")
        else:
            self.query_one(ChainList).highlighted = ran - 1

    def action_console(self) -> None:
        self.query_one(Console).open()
        self.call_after_refresh(self.query_one(ChainList).centre)

    def action_breakpoints(self) -> None:
        self.app.push_screen(BreakpointsScreen(self._wb.breakpoints))

    def action_tab(self, name: str) -> None:
        if name == "source" and self._is_wide:
            self.query_one("#source", SourceView).query_one("#code").focus()
        else:
            self.query_one(ToldTabs).choose(name)

    def action_pane(self, direction: int) -> None:
        tabs = self.query_one(ToldTabs)
        stops = [self.query_one(ChainList), *self.query("#source Page").results(Page)]
        stops += tabs.query_one(f"#{tabs.active}").query(Page).results(Page)
        shown = [each for each in stops if each.region.size.area > 0]
        now = next((i for i, each in enumerate(shown) if each is self.focused), 0)
        shown[(now + direction) % len(shown)].focus()

    def action_hide(self) -> None:
        self.dismiss(None)

    @on(Console.Asked)
    def _asked(self, event: Console.Asked) -> None:
        self._stepping.ask(self, Question(event.text), self.query_one(Console).answer)

    @on(ConsoleInput.Closed)
    def _close_console(self) -> None:
        self.query_one(Console).close()
        self.query_one(ChainList).focus()
