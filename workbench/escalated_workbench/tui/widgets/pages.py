"""Pages of the inspector: text that scrolls, and lines that a cursor walks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from escalated_core.snapshots.paths import Path
from escalated_workbench.tui.widgets.values import Line, Piece


class Page(VerticalScroll, can_focus=True):
    """A tab's content, scrolled by keys."""

    HELP = "What the firing got and what its steps did. Arrows scroll."

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self, pieces: Iterable[Piece]) -> None:
        self.query_one(Static).update(Content.assemble(*pieces))
        self.scroll_home(animate=False)


class Lines(OptionList, can_focus=False):
    """Lines, some of which stand for a path; the page around them has the focus."""


class ValuePage(Page):
    """What changed and the value after it; a cursor walks the paths."""

    HELP = """\
What the selected step changed (`~` changed, `+` added, `-` removed), then the value after it; on
the row `whole firing`, what came in first and went out last, and who wrote each path last. Inside
long texts `[-` stands before words that went and `{+` before words that came. The arrows walk the
paths: `enter` shows the value of a path through the chain, `W` every recorded step that wrote it,
`.` pins it so that only it is shown until `.` lets go. `d` shows long texts as a whole."""
    DEFAULT_CSS = """
    ValuePage Lines { height: 1fr; border: none; padding: 0; background: $surface; }
    ValuePage Lines > .option-list--option-highlighted { background: $panel; }
    ValuePage:focus Lines > .option-list--option-highlighted {
        background: $block-cursor-blurred-background;
    }
    ValuePage Lines > .option-list--option-disabled { color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "walk('cursor_up')", "Up", show=False, id="value.up"),
        Binding("down,j", "walk('cursor_down')", "Down", show=False, id="value.down"),
        Binding("pageup", "walk('page_up')", "Page up", show=False, id="value.page-up"),
        Binding("pagedown", "walk('page_down')", "Page down", show=False, id="value.page-down"),
        Binding("home", "walk('first')", "First", show=False, id="value.first"),
        Binding("end", "walk('last')", "Last", show=False, id="value.last"),
        Binding("enter", "choose", "Life", tooltip="A path's life", id="value.life"),
    ]

    class Chosen(Message):
        """Somebody wants to know what became of the path under the cursor."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id)
        self._lines: Sequence[Line] = ()
        self._wanted: Path | None = None
        """The path somebody put the cursor on."""

    def compose(self) -> ComposeResult:
        yield Lines(markup=False)

    @property
    def path(self) -> Path | None:
        """The path under the cursor."""
        index = self.query_one(Lines).highlighted
        return self._lines[index].path if index is not None else None

    @property
    def text(self) -> str:
        """All that the page says."""
        return "\n".join(line.content.plain for line in self._lines)

    def tell(self, lines: Sequence[Line]) -> None:
        """Show lines; the cursor goes to the path somebody put it on if that is among them."""
        path = self._wanted
        paths = [line.path for line in lines]
        listed = self.query_one(Lines)
        self._lines = ()
        listed.clear_options()
        self._lines = lines
        listed.add_options(
            [Option(line.content, disabled=line.path is None) for line in self._lines]
        )
        walked = [index for index, each in enumerate(paths) if each is not None]
        if walked:
            kept = path is not None and path in paths
            listed.highlighted = paths.index(path) if kept else walked[0]
            if listed.highlighted == walked[0]:
                listed.scroll_home(animate=False)

    def action_walk(self, how: str) -> None:
        listed = self.query_one(Lines)
        if listed.highlighted is None:
            listed.scroll_relative(y=-1 if how in ("cursor_up", "page_up", "first") else 1)
            return
        getattr(listed, f"action_{how}")()
        self._wanted = self.path
        if all(line.path is None for line in self._lines[: listed.highlighted]):
            # What stands above the first path is seen again.
            listed.scroll_home(animate=False)

    def action_choose(self) -> None:
        self.post_message(self.Chosen())

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._wanted = self.path
        self.focus()

    @on(OptionList.OptionHighlighted)
    def _walked(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
