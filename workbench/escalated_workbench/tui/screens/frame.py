"""What is painted first: the frame of the main screen, while all that fills it is imported."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.screen import Screen
from textual.widgets import Static


class FrameScreen(Screen[None]):
    """The panes of the main screen, empty."""

    HORIZONTAL_BREAKPOINTS = [(0, "-normal"), (150, "-wide")]  # noqa: RUF012
    HELP = "The workbench opens."

    key_at = 0.0
    """When a key was pressed last (`monotonic`)."""

    def compose(self) -> ComposeResult:
        yield Static("Opening …", id="opening")
        with Horizontal(id="body"):
            yield Container(id="left")
            with Container(id="right"):
                firings = Container(id="timeline")
                firings.border_title = "Firings"
                yield firings
                yield Container(id="inspector")
