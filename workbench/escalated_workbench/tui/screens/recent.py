"""Payloads of an event that were used lately, to choose from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from escalated_workbench.composing import Payload
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.box import BoxScreen
from escalated_workbench.tui.widgets.rehearsal import short_text


class RecentScreen(BoxScreen[Payload | None]):
    """Dismissed with the chosen payload."""

    HELP = "What this event was given lately, the newest first. `enter` takes one."

    DEFAULT_CSS = """
    RecentScreen > Vertical { width: 90; max-height: 80%; }
    RecentScreen OptionList {
        height: auto; border: none; background: $surface; padding: 0;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    RecentScreen OptionList > .option-list--option-highlighted {
        background: $block-cursor-blurred-background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="recent.close"),
    ]

    def __init__(self, event: str, payloads: Sequence[Payload]) -> None:
        super().__init__()
        self._event = event
        self._payloads = payloads

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = f"{self._event} was given lately"
            box.border_subtitle = "enter takes one · escape closes"
            yield OptionList(*[Option(_line(each)) for each in self._payloads], markup=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._payloads[event.option_index])


def _line(payload: Payload) -> Content:
    return Content.assemble(part(short_text(json.dumps(payload, ensure_ascii=False), 400)))
