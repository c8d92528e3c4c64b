"""Put an event together: a form or JSON, and what would come of it while it is edited."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static, TextArea

from escalated_core.records import Event, Rehearsed
from escalated_workbench.composing import Payload, chosen
from escalated_workbench.tui.screens.recent import RecentScreen
from escalated_workbench.tui.widgets.form import Form
from escalated_workbench.tui.widgets.keyline import KeyLine
from escalated_workbench.tui.widgets.payload_editor import PayloadEditor
from escalated_workbench.tui.widgets.rehearsal import pieces, summary
from escalated_workbench.tui.widgets.rehearsing import Rehearsing, Verdict
from escalated_workbench.tui.widgets.run_line import HINT, WRONG, RunLine
from escalated_workbench.wording import counted
from escalated_workbench.workbench import Workbench


@dataclass
class Draft:
    """What was typed for an event so far; it is kept while the workbench is open."""

    payload: Payload = field(default_factory=dict[str, object])
    json: str | None = None
    """The text of the editor, while that is what is shown."""
    unread: dict[str, str] = field(default_factory=dict[str, str])
    """What was typed into fields and cannot be read."""
    times: str = "1"
    rate: str = ""
    dry: bool = False


@dataclass(frozen=True)
class Order:
    """An event to make happen: so many times (None is until it is stopped), so many a second."""

    event: str
    payload: Payload
    dry: bool = False
    times: int | None = 1
    rate: float | None = None
    stepped: bool = False
    """Whether it stops before the help desk does anything."""


AHEAD = "What would happen"
BEFORE = "What would happen, before the mistake"
KEYS: list[BindingType] = [
    Binding("ctrl+g", "fire", "Go", tooltip="Make it happen", id="compose.fire"),
    Binding("ctrl+s", "stepped", "Step", tooltip="Step through it", id="compose.step"),
    Binding("ctrl+t", "json", "JSON", tooltip="The form, or all as JSON", id="compose.json"),
    Binding("ctrl+r", "recent", "Recent", tooltip="What was used lately", id="compose.recent"),
    Binding("ctrl+l", "dry", "Dry", tooltip="Take back what is written", id="compose.dry"),
    Binding("escape", "close", "Back", tooltip="Back, and keep it", id="compose.close"),
    Binding("down", "move(1)", "Down", show=False, priority=True, id="compose.down"),
    Binding("up", "move(-1)", "Up", show=False, priority=True, id="compose.up"),
    # Textual's own, but first: what is typed at once after them is for the next field.
    Binding("tab", "step(1)", "Next field", show=False, priority=True, id="compose.forth"),
    Binding("shift+tab", "step(-1)", "Field before", show=False, priority=True, id="compose.back"),
    Binding("pagedown", "preview(1)", "Preview down", priority=True, id="compose.preview-down"),
    Binding("pageup", "preview(-1)", "Preview up", priority=True, id="compose.preview-up"),
]
SHOWN = (
    "compose.fire", "compose.step", "compose.json", "compose.recent", "compose.dry",
    "compose.close", "app.help", "app.quit",
)  # fmt: skip

LOOK = """
ComposeScreen { background: $background; }
ComposeScreen #work { height: 1fr; }
ComposeScreen #edit, ComposeScreen #preview {
    background: $surface; border: round $panel-lighten-2; border-title-color: $text-muted;
    border-subtitle-color: $text-muted; padding: 0 1;
}
ComposeScreen #edit:focus-within, ComposeScreen #preview:focus {
    border: round $accent; border-title-color: $text-accent;
}
ComposeScreen #edit { height: 3fr; }
ComposeScreen #preview { height: 2fr; }
ComposeScreen.-wide #work { layout: horizontal; }
ComposeScreen.-wide #edit, ComposeScreen.-wide #preview { width: 1fr; height: 100%; }
ComposeScreen.-wide Offers { max-height: 12; }
ComposeScreen #rehearsed { text-wrap: nowrap; text-overflow: ellipsis; }
ComposeScreen.-low #preview { display: none; }
"""


class ComposeScreen(Screen[Order | None]):
    """Dismissed with what is to happen; what was typed stays in the draft."""

    HELP = Form.HELP
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    DEFAULT_CSS = LOOK
    HORIZONTAL_BREAKPOINTS = [(0, "-normal"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]  # noqa: RUF012

    def __init__(self, wb: Workbench, event: Event, draft: Draft, recent: list[Payload]) -> None:
        super().__init__()
        self._wb, self._event = wb, event
        self._draft, self._recent = draft, recent
        self._fires = self._stepped = False
        """Whether it is to happen as soon as it has been judged well, and stopped."""
        self._rehearsing = Rehearsing(self, wb, event, self._judged)

    def compose(self) -> ComposeResult:
        with Container(id="work"):
            yield PayloadEditor(self._wb, self._event, id="edit")
            with VerticalScroll(id="preview", can_focus=False) as preview:
                preview.border_title = AHEAD
                yield Static(id="rehearsed", markup=False)
        draft = self._draft
        yield RunLine(draft.times, draft.rate, draft.dry)
        yield KeyLine(SHOWN, SHOWN)

    def on_mount(self) -> None:
        draft, editor = self._draft, self._editor
        if not editor.open(draft.payload, draft.unread, draft.json):
            self.query_one(RunLine).focus_first()
        self._rehearsing.ask(editor.payload)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("move", "preview") and isinstance(self.focused, TextArea):
            return False
        return super().check_action(action, parameters)

    @property
    def _editor(self) -> PayloadEditor:
        return self.query_one(PayloadEditor)

    @on(PayloadEditor.Changed)
    def _changed(self) -> None:
        self._fires = False
        payload = self._editor.payload
        if payload is None:
            self.query_one("#preview").border_title = BEFORE
        self._rehearsing.ask(payload)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._editor.look_for()
        if event.widget.id in ("times", "rate", "dry"):
            self._editor.say(HINT)

    def _judged(self, verdict: Verdict) -> None:
        """Show what would happen, or what is wrong and where."""
        errors, preview = verdict.errors, self.query_one("#preview")
        self._editor.blame(errors, all_of_them=self._fires)
        if errors:
            preview.border_title = BEFORE
            preview.border_subtitle = f"✖ {counted(len(errors), 'error')}"
            if self._fires:
                self._editor.go_to(errors)
        else:
            self._preview(verdict.rehearsed)
            if self._fires:
                self._dismiss_with(verdict.payload)
        self._fires = False

    def _preview(self, rehearsed: Sequence[Rehearsed]) -> None:
        documented = self._rehearsing.documented
        named = {each.name: chosen(each, rehearsed, documented) for each in self._event.parameters}
        self._editor.propose(named)
        content = Content.assemble(*pieces(rehearsed, documented))
        self.query_one("#rehearsed", Static).update(content)
        preview = self.query_one("#preview")
        preview.border_title, preview.border_subtitle = AHEAD, summary(rehearsed)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _entered(self) -> None:
        if not self._editor.take():
            self.action_fire()

    def action_fire(self) -> None:
        """Make it happen as soon as it is known to be well."""
        self._go(stepped=False)

    def action_stepped(self) -> None:
        """The same, stopped before anything has happened."""
        self._go(stepped=True)

    def _go(self, *, stepped: bool) -> None:
        self._stepped = stepped
        payload = self._editor.payload
        if payload is None:
            self._editor.go_to(self._editor.form.unread)
        elif self._is_run_well():
            self._fires = True
            self._rehearsing.ask(payload, at_once=True)

    def _is_run_well(self) -> bool:
        try:
            return bool(self.query_one(RunLine).values)
        except ValueError:
            self._editor.say(WRONG, "$text-error")
            return False

    def _dismiss_with(self, payload: Payload) -> None:
        self._keep()
        times, rate = self.query_one(RunLine).values
        times = 1 if self._stepped else times
        order = Order(self._event.name, payload, self._draft.dry, times, rate, self._stepped)
        self.dismiss(order)

    def _keep(self) -> None:
        """Put what was typed into the draft."""
        draft, editor = self._draft, self._editor
        draft.payload, draft.unread = editor.form.payload, editor.form.unread_texts
        draft.json = editor.text
        draft.times, draft.rate, draft.dry = self.query_one(RunLine).typed

    def action_json(self) -> None:
        self._editor.toggle()

    def action_recent(self) -> None:
        def taken(payload: Payload | None) -> None:
            if payload is not None:
                self._editor.fill(payload)

        if self._recent:
            self.app.push_screen(RecentScreen(self._event.name, self._recent), taken)
        else:
            self.notify(f"Nothing was said about {self._event.name} lately.", markup=False)

    def action_dry(self) -> None:
        self.query_one(RunLine).toggle_dry()

    def action_move(self, lines: int) -> None:
        """Move among what is offered, else from field to field."""
        if not self._editor.offers.move(lines):
            self.action_step(lines)

    def action_step(self, fields: int) -> None:
        (self.focus_next if fields > 0 else self.focus_previous)()

    def action_preview(self, pages: int) -> None:
        preview = self.query_one("#preview", VerticalScroll)
        (preview.scroll_page_down if pages > 0 else preview.scroll_page_up)(animate=False)

    def action_close(self) -> None:
        self._keep()
        self.dismiss(None)
