"""All breakpoints: listed, added with all that can be said of them, removed."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from escalated_core.errors import UsageError
from escalated_core.records import EventParameter
from escalated_core.stepping.breakpoint import WHEN
from escalated_core.stepping.breakpoints import Breakpoints
from escalated_workbench.stopped import notes
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.box import BoxScreen
from escalated_workbench.tui.widgets.form import Field
from escalated_workbench.tui.widgets.values import MUTED
from escalated_workbench.wording import counted

FIELDS: Final = {
    "hook": "a name, or a pattern such as ticket_*",
    "category": "of the hook, such as lifecycle",
    "event": "such as ticket.create, or ticket.*",
    "plugin": "its slug, or a pattern",
    "callback": "its name, or a pattern",
    "when": f"before, or after it: {', '.join(WHEN[1:])}",
    "path": "for changed: such as tags[0]; empty is all of the value",
    "limit_ms": "for slow: milliseconds",
    "condition": "Python, such as value['priority'] == 'urgent'",
}


class BreakpointsScreen(BoxScreen[None]):
    """The breakpoints by number."""

    HELP = """\
Where firings stop. `a` adds a breakpoint with all that can be said of it, `d` removes the one
under the cursor, `D` all. In plugins, hooks and the timeline, `b` sets and removes one at once."""
    DEFAULT_CSS = """
    BreakpointsScreen > Vertical { width: 90; }
    BreakpointsScreen OptionList {
        height: auto; max-height: 16; border: none; padding: 0; background: $surface;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    BreakpointsScreen OptionList:focus { border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", tooltip="Add a breakpoint", id="breakpoints.add"),
        Binding("d,delete", "remove", "Remove", tooltip="Remove it", id="breakpoints.remove"),
        Binding("D", "clear", "Clear", tooltip="Remove all", id="breakpoints.clear"),
        Binding("escape,q", "close", "Close", id="breakpoints.close"),
    ]

    def __init__(self, breakpoints: Breakpoints) -> None:
        super().__init__()
        self._breakpoints = breakpoints

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Breakpoints"
            box.border_subtitle = "a adds · d removes · D removes all · escape"
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        self._draw()
        self.query_one(OptionList).focus()

    def action_add(self) -> None:
        def added(number: int | None) -> None:
            if number is not None:
                self._draw(len(self._breakpoints) - 1)
                for note in notes(self._breakpoints, self._breakpoints[number]):
                    self.notify(note, severity="warning", markup=False)

        self.app.push_screen(BreakpointScreen(self._breakpoints), added)

    def action_remove(self) -> None:
        index, numbers = self.query_one(OptionList).highlighted, list(self._breakpoints)
        if index is not None and index < len(numbers):
            self._breakpoints.remove(numbers[index])
            self._draw(index)

    def action_clear(self) -> None:
        self._breakpoints.clear()
        self._draw()

    def _draw(self, index: int = 0) -> None:
        listed = self.query_one(OptionList)
        told = [
            (number, self._breakpoints.told(each)) for number, each in self._breakpoints.items()
        ]
        lines = [
            Option(Content.assemble(part(f"{number:>3}  ", MUTED), part(words)))
            for number, words in told
        ]
        nothing = "None yet: a adds one, b on a hook, plugin or callback does, too."
        listed.set_options(lines or [Option(Content(nothing), disabled=True)])
        listed.highlighted = min(index, len(lines) - 1) if lines else None
        self.query_one(Vertical).border_title = (
            counted(len(lines), "breakpoint") if lines else "Breakpoints"
        )


class BreakpointScreen(BoxScreen[int | None]):
    """A breakpoint put together and added; what is left empty fits any."""

    HELP = """\
A new breakpoint: what is left empty fits any. `enter` adds it, the arrows and `tab` go from field
to field. The condition is worked out where it would stop, with `value`, `args`, `kwargs`, `hook`,
`plugin`, `callback` and the documented names of the arguments."""
    DEFAULT_CSS = """
    BreakpointScreen > Vertical { width: 90; }
    BreakpointScreen #wrong { height: auto; min-height: 1; color: $text-error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="breakpoint.close"),
        Binding("down", "field(1)", "Next field", show=False, id="breakpoint.down"),
        Binding("up", "field(-1)", "Field before", show=False, id="breakpoint.up"),
    ]

    def __init__(self, breakpoints: Breakpoints) -> None:
        super().__init__()
        self._breakpoints = breakpoints

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Add a breakpoint"
            box.border_subtitle = "enter adds it · escape"
            for name, hint in FIELDS.items():
                yield Field(EventParameter(name, "text", hint), "")
            yield Static(id="wrong", markup=False)

    def on_mount(self) -> None:
        for field in self.query(Field):
            field.hint(field.parameter.description)
        self.query(Field).first().input.focus()

    def action_field(self, fields: int) -> None:
        (self.focus_next if fields > 0 else self.focus_previous)()

    @on(Input.Submitted)
    def _entered(self) -> None:
        typed = {each.parameter.name: each.input.value.strip() for each in self.query(Field)}
        try:
            self.dismiss(self._breakpoints.add(**_meant(typed)))
        except UsageError as error:
            self.query_one("#wrong", Static).update(Content.assemble(part(f"✖ {error}")))


def _meant(typed: dict[str, str]) -> dict[str, Any]:
    """What was typed, by what it is; raises `UsageError` for a limit that is no number."""
    said: dict[str, Any] = {name: text for name, text in typed.items() if text}
    if "limit_ms" in said:
        try:
            said["limit_ms"] = float(said["limit_ms"])
        except ValueError:
            raise UsageError(
                f"{said['limit_ms']!r} is no number of milliseconds.", "Such as 50 or 0.5."
            ) from None
    return said
