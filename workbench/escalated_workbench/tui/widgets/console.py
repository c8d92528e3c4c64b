"""A console where a firing waits: a line to type code into, what came of it above."""

# Textual leaves the parameter of App open wherever a widget names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from escalated_core.stepping.stops import Answer
from escalated_workbench.tui.look import part
from escalated_workbench.tui.widgets.values import MUTED, Piece
from escalated_workbench.wording import short

KEPT = 200
"""Lines that were typed, and pieces of what came of them, that are kept."""
LONG = 2_000
"""Characters shown of an answer."""


class ConsoleInput(Input):
    """The line that is typed; up and down bring back those before."""

    HELP = """\
Python that runs where the firing waits: `_value` is the value so far, `_before` and `_after` what
the last step got and made of it, `_args` and `_kwargs` what comes next gets, `_hook` the hook; at a
line also its locals. A value that is changed is gone on with, and the record says so. `up` and
`down` bring back what was typed before, `escape` closes the console."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(-1)", "Before", show=False, id="console.up"),
        Binding("down", "recall(1)", "After", show=False, id="console.down"),
        Binding("escape", "close", "Close", tooltip="Close the console", id="console.close"),
    ]

    @dataclass
    class Closed(Message):
        """Somebody wants to go back to the keys."""

    def __init__(self) -> None:
        super().__init__(
            placeholder="Python: _value, _before, _after, _args; escape closes",
            compact=True,
            select_on_focus=False,
        )
        self._typed: list[str] = []
        self._at = 0

    def remember(self, text: str) -> None:
        """Keep a line that was entered."""
        if not self._typed or self._typed[-1] != text:
            self._typed = [*self._typed, text][-KEPT:]
        self._at = len(self._typed)

    def action_recall(self, lines: int) -> None:
        if self._typed:
            self._at = max(0, min(self._at + lines, len(self._typed)))
            self.value = self._typed[self._at] if self._at < len(self._typed) else ""
            self.cursor_position = len(self.value)

    def action_close(self) -> None:
        self.post_message(self.Closed())


class Console(Vertical):
    """Asks by `Asked`; whoever hears it calls `answer`."""

    DEFAULT_CSS = """
    Console { display: none; height: 30%; min-height: 5; background: $surface;
        border: round $panel-lighten-2; border-title-color: $text-muted; padding: 0 1; }
    Console.-open { display: block; }
    Console:focus-within { border: round $accent; border-title-color: $text-accent; }
    Console VerticalScroll { height: 1fr; align-vertical: bottom; }
    Console Input { height: 1; border: none; padding: 0; background: $boost; }
    """
    BORDER_TITLE = "Console"

    @dataclass
    class Asked(Message):
        """Code was entered."""

        text: str

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._said: list[Piece] = []

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static(markup=False)
        yield ConsoleInput()

    @property
    def text(self) -> str:
        """What was typed and answered so far."""
        return str(self.query_one(Static).content)

    def open(self) -> None:
        """Have the focus."""
        self.add_class("-open")
        self.query_one(ConsoleInput).focus()

    def close(self) -> None:
        """Make room; what was said is kept."""
        self.remove_class("-open")

    def answer(self, answer: Answer) -> None:
        """Tell what came of the code that was entered last."""
        if answer.output:
            self._said.append(part(f"{answer.output.rstrip()}\n"))
        if answer.error:
            self._said.append(part(f"✖ {answer.error}\n", "$text-error"))
        elif answer.value is not None or not answer.output:
            self._said.append(part(f"{short(answer.value, LONG)}\n", "$text-success"))
        self._draw()

    def on_resize(self) -> None:
        self._follow()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if not text:
            return
        self.query_one(ConsoleInput).remember(text)
        self.query_one(ConsoleInput).value = ""
        self._said.append(part(f"› {text}\n", MUTED))
        self._draw()
        self.post_message(self.Asked(text))

    def _draw(self) -> None:
        self._said = self._said[-KEPT:]
        # The line to type into comes right below: it needs no empty one above it.
        self.query_one(Static).update(Content.assemble(*self._said).rstrip())
        self._follow()

    def _follow(self) -> None:
        """Have the newest answer in sight."""
        self.query_one(VerticalScroll).scroll_end(animate=False)
