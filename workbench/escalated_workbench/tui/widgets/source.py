"""The source around a line, and the names that are there while it is stopped."""

from __future__ import annotations

import linecache
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Container

from escalated_core.records import Location
from escalated_core.stepping.stops import Line
from escalated_workbench.tui.look import part
from escalated_workbench.tui.widgets.pages import Page
from escalated_workbench.tui.widgets.values import MUTED, Piece
from escalated_workbench.wording import safe, short

AROUND = 200
"""Lines kept before and after the one that is meant."""
ABOVE = 4
"""Lines seen above it, at first."""
DECORATED = 20
"""Lines after the first decorator in which the function itself is looked for."""
LONG = 120
"""Characters shown of what a name stands for."""


class SourceView(Container):
    """Source with one line marked; beside it the locals where it is stopped at that line."""

    DEFAULT_CSS = """
    SourceView { layout: horizontal; height: 1fr; }
    SourceView #code { width: 3fr; height: 1fr; padding: 0; }
    SourceView #code Static { text-wrap: nowrap; text-overflow: ellipsis; }
    SourceView #names {
        width: 2fr; height: 1fr; display: none; padding: 0 0 0 1;
        border-left: solid $panel-lighten-2;
    }
    SourceView.-line #names { display: block; }
    SourceView.-column { layout: vertical; }
    SourceView.-column #code, SourceView.-column #names { width: 100%; }
    SourceView.-column #code { height: 3fr; }
    SourceView.-column #names {
        height: 2fr; border-left: none; border-top: solid $panel-lighten-2; padding: 0;
    }
    """

    _at = 0
    """The row of the line that is meant."""

    def compose(self) -> ComposeResult:
        yield Page(id="code")
        yield Page(id="names")

    def watch_virtual_size(self) -> None:
        # Not `on_resize`: that is not called when something asks for a region just before.
        self.call_after_refresh(self._aim)

    def _aim(self) -> None:
        """Have the line that is meant in sight, however few there are room for."""
        code = self.query_one("#code", Page)
        above = min(ABOVE, code.scrollable_content_region.height // 2)
        code.scroll_to(y=max(self._at - above, 0), animate=False)

    def show(self, place: Location | None, line: Line | None) -> None:
        """Show a place in a file; with a `line`, its locals too."""
        code, names = self.query_one("#code", Page), self.query_one("#names", Page)
        self.set_class(line is not None, "-line")
        if place is None:
            code.show([part("Nothing is left to run.", MUTED)])
            return
        first, pieces = source(place)
        code.show(pieces)
        self._at = place.line - first
        self.call_after_refresh(self._aim)
        if line is not None:
            names.show(_locals(line))


def source(place: Location) -> tuple[int, list[Piece]]:
    """The number of the first line shown, and the lines around a place, which is marked."""
    lines = linecache.getlines(place.file)
    if not lines:
        return 1, [part(f"The source of {Path(place.file).name} cannot be read.", MUTED)]
    first = max(place.line - AROUND, 1)
    shown = lines[first - 1 : place.line + AROUND]
    width = len(str(first + len(shown)))
    pieces: list[Piece] = []
    for number, text in enumerate(shown, first):
        is_here = number == place.line
        gutter = f"{'▸' if is_here else ' '}{number:>{width}}  "
        pieces.append(part(gutter, "bold $text-accent" if is_here else MUTED))
        style = "bold $text-accent" if is_here else ""
        pieces.append(part(f"{safe(text.rstrip())}\n", style))
    return first, pieces


def definition(place: Location) -> Location:
    """The line of `def` of a function whose decorators begin at a place."""
    lines = linecache.getlines(place.file)[place.line - 1 : place.line - 1 + DECORATED]
    if not lines or not lines[0].lstrip().startswith("@"):
        return place
    for number, text in enumerate(lines):
        if text.lstrip().startswith(("def ", "async def ", "class ")):
            return Location(place.file, place.line + number)
    return place


def _locals(line: Line) -> list[Piece]:
    pieces: list[Piece] = [part(f"names in {line.function}\n", MUTED)]
    for name, value in line.names.items():
        pieces += [part(f"{name}", "bold $text-accent"), part(" = ", MUTED)]
        pieces.append(part(f"{short(value, LONG)}\n"))
    return pieces if len(pieces) > 1 else [*pieces, part("none yet", MUTED)]
