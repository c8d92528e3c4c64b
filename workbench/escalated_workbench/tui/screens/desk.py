"""The help desk: what is there, to be looked at, edited, reset, and made something happen to."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from time import perf_counter
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from escalated_core.errors import UsageError, WorkbenchError
from escalated_core.helpdesk.references import Reference, ReferenceKind
from escalated_workbench.composing import Row, matching
from escalated_workbench.desk_fields import KINDS, given_by, value_of
from escalated_workbench.tui.background import aside
from escalated_workbench.tui.composer import Composer
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.confirm import ConfirmScreen
from escalated_workbench.tui.widgets.desk_details import Details, Fields
from escalated_workbench.tui.widgets.desk_list import DeskList
from escalated_workbench.tui.widgets.keyline import KeyLine
from escalated_workbench.wording import milliseconds
from escalated_workbench.workbench import Workbench

LOOKS = 4
"""Times a second that it is looked whether anything has happened."""
SMALLEST = 72, 18
"""Columns and lines below which one pane is shown at a time."""
RESET = "Have every ticket, comment and person as at first? What plugins store is kept."
KEYS: list[BindingType] = [
    Binding("escape", "back", "Back", id="desk.back"),
    Binding("e", "event", "Event", tooltip="Have something happen to it", id="desk.event"),
    Binding("slash", "filter", "Filter", tooltip="Filter the rows", id="desk.filter"),
    Binding("R", "reset", "Reset", tooltip="All rows as at first", id="desk.reset"),
    Binding("x", "stop", "Stop", tooltip="Stop what happens again and again", id="desk.stop"),
    Binding("enter", "enter", "Edit", tooltip="To the details, and edit", id="desk.enter"),
    Binding("tab,shift+tab", "pane", "Pane", tooltip="The other pane", id="desk.pane"),
    *[
        Binding(str(number), f"kind('{kind}')", title, id=f"desk.{kind}")
        for number, (kind, title) in enumerate(KINDS.items(), 1)
    ],
]
SHOWN = (
    "desk.enter", "details.edit", "edit.close", "deskfilter.close", "desk.event", "desk.filter",
    "desk.reset", "desk.back", "app.help", "app.quit",
)  # fmt: skip
TYPED = ("pane", "filter", "enter", "back")
"""Actions that have no meaning while somebody types."""

LOOK = """
DeskScreen { background: $background; }
DeskScreen #kinds { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; }
DeskScreen #kinds { text-overflow: ellipsis; }
DeskScreen #work { height: 1fr; }
DeskScreen #rows, DeskScreen #details {
    background: $surface; border: round $panel-lighten-2; border-title-color: $text-muted;
    border-subtitle-color: $text-muted;
}
DeskScreen #rows:focus-within, DeskScreen #details:focus-within {
    border: round $accent; border-title-color: $text-accent;
}
DeskScreen #rows { height: 2fr; }
DeskScreen #details { height: 3fr; }
DeskScreen.-wide #work { layout: horizontal; }
DeskScreen.-wide #rows { width: 3fr; height: 100%; }
DeskScreen.-wide #details { width: 2fr; height: 100%; }
DeskScreen #filter { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
DeskScreen #filter.-open { display: block; }
DeskScreen DeskList { height: 1fr; }
DeskScreen.-single #rows, DeskScreen.-single #details { display: none; height: 1fr; }
DeskScreen.-single #rows.-shown, DeskScreen.-single #details.-shown { display: block; }
"""


class DeskFilter(Input):
    """The words that rows must have to be shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Show all", tooltip="Show all rows", id="deskfilter.close"),
    ]

    def action_clear(self) -> None:
        self.value = ""
        self.remove_class("-open")
        self.screen.query_one(DeskList).focus()


class DeskScreen(Screen[None]):
    """Rows are read on a thread of their own, again whenever something was fired."""

    HELP = DeskList.HELP
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    DEFAULT_CSS = LOOK
    HORIZONTAL_BREAKPOINTS = [(0, "-normal"), (150, "-wide")]  # noqa: RUF012

    def __init__(self, wb: Workbench, composer: Composer) -> None:
        super().__init__()
        self._wb = wb
        self._composer = composer
        self._kind: ReferenceKind = "ticket"
        self._rows: dict[ReferenceKind, list[Row]] = {}
        self._is_reading = False
        self._read_at = -1

    def compose(self) -> ComposeResult:
        yield Static(id="kinds", markup=False)
        with Container(id="work"):
            with Container(id="rows"):
                yield DeskFilter(
                    placeholder="only rows with these words; escape shows all",
                    id="filter",
                    compact=True,
                    select_on_focus=False,
                )
                yield DeskList(id="list")
            yield Details(id="details")
        yield KeyLine(SHOWN, SHOWN)

    def on_mount(self) -> None:
        self.query_one(DeskList).focus()
        self._draw()
        self._look()
        self.set_interval(1 / LOOKS, self._look)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in TYPED and isinstance(self.focused, Input):
            return False
        return super().check_action(action, parameters)

    def on_resize(self) -> None:
        self._arrange()

    def on_descendant_focus(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Show both panes, or only the one with the focus where room is short."""
        width, height = self.app.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-single")
        focused = self.focused
        within = [each.id for each in focused.ancestors_with_self] if focused else []
        for pane in ("rows", "details"):
            shown = pane in within or (pane == "rows" and "details" not in within)
            self.query_one(f"#{pane}").set_class(shown, "-shown")

    def _look(self) -> None:
        """Read the rows if anything was fired since they were read last."""
        finished = self._wb.trace.finished
        if not self._is_reading and finished != self._read_at:
            self._read_at = finished
            self._read()

    def _read(self) -> None:
        self._is_reading = True

        def work() -> dict[ReferenceKind, list[Row]] | str:
            try:
                return {kind: self._wb.helpdesk.rows(kind) for kind in KINDS}
            except WorkbenchError as error:
                return str(error)

        aside(self, work, self._take)

    def _take(self, rows: dict[ReferenceKind, list[Row]] | str) -> None:
        self._is_reading = False
        if isinstance(rows, str):
            self.notify(rows, severity="error", markup=False)
        elif self.is_attached:
            self._rows = rows
            self._draw()

    def _draw(self) -> None:
        """Show the rows of the kind that is looked at, as far as they fit the filter."""
        rows = self._rows.get(self._kind, [])
        fitting = matching(self._kind, rows, self.query_one(DeskFilter).value)
        pane = self.query_one("#rows")
        pane.border_title = f"Help desk · {KINDS[self._kind]}"
        hidden = len(rows) - len(fitting)
        pane.border_subtitle = f"{len(fitting):,}" + (f" · {hidden:,} hidden" if hidden else "")
        self.query_one(DeskList).show(self._kind, fitting)
        pieces: list[tuple[str, str]] = []
        for number, (kind, title) in enumerate(KINDS.items(), 1):
            style = "bold reverse" if kind == self._kind else "$foreground-muted"
            count = f" {len(self._rows[kind]):,}" if kind in self._rows else ""
            pieces.append(part(f" {number} {title}{count} ", style))
        self.query_one("#kinds", Static).update(Content.assemble(*pieces))

    @on(DeskList.Selected)
    def _selected(self) -> None:
        row = self.query_one(DeskList).row
        comments: list[Row] = []
        if row is not None and self._kind == "ticket":
            comments = [c for c in self._rows.get("comment", []) if c["ticket"] == row["id"]]
        self.query_one(Details).show(self._kind, row, comments)

    @on(Input.Changed, "#filter")
    def _filtered(self) -> None:
        self._draw()

    @on(Input.Submitted, "#filter")
    def _to_list(self) -> None:
        self.query_one(DeskList).focus()

    @on(Details.Edited)
    def _edit(self, event: Details.Edited) -> None:
        target = event.target

        def work() -> WorkbenchError | None:
            try:
                value = value_of(target.field, event.text, self._wb.helpdesk.rows)
                reference = Reference(target.kind, target.key)
                self._wb.helpdesk.edit(reference, **{target.field: value})
            except WorkbenchError as error:
                return error
            return None

        def then(error: WorkbenchError | None) -> None:
            if error is not None:
                self.query_one(Details).say(UsageError(error.message, error.cure))
            else:
                self.query_one(Details).close()
                self._read()

        aside(self, work, then)

    def action_enter(self) -> None:
        self.query_one(Fields).focus()

    def action_kind(self, kind: ReferenceKind) -> None:
        self._kind = kind
        self._draw()
        self.query_one(DeskList).focus()

    def action_pane(self) -> None:
        panes = self.query_one(DeskList), self.query_one(Fields)
        panes[self.focused is panes[0]].focus()

    def action_filter(self) -> None:
        typed = self.query_one(DeskFilter)
        typed.add_class("-open")
        self.query_one("#rows").add_class("-shown")
        typed.focus()

    def action_event(self) -> None:
        row = self.query_one(DeskList).row
        self._composer.pick(given_by(self._kind, row) if row is not None else {})

    def action_stop(self) -> None:
        if not self._composer.stop():
            self.notify("Nothing happens again and again.", markup=False)

    def action_reset(self) -> None:
        def work() -> str:
            began = perf_counter()
            try:
                self._wb.helpdesk.reset()
            except WorkbenchError as error:
                return str(error)
            took = milliseconds(round((perf_counter() - began) * 1e9))
            return f"The help desk is as at first: {took}."

        def answered(yes: bool | None) -> None:
            if yes:
                aside(self, work, self._was_reset)

        self.app.push_screen(ConfirmScreen(RESET), answered)

    def _was_reset(self, words: str) -> None:
        self.notify(words, markup=False)
        self._read()

    def action_back(self) -> None:
        if not self._composer.stop():
            self.dismiss(None)
