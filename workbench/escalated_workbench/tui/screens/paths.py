"""What became of a path: through one chain, or in everything recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from escalated_core.analysis import blame
from escalated_core.analysis.firings import Firings
from escalated_core.records import Firing
from escalated_core.snapshots.paths import MISSING, Path, path_text
from escalated_workbench.tui.background import aside
from escalated_workbench.tui.look import owner_style, part
from escalated_workbench.tui.screens.box import BoxScreen
from escalated_workbench.tui.widgets.values import MUTED, change_line
from escalated_workbench.wording import counted, short

SHOWN = 500
"""Rows listed."""


class Goal(NamedTuple):
    """Where a row leads: a firing, and one of its steps."""

    firing_id: int
    step: int | None


Row = tuple[Content, Goal]


class PathScreen(BoxScreen[Goal]):
    """Rows that lead to steps; they are found while the screen is already shown."""

    HELP = "The arrows choose a row, enter goes to that step, escape closes."
    DEFAULT_CSS = """
    PathScreen > Vertical { width: 100; max-height: 90%; }
    PathScreen Static { color: $text-muted; height: auto; }
    PathScreen OptionList { height: auto; max-height: 100%; border: none; padding: 0; }
    PathScreen OptionList:focus { border: none; padding: 0; }
    PathScreen OptionList:focus > .option-list--option-highlighted {
        background: $block-cursor-blurred-background; color: $foreground;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", id="path.close"),
        Binding("j", "walk('cursor_down')", "Down", show=False, id="path.down"),
        Binding("k", "walk('cursor_up')", "Up", show=False, id="path.up"),
    ]

    def __init__(self, title: str, find: Callable[[], Sequence[Row]]) -> None:
        super().__init__()
        self._title = title
        self._find = find
        self._rows: Sequence[Row] = ()
        self.is_done = False
        """Whether everything is listed."""

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content.assemble(part(self._title))
            box.border_subtitle = "enter goes there · escape closes"
            yield Static("Looking through what is recorded …", markup=False)
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        aside(self, self._find, self._found)

    def _found(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        listed = self.query_one(OptionList)
        listed.add_options([Option(content) for content, _ in rows[:SHOWN]])
        words = "Nothing recorded wrote it." if not rows else counted(len(rows), "row")
        if len(rows) > SHOWN:
            words += f", the first {SHOWN:,} are shown"
        self.query_one(Static).update(words)
        if rows:
            listed.highlighted = 0
        listed.focus()
        self.is_done = True

    def action_walk(self, how: str) -> None:
        getattr(self.query_one(OptionList), f"action_{how}")()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._rows[event.option_index][1])


def life_of(firing: Firing, path: Path) -> PathScreen:
    """A path through the chain: in the argument, then after each step that wrote it."""

    def rows() -> list[Row]:
        found: list[Row] = []
        for index, value in blame.life(firing, path):
            step = firing.steps[index] if index is not None else None
            who = f"{step.callback} · {step.plugin or 'host'}" if step else "argument"
            shown = "nothing there" if value is MISSING else short(value, 2_000)
            style = owner_style(step.plugin) if step else MUTED
            content = Content.assemble(part(f"{who}  ", style), part(shown))
            found.append((content, Goal(firing.id, index)))
        return found

    return PathScreen(f"{path_text(path)} through {firing.hook}", rows)


def writers_of(firings: Firings, path: Path) -> PathScreen:
    """Every recorded step that wrote a path, newest first."""

    def rows() -> list[Row]:
        found: list[Row] = []
        for firing, index, change in reversed(firings.wrote(path_text(path))):
            step = firing.steps[index]
            head = part(f"#{firing.id} {firing.hook} ", MUTED)
            content = Content.assemble(head, change_line(change, writer=step).content)
            found.append((content, Goal(firing.id, index)))
        return found

    return PathScreen(f"Every step that wrote {path_text(path)}, newest first", rows)
