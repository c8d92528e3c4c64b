"""The panes of the main screen: which are shown, which has the focus, zoom."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from textual.widget import Widget

from escalated_workbench.tui.screens.frame import FrameScreen
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder, Page
from escalated_workbench.tui.widgets.left import LeftPane
from escalated_workbench.tui.widgets.timeline import Timeline

PANES = ("left", "timeline", "inspector")
SMALLEST = 72, 18
"""Columns and lines below which one pane is shown at a time."""


class PaneScreen(FrameScreen):
    """Shows all panes, or one at a time when it is zoomed or room is short."""

    def __init__(self) -> None:
        super().__init__()
        self.pane = "left"
        """The id of the pane that has, or had last, the focus."""
        self._zoomed = False

    def action_pane(self, direction: int) -> None:
        inspector = self.query_one(Inspector)
        stops = (
            self.query_one(LeftPane).list,
            self.query_one(Timeline),
            inspector.query_one(Ladder),
            inspector.page,
        )
        within = self.focused.ancestors_with_self if self.focused else ()
        now = next((i for i, stop in enumerate(stops) if stop in within), PANES.index(self.pane))
        self.go_to(stops[(now + direction) % len(stops)])

    def action_zoom(self) -> None:
        self._zoomed = not self._zoomed
        self._arrange()

    def action_restore(self) -> None:
        self._zoomed = False
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def on_descendant_focus(self) -> None:
        self._arrange()

    def go_to(self, target: Widget) -> None:
        """Focus something, whose pane is shown first where only one is."""
        self._arrange(target)
        target.focus()

    def _arrange(self, target: Widget | None = None) -> None:
        """Show all panes, or only the one with the focus when it is zoomed or room is short."""
        focus = target or self.focused
        within = [each.id for each in focus.ancestors_with_self] if focus else []
        self.pane = next((pane for pane in PANES if pane in within), self.pane)
        width, height = self.app.size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        for pane in PANES:
            self.query_one(f"#{pane}").set_class(pane == self.pane, "-shown")
        self.query_one("#right").set_class(self.pane != "left", "-shown")
        alone = isinstance(focus, Page) and (self._zoomed or height < SMALLEST[1])
        self.query_one(Inspector).set_class(alone, "-page")
        self.set_class(small or self._zoomed, "-single")
