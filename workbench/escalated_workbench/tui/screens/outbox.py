"""What plugins sent out, one in a line, with the one under the cursor in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from escalated_core.records import Effect
from escalated_workbench.tui.screens.box import BoxScreen
from escalated_workbench.tui.widgets.sent import line, pieces

LISTED = 500
"""Effects that are listed, the newest ones."""
NOTHING = "Nothing was sent out yet: no request, no mail, no process, no connection."


class OutboxScreen(BoxScreen[int | None]):
    """Dismissed with the firing that has sent the chosen one."""

    HELP = """\
What plugins sent out, newest first: when, whether it left this machine (`sent`) or was held,
answered by a rule or refused, what came back, who sent it and where to. `enter` goes to the firing,
`tab` to what was sent, to scroll it."""

    DEFAULT_CSS = """
    OutboxScreen > Vertical { width: 110; height: 90%; }
    OutboxScreen OptionList {
        height: auto; max-height: 40%; border: none; padding: 0; background: $surface;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    OutboxScreen OptionList:focus { border: none; background-tint: $foreground 0%; }
    OutboxScreen OptionList > .option-list--option-highlighted,
    OutboxScreen OptionList:focus > .option-list--option-highlighted {
        background: $block-cursor-blurred-background; color: $foreground;
    }
    OutboxScreen VerticalScroll { height: 1fr; border-top: solid $panel-lighten-2; }
    OutboxScreen VerticalScroll:focus { border-top: solid $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", id="outbox.close"),
    ]

    def __init__(self, effects: Sequence[Effect]) -> None:
        super().__init__()
        self._count = len(effects)
        self._newest = effects[: -LISTED - 1 : -1]

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            older = self._count - len(self._newest)
            more = f" · {older:,} older ones not listed" if older else ""
            box.border_title = f"Outbox, newest first · {self._count:,}{more}"
            box.border_subtitle = "enter goes to the firing · tab scrolls · escape closes"
            yield OptionList(*[Option(line(each)) for each in self._newest], markup=False)
            with VerticalScroll():
                yield Static(NOTHING, markup=False)

    def on_mount(self) -> None:
        listed = self.query_one(OptionList)
        listed.display = bool(self._newest)
        listed.highlighted = 0 if self._newest else None
        (listed if self._newest else self.query_one(VerticalScroll)).focus()

    @on(OptionList.OptionHighlighted)
    def _tell(self, event: OptionList.OptionHighlighted) -> None:
        told = Content.assemble(*pieces([self._newest[event.option_index]]))
        self.query_one(Static).update(told)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        firing_id = self._newest[event.option_index].firing_id
        if firing_id is None:
            self.notify("It was sent outside of any firing.", markup=False)
        else:
            self.dismiss(firing_id)
