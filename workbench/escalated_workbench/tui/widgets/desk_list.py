"""Rows of one kind of the help desk, one in a line."""

# Textual leaves the parameters of its reactives open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from escalated_core.helpdesk.references import ReferenceKind
from escalated_workbench.composing import Row
from escalated_workbench.tui.look import cut
from escalated_workbench.tui.widgets.lines import LineList, moving
from escalated_workbench.tui.widgets.rehearsal import short_text

COLUMNS: dict[ReferenceKind, tuple[tuple[str, int, int], ...]] = {
    "ticket": (
        ("reference", 9, 9),
        ("status", 11, 19),
        ("priority", 8, 8),
        ("requester", 10, 17),
        ("assigned_to", 10, 17),
        ("subject", 0, 0),
    ),
    "comment": (
        ("key", 4, 5),
        ("reference", 9, 9),
        ("author", 14, 18),
        ("is_internal_note", 4, 4),
        ("body", 0, 0),
    ),
    "user": (("username", 18, 24), ("role", 8, 8), ("name", 16, 24), ("email", 0, 0)),
    "department": (("slug", 14, 16), ("name", 18, 24), ("description", 0, 0)),
    "tag": (("slug", 14, 20), ("name", 14, 20), ("color", 0, 0)),
}
"""What is shown of a row, in how many columns where room is short and where not; 0 is the rest."""
EMPTY = "There is no such row."
NOWHERE = {"assigned_to": "nobody", "author": "a guest"}
ROOMY, TIGHT = 100, 62
"""Columns from which there is much room, and below which people are left out."""


class DeskList(LineList):
    """The cursor stays on its row when others come and go."""

    HELP = """\
What is at the help desk: tickets with their status, priority, requester, agent and subject;
comments, people, departments and tags by `1` to `5`. `/` filters; `enter` goes to the details,
where it edits the field under the cursor. `e` has something happen to the row, `R` has all rows as
they were at first."""
    COMPONENT_CLASSES: ClassVar[set[str]] = {"desk--cursor", "desk--quiet", "desk--name"}
    DEFAULT_CSS = """
    DeskList { background: $surface; }
    DeskList > .desk--cursor { background: $block-cursor-blurred-background; }
    DeskList:focus > .desk--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground;
    }
    DeskList > .desk--quiet { color: $text-muted; }
    DeskList > .desk--name { color: $text-accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = moving("desk")

    class Selected(Message):
        """The cursor is on another row."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._kind: ReferenceKind = "ticket"
        self._rows: Sequence[Row] = ()

    @property
    def count(self) -> int:
        return len(self._rows)

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    def show(self, kind: ReferenceKind, rows: Sequence[Row]) -> None:
        """Show rows of a kind, with the cursor where it was."""
        row = self.row if kind == self._kind else None
        self._kind, self._rows = kind, rows
        keys = [each["key"] for each in rows]
        key = row["key"] if row is not None else None
        index = keys.index(key) if key in keys else min(self.cursor, max(len(rows) - 1, 0))
        self.lay_out()
        self.set_reactive(DeskList.cursor, index if row is not None else 0)
        self.keep_in_view()
        self.refresh()
        self.pointed()

    def pointed(self) -> None:
        self.post_message(self.Selected())

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + int(self.scroll_offset.y)
        base = self.rich_style
        quiet = self.get_component_rich_style("desk--quiet", partial=True)
        if index >= len(self._rows):
            words = f" {EMPTY}" if not index else ""
            return Strip([Segment(words, base + quiet)]).extend_cell_length(width, base)
        is_here = index == self.cursor
        styles = {"reference": self.get_component_rich_style("desk--name", partial=True)}
        styles |= dict.fromkeys(("status", "priority", "role", "key"), quiet)
        if is_here:
            base = self.get_component_rich_style("desk--cursor")
        segments = [
            Segment(text, base if is_here else base + styles.get(name, Style.null()))
            for name, text in _cells(self._kind, self._rows[index], width)
        ]
        return Strip(segments).extend_cell_length(width, base).crop(0, width)


def _cells(kind: ReferenceKind, row: Row, width: int) -> list[tuple[str, str]]:
    """The pieces of a row by field; the last takes what room there is."""
    cells: list[tuple[str, str]] = []
    left = width
    for name, narrow, wide in COLUMNS[kind]:
        if width < TIGHT and name in ("requester", "assigned_to"):
            continue
        columns = wide if width >= ROOMY else narrow
        value = row.get(name)
        text = NOWHERE.get(name, "") if value is None else str(value)
        if name == "is_internal_note":
            text = "note" if value else ""
        room = max(columns or left - 2, 4)
        text = cut(short_text(text, room * 2), room)
        cells.append((name, f" {text}{' ' * max(columns - cell_len(text), 0)}"))
        left -= columns + 1
    return cells
