"""The live timeline: every firing in one line, nested ones indented, drawn line by line."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from escalated_core.records import Row
from escalated_workbench.tui.look import owner_style
from escalated_workbench.wording import OUTCOME_GLYPHS, in_milliseconds, safe

KEPT = 100_000
"""Rows held, as many as the trace holds firings."""
ROOMY, TIGHT = 60, 46
"""Columns from which the time of day has milliseconds, and from which it is shown at all."""
EMPTY = ("Nothing has fired yet.", "", "Press f to fire a hook.")


LOOK = """
Timeline { overflow-x: hidden; }
Timeline > .timeline--cursor { background: $block-cursor-blurred-background; }
Timeline:focus > .timeline--cursor {
    background: $block-cursor-background; color: $block-cursor-foreground;
}
Timeline > .timeline--time { color: $text-muted; }
Timeline > .timeline--ok { color: $foreground; }
Timeline > .timeline--error { color: $text-error; }
Timeline > .timeline--stuck { color: $text-warning; }
Timeline > .timeline--quiet { color: $text-muted; }
"""
PARTS = {
    "timeline--cursor",
    "timeline--time",
    "timeline--ok",
    "timeline--error",
    "timeline--stuck",
    "timeline--quiet",
}
MOVING: list[BindingType] = [
    Binding("up,k", "move(-1)", "Up", show=False, id="timeline.up"),
    Binding("down,j", "move(1)", "Down", show=False, id="timeline.down"),
    Binding("pageup", "page(-1)", "Page up", show=False, id="timeline.page-up"),
    Binding("pagedown", "page(1)", "Page down", show=False, id="timeline.page-down"),
    Binding("home", "first", "First", show=False, id="timeline.first"),
    Binding("end", "last", "Newest", show=False, id="timeline.newest"),
    Binding("enter", "enter", "To its steps", show=False, id="timeline.enter"),
]


class Timeline(ScrollView, can_focus=True):
    """Firings in the order they began; follows the newest while the cursor is at the end."""

    BORDER_TITLE = "Firings"
    HELP = """\
Every firing in one line: when it began, the hook, how many callbacks ran, whether the value
changed (`~`), how it ended and how long it took. Nested firings are indented. The list follows the
newest while the cursor is on the last one; what only tells that a plugin was loaded, with nobody
listening, does not take the cursor. `enter` goes to the steps, `r` fires the same hook again.
`space` holds the list still; recording goes on."""

    DEFAULT_CSS = LOOK
    COMPONENT_CLASSES: ClassVar[set[str]] = PARTS
    BINDINGS: ClassVar[list[BindingType]] = MOVING

    cursor: reactive[int] = reactive(0, repaint=False)
    held: reactive[bool] = reactive(False)

    @dataclass
    class Selected(Message):
        """The cursor is on another firing; None when the timeline is empty."""

        timeline: Timeline
        firing_id: int | None

        @property
        def control(self) -> Timeline:
            return self.timeline

    class Entered(Message):
        """Somebody wants to see the steps of the firing under the cursor."""

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._rows: list[Row] = []
        self._waiting: list[Row] = []
        self._told: int | None = None
        self._newest_id: int | None = None
        self._wanted_id: int | None = None
        self.gone = 0

    @property
    def selected(self) -> Row | None:
        """The row the cursor is on."""
        return self._rows[self.cursor] if self._rows else None

    def extend(self, rows: Iterable[Row]) -> None:
        """Take up new rows; while held they wait and are counted."""
        self._waiting.extend(rows)
        wanted = next((r.id for r in self._waiting if r.id == self._wanted_id), None)
        if self._waiting and (wanted is not None or not self.held):
            self._take_up()
        if wanted is not None:
            self.show_firing(wanted)
        self._subtitle()

    def watch_held(self) -> None:
        self.extend(())

    def watch_cursor(self, old: int, new: int) -> None:
        top = int(self.scroll_offset.y)
        for line in (old, new):
            self.refresh(Region(0, line - top, self.size.width, 1))
        self._keep_in_view()
        self._tell()

    def action_move(self, lines: int) -> None:
        self.go_to(self.cursor + lines)

    def action_page(self, pages: int) -> None:
        self.go_to(self.cursor + pages * max(self.size.height - 1, 1))

    def action_first(self) -> None:
        self.go_to(0)

    def action_last(self) -> None:
        self.go_to(len(self._rows) - 1)

    def go_to(self, index: int) -> None:
        """Move the cursor, as far as there are rows."""
        if self._rows:
            self.cursor = max(0, min(index, len(self._rows) - 1))

    def action_enter(self) -> None:
        if self._rows:
            self.post_message(self.Entered())

    def show_firing(self, firing_id: int) -> None:
        """Move the cursor to a firing, now or as soon as it is listed, also while held."""
        index = bisect_left(self._rows, firing_id, key=_id)
        if index < len(self._rows) and self._rows[index].id == firing_id:
            self._wanted_id = None
            self.go_to(index)
        else:
            self._wanted_id = firing_id
            self.extend(())

    def go_to_error(self, direction: int) -> bool:
        """Move to the next (1) or previous (-1) firing that did not end well; False if none."""
        index = self.cursor + direction
        while 0 <= index < len(self._rows):
            if self._rows[index].outcome != "ok":
                self.go_to(index)
                return True
            index += direction
        return False

    def _take_up(self) -> None:
        following = not self._rows or self.cursor >= self._newest()
        selected = self.selected
        rows = sorted(self._waiting, key=_id)
        self._waiting.clear()
        telling = [row.id for row in rows if _tells(row)]
        newer = telling and telling[-1] > (self._newest_id or 0)
        if newer:
            self._newest_id = telling[-1]
        following = following and (newer or self._newest_id is None)
        if self._rows and rows[0].id < self._rows[-1].id:
            self._rows = sorted([*self._rows, *rows], key=_id)
        else:
            self._rows.extend(rows)
        surplus = len(self._rows) - KEPT
        if surplus > 0:
            del self._rows[:surplus]
            self.gone += surplus
        self._layout()
        if following:
            self._select(self._newest())
        elif selected is not None:
            self._select(bisect_left(self._rows, selected.id, key=_id))

    def _newest(self) -> int:
        """The index of what somebody just did: the newest outermost firing that tells anything."""
        if self._newest_id is None:
            return max(len(self._rows) - 1, 0)
        return bisect_left(self._rows, self._newest_id, key=_id)

    def _select(self, index: int) -> None:
        index = min(index, len(self._rows) - 1)
        if index != self.cursor:
            self.cursor = index
        elif self._told != self._rows[index].id:
            self._tell()
        if index >= self._newest():
            self.scroll_end(animate=False, immediate=True)
        self._keep_in_view()

    def _keep_in_view(self) -> None:
        region = Region(0, self.cursor, 1, 1)
        self.scroll_to_region(region, animate=False, force=True, immediate=True)

    def _tell(self) -> None:
        row = self.selected
        self._told = row.id if row else None
        self.post_message(self.Selected(self, self._told))

    def _layout(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows))
        self.refresh()

    def _subtitle(self) -> None:
        parts = [f"{len(self._rows) + self.gone:,}"]
        if self.held:
            parts.append(f"⏸ held, {len(self._waiting):,} waiting")
        if self.gone:
            parts.append(f"{self.gone:,} gone")
        self.border_subtitle = " · ".join(parts)

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._layout()
        # Not before the new size is known to the scroll bar.
        self.call_after_refresh(self._keep_in_view)

    def on_click(self, event: events.Click) -> None:
        self.go_to(event.y + int(self.scroll_offset.y))

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + int(self.scroll_offset.y)
        base = self.rich_style
        if not self._rows:
            text = EMPTY[y - 1] if 0 < y <= len(EMPTY) else ""
            quiet = self.get_component_rich_style("timeline--quiet")
            return Strip([Segment(f"  {text}".ljust(width), quiet)]).crop(0, width)
        if index >= len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[index]
        quiet = self.get_component_rich_style("timeline--time", partial=True)
        worst = self.get_component_rich_style(_OUTCOME_CLASS[row.outcome], partial=True)
        if index == self.cursor:
            base = self.get_component_rich_style("timeline--cursor")
            segments = [Segment(text, base) for text, _ in row_cells(row, width, quiet, worst)]
        else:
            segments = [
                Segment(text, base + style) for text, style in row_cells(row, width, quiet, worst)
            ]
        return Strip(segments).extend_cell_length(width, base).crop(0, width)


_OUTCOME_CLASS = {
    "ok": "timeline--ok",
    "skipped": "timeline--quiet",
    "error": "timeline--error",
    "interrupted": "timeline--stuck",
}


def _id(row: Row) -> int:
    return row.id


def _tells(row: Row) -> bool:
    """Whether somebody did something: not nested, and more than a plugin's coming and going."""
    return not row.depth and (row.cause != "lifecycle" or row.steps > 0)


def local_time(seconds: float) -> datetime:
    """A moment as a clock here shows it."""
    return datetime.fromtimestamp(seconds).astimezone()


def row_cells(row: Row, width: int, quiet: Style, worst: Style) -> list[tuple[str, Style]]:
    """The pieces of a row, filling exactly `width` columns."""
    moment = local_time(row.started_at)
    time = f" {moment:%H:%M:%S}" if width >= TIGHT else ""
    time += f".{moment.microsecond // 1000:03d} " if width >= ROOMY else " "
    indent = "  " * min(row.depth, 8) + ("└ " if row.depth else "")
    glyph = "·" if not row.steps else OUTCOME_GLYPHS[row.outcome]
    mark = "~" if row.changed else " "
    took = f" {row.steps:>2} {mark}{glyph} {in_milliseconds(row.duration_ns):>6} ms "
    room = max(width - len(time) - len(took), 4)
    name = safe(f"{indent}{row.hook}")
    who = safe(f" {' '.join(row.plugins)}") if row.plugins else ""
    name = f"{name[: room - 1]}…" if len(name) > room else name
    who = who if len(name) + len(who) <= room else ""
    gap = " " * (room - len(name) - len(who))
    owner = Style.parse(owner_style(row.plugins[0])) if len(row.plugins) == 1 else quiet
    return [
        (time, quiet),
        (name, worst),
        (who, owner + Style(dim=True)),
        (gap, Style.null()),
        (took, worst),
    ]
