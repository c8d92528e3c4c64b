"""A box in the middle of the terminal, over what was shown before."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

Result = TypeVar("Result")


class BoxScreen(ModalScreen[Result]):
    """A framed `Vertical` or `VerticalScroll`; to close it dismisses it with None."""

    DEFAULT_CSS = """
    BoxScreen { align: center middle; }
    BoxScreen > Vertical, BoxScreen > VerticalScroll {
        max-width: 96%; height: auto; padding: 0 1; background: $surface; border: round $accent;
        border-title-color: $text-accent; border-subtitle-color: $text-accent;
    }
    """

    # Textual asks nothing below what is modal, so not the application either.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "app.help", "Help", id="app.help"),
    ]

    def action_close(self) -> None:
        self.dismiss(None)
