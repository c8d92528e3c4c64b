"""A form made from what an event takes: one field for each parameter."""

# Textual leaves the parameter of App open wherever a widget names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from escalated_core.errors import UsageError
from escalated_core.records import Event, EventParameter
from escalated_workbench.composing import Payload, read, written
from escalated_workbench.tui.look import cut, part
from escalated_workbench.tui.widgets.rehearsal import name_of

LABEL = 13
"""Columns for the names of fields."""


class Field(Vertical):
    """A parameter: its name, what was typed, and below what is wrong with it."""

    DEFAULT_CSS = """
    Field { height: auto; }
    Field Horizontal { height: 1; }
    Field .label { width: 14; height: 1; color: $text-muted; text-wrap: nowrap; }
    Field:focus-within .label { color: $text-accent; text-style: bold; }
    Field Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $boost; }
    Field .wrong { height: auto; display: none; padding-left: 14; color: $text-error; }
    Field.-wrong .wrong { display: block; }
    """

    def __init__(self, parameter: EventParameter, typed: str) -> None:
        super().__init__(id=f"field-{parameter.name}")
        self.parameter = parameter
        self._typed = typed
        self._hint = parameter.description

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(Content(self.parameter.name[:LABEL]), classes="label", markup=False)
            yield Input(self._typed, compact=True, select_on_focus=False)
        yield Static(classes="wrong", markup=False)

    @property
    def input(self) -> Input:
        return self.query_one(Input)

    def hint(self, words: str) -> None:
        """Say something as long as the field is empty."""
        self._hint = words
        self._show_hint()

    def on_resize(self) -> None:
        self._show_hint()

    def _show_hint(self) -> None:
        # Textual would break it into lines, and show the first.
        width = self.input.content_size.width
        self.input.placeholder = cut(self._hint, width) if width > 1 else self._hint

    def say(self, error: UsageError | None) -> None:
        """Say what is wrong, or no longer."""
        self.set_class(error is not None, "-wrong")
        words = f"✖ {error.message} {error.cure}".strip() if error is not None else ""
        self.query_one(".wrong", Static).update(Content.assemble(part(words)))


class Form(VerticalScroll, can_focus=False):
    """The fields of an event; `payload` is what was said, as far as it can be read."""

    HELP = """\
What can be said about the event; a field that is empty is chosen by the help desk, and says what
that would be. Type to find a row by reference, name or subject: the arrows move among those below,
`enter` takes one, or makes it happen where none is chosen. A text with line breaks is written in
quotes, as in JSON; `""` is the empty text, `nobody` is no user. `ctrl+t` shows the whole payload as
JSON, `ctrl+r` what was used lately, `ctrl+l` takes back what is written to the database."""
    DEFAULT_CSS = """
    Form { height: 1fr; }
    Form #nothing { color: $text-muted; }
    """

    @dataclass
    class Changed(Message):
        """Something was typed."""

    def __init__(self, event: Event, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.event = event
        self.payload: Payload = {}
        """What was said; what no field is for is kept."""
        self.unread: dict[str, UsageError] = {}
        """What was typed and cannot be read, by parameter."""
        self._texts: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        if not self.event.parameters:
            yield Static("It takes nothing.", id="nothing", markup=False)
        for parameter in self.event.parameters:
            yield Field(parameter, "")

    @property
    def fields(self) -> list[Field]:
        return list(self.query(Field))

    @property
    def field(self) -> Field | None:
        """The field that has the focus."""
        focused = self.screen.focused
        parents = focused.ancestors if focused else ()
        return next((each for each in parents if isinstance(each, Field)), None)

    def fill(self, payload: Mapping[str, Any]) -> None:
        """Have the fields say what a payload has; a text that cannot be read stays."""
        self.payload = dict(payload)
        for field in self.fields:
            name = field.parameter.name
            if name in payload:
                self.unread.pop(name, None)
            if name not in self.unread:
                text = written(field.parameter, payload[name]) if name in payload else ""
                self._texts[name] = field.input.value = text

    @property
    def unread_texts(self) -> dict[str, str]:
        """What was typed and cannot be read."""
        return {name: self._texts[name] for name in self.unread}

    def restore(self, typed: Mapping[str, str]) -> None:
        """Type into fields what could not be read."""
        for field in self.fields:
            if field.parameter.name in typed:
                field.input.value = typed[field.parameter.name]

    def propose(self, values: Mapping[str, Any]) -> None:
        """Say in empty fields what would be chosen."""
        for field in self.fields:
            value = values.get(field.parameter.name)
            known = name_of(value) if value is not None else ""
            field.hint(f"chosen: {known}" if known else field.parameter.description)

    def blame(self, errors: Mapping[str, UsageError]) -> None:
        """Say at each field what is wrong with it."""
        for field in self.fields:
            name = field.parameter.name
            field.say(self.unread.get(name) or errors.get(name))
            if field is self.field and field.has_class("-wrong"):
                # Not before there is room for what was said.
                self.call_after_refresh(field.scroll_visible, animate=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        parents = event.input.ancestors
        field = next(each for each in parents if isinstance(each, Field))
        self._take(field, event.value)

    def _take(self, field: Field, text: str) -> None:
        name = field.parameter.name
        # What was filled in comes back as a message, and is known already.
        if self._texts.get(name, "") == text:
            return
        self._texts[name] = text
        self.unread.pop(name, None)
        try:
            if text.strip():
                self.payload[name] = read(field.parameter, text)
            else:
                self.payload.pop(name, None)
        except UsageError as error:
            self.unread[name] = error
            self.payload.pop(name, None)
        self.post_message(self.Changed())
