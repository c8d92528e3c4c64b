"""The steps of a firing in running order, and the row above them for all of it."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList, Static


class Ladder(OptionList):
    """The steps of a firing in running order; above the first one, none is highlighted."""

    HELP = """\
The callbacks that ran, in order: priority, how it ended (`✔` well, `✖` with an error, `■`
interrupted, `◌` skipped), what somebody had be otherwise (`muted`), what it did to the value (`~2`
two changes, `*` changed in place, `None` returned nothing), milliseconds, name, plugin. The tabs
tell about the step under the cursor, above the first one about the whole firing: first in, last
out. The most telling tab opens, until you choose one yourself. `c` marks this firing; `c` on
another one compares the two. `m` mutes the callback of a step, or no longer."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="ladder.down"),
        Binding("k", "cursor_up", "Up", show=False, id="ladder.up"),
    ]

    def on_resize(self) -> None:
        # Else what is in sight would depend on how much room there was before.
        self.call_after_refresh(self.centre)

    def centre(self) -> None:
        """Have the highlighted step in sight with those before and after it."""
        y = (self.highlighted or 0) - self.scrollable_content_region.height // 2
        self.scroll_to(y=max(y, 0), animate=False, immediate=True)

    def action_cursor_up(self) -> None:
        if self.highlighted == 0:
            self.highlighted = None
        else:
            super().action_cursor_up()

    def action_cursor_down(self) -> None:
        if self.highlighted == self.option_count - 1:
            self.highlighted = None
        else:
            super().action_cursor_down()


class WholeRow(Static):
    """The row above the steps, for the whole firing."""

    class Chosen(Message):
        """It was clicked."""

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Chosen())
