"""A payload edited as a form or as JSON, with what can be chosen and what is wrong."""

# Textual leaves the parameter of App open wherever a widget names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from escalated_core.errors import UsageError
from escalated_core.records import Event
from escalated_workbench.composing import Payload, payload_of, text_of
from escalated_workbench.tui.look import part
from escalated_workbench.tui.widgets.form import Form
from escalated_workbench.tui.widgets.json_area import JsonArea
from escalated_workbench.tui.widgets.offers import Offers
from escalated_workbench.workbench import Workbench

WRONG = "$text-error"
LEFT_OUT = "What is left out is chosen by the help desk."


class PayloadEditor(Vertical):
    """Nothing that was typed is lost when it changes between the two, or when it is wrong."""

    DEFAULT_CSS = """
    PayloadEditor #json { display: none; }
    PayloadEditor.-json #json { display: block; }
    PayloadEditor.-json #form, PayloadEditor.-json Offers { display: none; }
    PayloadEditor #said { height: auto; max-height: 4; min-height: 1; color: $text-muted; }
    """

    class Changed(Message):
        """Something was typed."""

    def __init__(self, wb: Workbench, event: Event, id: str) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id)
        self._wb, self._event = wb, event
        self._errors: Mapping[str, UsageError] = {}

    def compose(self) -> ComposeResult:
        self.border_title = Content.assemble(part(f"{self._event.name} · {self._event.title}"))
        yield Form(self._event, id="form")
        yield JsonArea(id="json")
        yield Offers(self._wb, id="offers")
        yield Static(id="said", markup=False)

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    @property
    def offers(self) -> Offers:
        return self.query_one(Offers)

    @property
    def text(self) -> str | None:
        """The JSON text, while that is what is shown."""
        return self.query_one(JsonArea).text if self.has_class("-json") else None

    @property
    def payload(self) -> Payload | None:
        """What was said; None if it cannot be read, which is said where it is."""
        if self.text is None:
            return None if self.form.unread else self.form.payload
        try:
            payload = payload_of(self.text)
        except UsageError as error:
            self.say(f"✖ {error}", WRONG)
            return None
        self.say(LEFT_OUT)
        return payload

    def open(self, payload: Payload, unread: Mapping[str, str], text: str | None) -> bool:
        """Show what was typed before; False if there is nothing to type into."""
        self.form.fill(payload)
        self.form.restore(unread)
        return self._show_json(text) if text is not None else self.focus_first()

    def fill(self, payload: Payload) -> None:
        """Have another payload."""
        self.form.unread.clear()
        self.form.fill(payload)
        if self.text is not None:
            self._show_json(text_of(payload))
        self.post_message(self.Changed())

    def toggle(self) -> None:
        """Change between the form and JSON; a text that is no JSON stays where it is."""
        if self.text is None:
            self._show_json(text_of(self.form.payload))
            self.say(LEFT_OUT)
            return
        payload = self.payload
        if payload is not None:
            self.remove_class("-json")
            self.form.fill(payload)
            self.focus_first()
            self.post_message(self.Changed())

    def look_for(self) -> None:
        """Offer what fits the field with the focus, and say what it is for."""
        current = self.form.field
        self.offers.look_for(current)
        if current is not None:
            self.say(current.parameter.description)
        self._blame_fields(all_of_them=False)

    def take(self) -> bool:
        """Put what is chosen into the field with the focus; False if nothing is."""
        current, taken = self.form.field, self.offers.taken
        if current is None or taken is None:
            return False
        current.input.value = taken
        current.input.cursor_position = len(taken)
        return True

    def blame(self, errors: Mapping[str, UsageError], all_of_them: bool) -> None:
        """Say what is wrong; unless all is, not in the field in which somebody types."""
        self._errors = errors
        self._blame_fields(all_of_them)
        told = errors.get("") if self.text is None else next(iter(errors.values()), None)
        if told is not None:
            self.say(f"✖ {told}", WRONG)

    def _blame_fields(self, all_of_them: bool) -> None:
        current = self.form.field
        typing = current is not None and self.offers.taken is not None and not all_of_them
        name = current.parameter.name if current is not None and typing else None
        self.form.blame({each: error for each, error in self._errors.items() if each != name})

    def propose(self, values: Mapping[str, Any]) -> None:
        """Say in empty fields what would be chosen."""
        self.form.propose(values)

    def say(self, words: str, style: str = "") -> None:
        self.query_one("#said", Static).update(Content.assemble(part(words, style)))

    def focus_first(self) -> bool:
        """Go to the first field; False if there is none."""
        return self.go_to([each.parameter.name for each in self.form.fields])

    def go_to(self, names: Collection[str]) -> bool:
        """Go to the first field that is among those names; False if none is."""

        for field in self.form.fields:
            if field.parameter.name in names:
                field.input.focus()
                return True
        return False

    def _show_json(self, text: str) -> bool:
        self.add_class("-json")
        area = self.query_one(JsonArea)
        area.text = text
        area.focus()
        return True

    @on(Form.Changed)
    @on(TextArea.Changed)
    def _typed(self, event: Message) -> None:
        event.stop()
        if self.text is None:
            self._errors = {}
            self.look_for()
        self.post_message(self.Changed())
