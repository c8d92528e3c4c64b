"""Pick something from a list by typing a part of what it is called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.box import BoxScreen

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Entry(Generic[Item]):
    """Something to pick, how it is listed, and the words besides its name that find it."""

    item: Item
    name: str
    line: Content
    words: str = ""

    def fits(self, typed: str) -> bool:
        """Whether each of the typed words is a part of its name or words, in any case."""
        known = f"{self.name} {self.words}".casefold()
        return all(word in known for word in typed.casefold().split())


class Choice(OptionList, can_focus=False):
    """What there is to choose from; the arrows move in it while somebody types."""


def keys(name: str) -> list[BindingType]:
    """The keys of a picker; their ids begin with its name."""
    return [
        Binding("escape", "close", "Close", id=f"{name}.close"),
        Binding("down", "move(1)", "Down", show=False, priority=True, id=f"{name}.down"),
        Binding("up", "move(-1)", "Up", show=False, priority=True, id=f"{name}.up"),
    ]


class PickerScreen(BoxScreen[Result], Generic[Item, Result]):
    """Type to narrow the entries down; below them is told what the one under the cursor is.

    `hint` names the keys, `wanted` the entry under the cursor at first.
    """

    DEFAULT_CSS = """
    PickerScreen > Vertical { width: 76; height: 80%; }
    PickerScreen Choice {
        height: 1fr; border: none; background: $surface; padding: 0;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    PickerScreen Choice > .option-list--option-highlighted {
        background: $block-cursor-blurred-background;
    }
    PickerScreen Static { height: auto; color: $text-muted; }
    PickerScreen Input { margin: 0 0 1 0; background: $boost; }
    PickerScreen.-low > Vertical { height: 100%; max-width: 100%; }
    PickerScreen.-low Input { margin: 0; }
    PickerScreen.-low Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]  # noqa: RUF012

    def __init__(
        self, title: str, hint: str, entries: Sequence[Entry[Item]], wanted: str | None
    ) -> None:
        super().__init__()
        self._title, self._hint = title, hint
        self._entries = entries
        self._shown: list[Entry[Item]] = []
        self._wanted = wanted

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            box.border_subtitle = self._hint
            yield Input(
                placeholder="type a part of its name",
                id="name",
                compact=True,
                select_on_focus=False,
            )
            yield Choice(markup=False)
            yield Static(markup=False)
            yield from self.below()

    def below(self) -> Iterable[Widget]:
        """What else there is to fill in."""
        return ()

    def choose(self, item: Item) -> None:
        """Called when an entry is chosen."""

    def tell(self, item: Item | None) -> None:
        """Called to `say` what the entry under the cursor is; None when no entry fits."""

    def say(self, words: str) -> None:
        """Say something below the entries."""
        self.query_one(Static).update(Content.assemble(part(words)))

    def on_mount(self) -> None:
        self._narrow("")
        names = [entry.name for entry in self._shown]
        if self._wanted in names:
            self.query_one(Choice).highlighted = names.index(self._wanted)
        self.query_one("#name", Input).focus()

    def on_key(self, event: events.Key) -> None:
        """Keys typed before the input has the focus are meant for it."""
        if self.focused is None and event.character and event.is_printable:
            event.stop()
            self.query_one("#name", Input).insert_text_at_cursor(event.character)

    @on(Input.Changed, "#name")
    def _typed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _choose(self) -> None:
        item = self.item
        if item is not None:
            self.choose(item)

    @on(OptionList.OptionHighlighted)
    def _tell(self) -> None:
        self.tell(self.item)

    @property
    def item(self) -> Item | None:
        """The entry under the cursor."""
        index = self.query_one(Choice).highlighted
        return self._shown[index].item if index is not None and index < len(self._shown) else None

    def _narrow(self, typed: str) -> None:
        self._shown = [entry for entry in self._entries if entry.fits(typed)]
        options = self.query_one(Choice)
        options.set_options([Option(entry.line) for entry in self._shown])
        options.highlighted = 0 if self._shown else None
        self._tell()

    def action_move(self, lines: int) -> None:
        options = self.query_one(Choice)
        if self._shown:
            at = (options.highlighted or 0) + lines
            options.highlighted = max(0, min(at, len(self._shown) - 1))
