"""A list of lines with a cursor that stays quick however many lines it has, and however often."""

# Textual leaves the parameters of its reactives open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import cast

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import Reactive, reactive
from textual.scroll_view import ScrollView
from textual.widget import Widget


def moving(name: str, last: str = "last") -> list[BindingType]:
    """The keys that move the cursor of a list; their ids begin with its name."""
    return [
        Binding("up,k", "move(-1)", "Up", show=False, id=f"{name}.up"),
        Binding("down,j", "move(1)", "Down", show=False, id=f"{name}.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id=f"{name}.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id=f"{name}.page-down"),
        Binding("home", "first", "First", show=False, id=f"{name}.first"),
        Binding("end", "last", last.capitalize(), show=False, id=f"{name}.{last}"),
    ]


class LineList(ScrollView, can_focus=True):
    """Whoever derives from it says how many lines there are and draws them in `render_line`.

    The room of the scroll bar is always kept: lines are as wide whether or not all can be seen.
    """

    DEFAULT_CSS = "LineList { overflow-x: hidden; overflow-y: scroll; }"

    cursor: reactive[int] = reactive(0, repaint=False)

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        # Textual finds out after the first drawing, and would not draw the lines again for it.
        self.set_reactive(Widget.show_vertical_scrollbar, True)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return 0

    def pointed(self) -> None:
        """The cursor was moved to another line."""

    def watch_cursor(self, old: int, new: int) -> None:
        top = int(self.scroll_offset.y)
        for line in (old, new):
            self.refresh(Region(0, line - top, self.size.width, 1))
        self.keep_in_view()
        self.pointed()

    def action_move(self, lines: int) -> None:
        self.go_to(self.cursor + lines)

    def action_page(self, pages: int) -> None:
        self.go_to(self.cursor + pages * max(self.size.height - 1, 1))

    def action_first(self) -> None:
        self.go_to(0)

    def action_last(self) -> None:
        self.go_to(self.count - 1)

    def go_to(self, index: int) -> None:
        """Move the cursor, as far as there are lines."""
        if self.count:
            self.cursor = max(0, min(index, self.count - 1))

    def keep_in_view(self) -> None:
        region = Region(0, self.cursor, 1, 1)
        self.scroll_to_region(region, animate=False, force=True, immediate=True)

    def lay_out(self) -> None:
        """Take the number of lines over and draw them."""
        # Only the scroll bar has to know: to lay out the screen each time would be slow.
        size = Size(self.scrollable_content_region.width, self.count)
        self.set_reactive(cast("Reactive[Size]", Widget.virtual_size), size)
        self.vertical_scrollbar.window_virtual_size = size.height
        self.scroll_y = self.validate_scroll_y(self.scroll_y)
        self.refresh()

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        # Textual takes what is seen for all there is, and would draw the scroll bar at each key.
        if size == self._size:
            return False
        return super()._size_updated(size, virtual_size, container_size, layout)

    def on_resize(self, event: events.Resize) -> None:
        del event
        self.lay_out()
        # Not before the new size is known to the scroll bar.
        self.call_after_refresh(self.keep_in_view)

    def on_click(self, event: events.Click) -> None:
        self.go_to(event.y + int(self.scroll_offset.y))
