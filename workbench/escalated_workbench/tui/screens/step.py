"""The stepper: one firing that waits between two callbacks, and the keys that have it go on."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static

from escalated_core.errors import UsageError
from escalated_core.records import Activity
from escalated_core.stepping.commands import (
    Back,
    Command,
    Continue,
    Down,
    Edit,
    Finish,
    Give,
    Into,
    Move,
    Next,
    Out,
    Skip,
)
from escalated_core.stepping.gate import Question
from escalated_core.stepping.stops import Answer, Stop
from escalated_workbench.tui.background import aside
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.breakpoints import BreakpointsScreen
from escalated_workbench.tui.screens.value import ValueScreen
from escalated_workbench.tui.widgets.chain import ChainList
from escalated_workbench.tui.widgets.console import Console, ConsoleInput
from escalated_workbench.tui.widgets.keyline import KeyLine
from escalated_workbench.tui.widgets.pages import Page
from escalated_workbench.tui.widgets.source import SourceView
from escalated_workbench.tui.widgets.stop_words import reason_words, stop_title, waiting_words
from escalated_workbench.tui.widgets.told import ToldTabs, place_of
from escalated_workbench.workbench import Workbench


def _key(key: str, action: str, label: str, tooltip: str, name: str) -> Binding:
    # Before those of the panes: k moves the cursor of a list anywhere else.
    return Binding(key, action, label, priority=True, tooltip=tooltip, id=f"step.{name}")


KEYS: list[BindingType] = [
    _key("n", "go('next')", "Next", "Run this callback, or line", "next"),
    _key("c", "go('continue')", "Continue", "On to the next breakpoint", "continue"),
    _key("k", "go('skip')", "Skip", "Leave this callback out", "skip"),
    _key("i", "edit", "Edit", "Edit the value", "edit"),
    _key("p", "give", "Pin", "Give an answer in its place", "give"),
    _key("s", "go('into')", "Into", "Into its lines", "into"),
    _key("d", "go('down')", "Down", "Into what it fires", "down"),
    _key("o", "go('out')", "Out", "Out of the function, or the chain", "out"),
    _key("u", "back", "Back", "Run again from an earlier step", "back"),
    _key("plus", "move(1)", "Later", "Run it later, this time", "later"),
    _key("minus", "move(-1)", "Earlier", "Run it earlier, this time", "earlier"),
    _key("exclamation_mark", "console", "Console", "Python where it waits", "console"),
    _key("x", "finish", "To the end", "Run to the end, or stop what runs", "finish"),
    _key("B", "breakpoints", "Breakpoints", "All breakpoints", "breakpoints"),
    _key("1", "tab('source')", "Source", "Its source", "source"),
    _key("2", "tab('value')", "Value", "The value, and the last change", "value"),
    _key("3", "tab('args')", "Args", "Arguments it gets", "args"),
    _key("4", "tab('output')", "Output", "Logs and output", "output"),
    _key("5", "tab('error')", "Error", "Why the step failed", "error"),
    _key("tab", "pane(1)", "Pane", "Next pane", "forth"),
    _key("shift+tab", "pane(-1)", "Previous pane", "Previous pane", "back-pane"),
    Binding("escape", "hide", "Hide", tooltip="Hide this; it stays stopped", id="step.hide"),
]
COMMANDS: dict[str, Command] = {
    "next": Next(),
    "continue": Continue(),
    "skip": Skip(),
    "into": Into(),
    "down": Down(),
    "out": Out(),
}
SHOWN = (
    "step.next", "step.into", "step.continue", "step.skip", "step.edit", "step.give",
    "step.down", "step.out", "step.back", "step.console", "step.finish", "step.hide",
    "app.help", "app.quit",
)  # fmt: skip
FIRST = (
    "step.next", "step.into", "step.continue", "step.skip", "step.edit", "step.console", "app.help",
)  # fmt: skip
WIDE = 110
"""Columns from which the source has a column of its own."""
RUNS = "It runs at this moment: x stops it."

LOOK = """
StepScreen { background: $background; }
StepScreen #where {
    height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis;
}
StepScreen #work { height: 1fr; layout: vertical; }
StepScreen #chain, StepScreen #source, StepScreen #told {
    border: round $panel-lighten-2; border-title-color: $text-muted;
    border-subtitle-color: $text-muted; background: $surface;
}
StepScreen #chain:focus, StepScreen #source:focus-within, StepScreen #told:focus-within {
    border: round $accent; border-title-color: $text-accent;
}
StepScreen #chain { height: auto; max-height: 45%; }
StepScreen #source { display: none; }
StepScreen #told { height: 1fr; }
StepScreen TabPane { padding: 0; }
StepScreen #told-error { scrollbar-gutter: stable; }
StepScreen.-wide #work { layout: horizontal; }
StepScreen.-wide #chain, StepScreen.-wide #source, StepScreen.-wide #told {
    display: block; width: 3fr; height: 100%; max-height: 100%;
}
StepScreen.-wide #source { width: 4fr; }
StepScreen #said { height: auto; max-height: 2; padding: 0 1; background: $panel; }
StepScreen.-low #chain { max-height: 30%; }
StepScreen.-low #told { border: none; }
"""


class StepScreen(Screen[None]):
    """Shows a stop; every key gives a command to the gate and leaves the rest to the next stop."""

    HELP = ChainList.HELP
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    DEFAULT_CSS = LOOK
    HORIZONTAL_BREAKPOINTS = [(0, "-normal"), (WIDE, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]  # noqa: RUF012

    def __init__(self, wb: Workbench, stop: Stop) -> None:
        super().__init__()
        self._wb = wb
        self.stop = stop
        """What is shown; it may have gone on meanwhile."""
        self._cursor: int | None = None
        """Where the cursor goes at the next stop, if not to what is next."""
        self._behind: Sequence[str] = ()
        self._runs = False

    def compose(self) -> ComposeResult:
        yield Static(id="where", markup=False)
        with Container(id="work"):
            chain = ChainList(id="chain", markup=False)
            chain.border_title = "Chain"
            yield chain
            yield SourceView(id="source", classes="-column")
            with ToldTabs(id="told") as tabs:
                yield from tabs.compose_tabs()
        yield Console(id="console")
        yield Static(id="said", markup=False)
        yield KeyLine(SHOWN, FIRST)

    def on_mount(self) -> None:
        self.query_one(ChainList).focus()
        self.show(self.stop)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        names = {each.action.partition("(")[0] for each in KEYS if isinstance(each, Binding)}
        if action in names and isinstance(self.focused, Input):
            return False
        return super().check_action(action, parameters)

    @property
    def _is_wide(self) -> bool:
        return self.app.size.width >= WIDE

    def on_resize(self) -> None:
        tabs = self.query_one(ToldTabs)
        (tabs.hide_tab if self._is_wide else tabs.show_tab)("tab-source")
        if self._is_wide and tabs.tab == "source":
            tabs.choose("value")
        self._tell()

    @property
    def _row(self) -> int:
        """The row of the chain under the cursor."""
        highlighted = self.query_one(ChainList).highlighted
        return len(self.stop.firing.steps) if highlighted is None else highlighted

    def show(self, stop: Stop) -> None:
        """Show another stop."""
        self.stop, self._runs = stop, False
        at = len(stop.firing.steps)
        cursor, self._cursor = self._cursor, None
        chain = self.query_one(ChainList)
        chain.show(stop, at if cursor is None else cursor, self._is_wide)
        chain.border_subtitle = f"{at} of {_planned(stop)} ran"
        self.query_one("#where", Static).update(stop_title(stop))
        tabs = self.query_one(ToldTabs)
        tabs.expect("source" if stop.line is not None and not self._is_wide else "value")
        self._tell()
        self.say("")

    def wait(self, behind: Sequence[str]) -> None:
        """Tell what waits behind the stop."""
        if behind != self._behind:
            self._behind = behind
            self.say("")

    def run(self, activity: Activity | None) -> None:
        """Tell that it has gone on, and has not stopped again yet."""
        self._runs = True
        doing = f"{activity.doing} {activity.seconds:.1f} s, " if activity is not None else ""
        words = f"▸ {self.stop.firing.hook} runs: {doing}x stops it"
        self.query_one("#where", Static).update(Content.assemble(part(words, "$text-warning")))

    def say(self, words: str) -> None:
        """Say something in the line of messages; without words, why it has stopped."""
        said = part(words, "$text-warning") if words else part(reason_words(self.stop))
        pieces = [said]
        waiting = waiting_words(self.stop, self._behind)
        pieces += [part("  "), part(waiting, "$text-warning")] if waiting else []
        self.query_one("#said", Static).update(Content.assemble(*pieces))

    def go(self, command: Command, cursor: int | None = None) -> None:
        """Have it go on, or say why it cannot."""
        gate = self._wb.stepper
        self._cursor = cursor
        stop = gate.stop
        refused = RUNS if stop is None else stop.refuses(command)
        try:
            if not refused:
                gate.go(command)
        except UsageError as error:
            refused = str(error)
        if refused:
            self._cursor = None
            self.say(refused)

    def action_go(self, name: str) -> None:
        self.go(COMMANDS[name])

    def action_finish(self) -> None:
        if self._runs:
            if not self._wb.interrupt():
                self.say("No code of a plugin runs.")
        else:
            self.go(Finish())

    def action_edit(self) -> None:
        self._write("The value that is gone on with", Edit)

    def action_give(self) -> None:
        at = self.stop.at
        self._write(f"What {at.callback if at else 'it'} answers, instead of being run", Give)

    def _write(self, title: str, make: type[Edit] | type[Give]) -> None:
        stop = self._wb.stepper.stop
        refused = RUNS if stop is None else stop.refuses(make(None))
        if stop is None or refused:
            self.say(refused)
        else:
            self.app.push_screen(ValueScreen(title, stop.value, self._wb.stepper, make))

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
            self.say("An earlier step, as it was recorded: u runs again from here, down goes back.")

    def action_console(self) -> None:
        self.query_one(Console).open()

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
        gate = self._wb.stepper

        def work() -> Answer:
            try:
                return gate.ask(Question(event.text))
            except UsageError as error:
                return Answer(error=str(error))

        aside(self, work, self.query_one(Console).answer)

    @on(ConsoleInput.Closed)
    def _close_console(self) -> None:
        self.query_one(Console).close()
        self.query_one(ChainList).focus()

    @on(OptionList.OptionHighlighted, "#chain")
    def _walked(self) -> None:
        self._tell()
        self.say("")

    def _tell(self) -> None:
        stop, row = self.stop, self._row
        is_now = row == len(stop.firing.steps)
        place, line = place_of(stop, row), stop.line if is_now else None
        for view in self.query(SourceView):
            view.show(place, line)
        name = "" if place is None else f"{place.file.rpartition('/')[2]}:{place.line}"
        self.query_one("#source").border_title = Content.assemble("Source ", part(name))
        self.query_one(ToldTabs).tell(stop, row)


def _planned(stop: Stop) -> int:
    """How many steps there are to be, as it looks now."""
    return len(stop.firing.steps) + (stop.doing is not None) + len(stop.coming)
