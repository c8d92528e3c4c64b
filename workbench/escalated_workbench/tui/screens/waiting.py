"""Shown while there is no plugins folder: what to do, and that it opens by itself."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from escalated_workbench.tui.look import part
from escalated_workbench.tui.widgets.keyline import KeyLine


class WaitingScreen(Screen[None]):
    """Names what is missing and the cure."""

    DEFAULT_CSS = """
    WaitingScreen { align: center middle; }
    WaitingScreen Static { width: auto; max-width: 90%; height: auto; }
    """
    HELP = "The workbench opens as soon as the plugins folder exists."

    def __init__(self, problem: str, cure: str) -> None:
        super().__init__()
        self._problem = problem
        self._cure = cure

    def compose(self) -> ComposeResult:
        yield Static(
            Content.assemble(
                part(f"{self._problem}\n\n", "bold $text-warning"),
                part(f"{self._cure}\n\n"),
                part("The workbench opens as soon as it is there.", "$foreground-muted"),
            ),
            markup=False,
        )
        yield KeyLine()
