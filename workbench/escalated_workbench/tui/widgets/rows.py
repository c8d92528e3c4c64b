"""Firings drawn line by line: when, which hook, how many callbacks, how it ended, how long."""

# Textual leaves the parameters of its reactives open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from datetime import datetime
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from escalated_core.records import Row
from escalated_core.trace.trace import Trace
from escalated_workbench.playback import Recorded
from escalated_workbench.tui.look import owner_style, rich_style
from escalated_workbench.tui.widgets.happened import title_of
from escalated_workbench.tui.widgets.lines import LineList
from escalated_workbench.tui.widgets.listing import LOOKED_AT, Listing
from escalated_workbench.wording import OUTCOME_GLYPHS, in_milliseconds, safe

ROOMY, TIGHT = 60, 46
"""Columns from which the time of day has milliseconds, and from which it is shown at all."""
LEAST = 12
"""Columns that are worth the beginning of a title."""
EMPTY = ("Nothing has fired yet.", "", "Press f to fire a hook, e to make something happen.")
EMPTY_SESSION = ("No firing was saved in this session.",)
HELD = ("What was listed here has been dropped.", "", "Press space to go on.")
NO_MATCH = ("No firing matches the filter.", "", "Press / to change it.")


class Rows(LineList):
    """Draws a listing of firings."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"timeline--{part}" for part in ("cursor", "time", "ok", "error", "stuck", "quiet")
    }

    def __init__(self, trace: Trace | Recorded, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.listing = Listing(trace.get)
        self._base = Style.null()
        self._trace = trace

    @property
    def count(self) -> int:
        return len(self.listing.lines)

    @property
    def selected(self) -> Row | None:
        """The row the cursor is on; of a burst, the newest."""
        return self.listing.at(self.cursor)

    def render_lines(self, crop: Region) -> list[Strip]:
        # Once, not for each line: to ask for it takes as long as to draw one.
        self._base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + int(self.scroll_offset.y)
        base = self._base
        if not self.listing.lines:
            said = (wrap(each, max(width - 4, 1)) or [""] for each in self._nothing())
            words = [line for lines in said for line in lines]
            text = words[y - 1] if 0 < y <= len(words) else ""
            quiet = self.get_component_rich_style("timeline--quiet")
            return Strip([Segment(f"  {text}".ljust(width), quiet)]).crop(0, width)
        row = self.listing.at(index)
        if row is None:
            return Strip.blank(width, base)
        if row.kind == "event":
            # It has no steps of its own: how it went is how that went which it caused.
            row = row._replace(outcome=self.listing.worst(row))
        quiet = self.get_component_rich_style("timeline--time", partial=True)
        worst = self.get_component_rich_style(_OUTCOME_CLASS[row.outcome], partial=True)
        cells = row_cells(row, width, quiet, worst, self._more(index, row))
        if index == self.cursor:
            base = self.get_component_rich_style("timeline--cursor")
            segments = [Segment(text, base) for text, _ in cells]
        else:
            segments = [Segment(text, base + style) for text, style in cells]
        return Strip(segments).extend_cell_length(width, base).crop(0, width)

    def _nothing(self) -> tuple[str, ...]:
        """What is said where there are no lines."""
        if self.listing.rows:
            return ("Looking …",) if self.listing.behind else NO_MATCH
        if not isinstance(self._trace, Trace):
            return EMPTY_SESSION
        return HELD if len(self._trace) else EMPTY

    def _more(self, index: int, row: Row) -> str:
        """What else a line tells: that it is pinned, and what is folded into it."""
        line = self.listing.lines[index]
        words = " ◆" if row.id in self._trace.pinned else ""
        if isinstance(line, list):
            words += f" ×{len(line):,}"
        if self.listing.is_closed(row.id):
            below = self.listing.below(row)
            words += f" ▸{below:,}{'+' if below >= LOOKED_AT else ''} inside"
        return words


_OUTCOME_CLASS = {
    "ok": "timeline--ok",
    "skipped": "timeline--quiet",
    "error": "timeline--error",
    "interrupted": "timeline--stuck",
}


def local_time(seconds: float) -> datetime:
    """A moment as a clock here shows it."""
    return datetime.fromtimestamp(seconds).astimezone()


def row_cells(
    row: Row, width: int, quiet: Style, worst: Style, more: str = ""
) -> list[tuple[str, Style]]:
    """The pieces of a row, filling exactly `width` columns; `more` stands after the name."""
    moment = local_time(row.started_at)
    time = f" {moment:%H:%M:%S}" if width >= TIGHT else ""
    time += f".{moment.microsecond // 1000:03d} " if width >= ROOMY else " "
    indent = "  " * min(row.depth, 8) + ("└ " if row.depth else "")
    glyph = OUTCOME_GLYPHS[row.outcome] if row.steps or row.outcome != "ok" else "·"
    mark = "~" if row.changed else " "
    took = f" {row.steps:>2} {mark}{glyph} {in_milliseconds(row.duration_ns):>6} ms "
    room = max(width - len(time) - len(took) - len(more), 4)
    name = safe(f"{indent}{row.hook}")
    about = title_of(row.hook) if row.kind == "event" else " ".join(row.plugins)
    who = safe(f" {about}") if about else ""
    name = f"{name[: room - 1]}…" if len(name) > room else name
    who = who if len(name) + len(who) <= room else _cut(who, room - len(name), row)
    gap = " " * (room - len(name) - len(who))
    owner = rich_style(owner_style(row.plugins[0])) if len(row.plugins) == 1 else quiet
    return [
        (time, quiet),
        (name, worst),
        (more, quiet),
        (who, owner),
        (gap, Style.null()),
        (took, worst),
    ]


def _cut(who: str, room: int, row: Row) -> str:
    """What an event is, as far as there is room; owners are only named in full."""
    return f"{who[: room - 1]}…" if row.kind == "event" and room > LEAST else ""
