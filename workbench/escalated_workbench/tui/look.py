"""How things look: text of others as styled content, one colour for each owner."""

from __future__ import annotations

from zlib import crc32

from rich.cells import cell_len, chop_cells
from rich.style import Style as RichStyle
from rich.text import Span, Text
from textual.content import Content
from textual.style import Style

from escalated_core.records import ErrorRecord, Frame, Location
from escalated_workbench.tui.colours import OWNERS
from escalated_workbench.wording import safe

OUTCOME_STYLES = {
    "ok": "$text-success",
    "error": "$text-error",
    "skipped": "$foreground-muted",
    "interrupted": "$text-warning",
}
STATUS_STYLES = {
    "active": "$text-success",
    "inactive": "$foreground-muted",
    "failed": "$text-error",
}
SEVERITY_STYLES = {"error": "$text-error", "warning": "$text-warning", "info": "$foreground-muted"}


GUTTER = 8
"""Columns before a line of source."""
AROUND = 2
"""Lines of source shown before and after the one a frame stands on."""


def owner_style(slug: str | None) -> str:
    """One colour per plugin throughout."""
    return f"$owner-{crc32(slug.encode()) % len(OWNERS)}" if slug else "$foreground-muted"


def part(text: str, style: str = "") -> tuple[str, str]:
    """A piece for `Content.assemble`, with control codes made visible."""
    return safe(text), style


def rich_style(style: str) -> RichStyle:
    """A style with the names of the theme, such as `bold $text-error`, for what speaks Rich."""
    found = Style.parse(style)
    color = found.foreground.rich_color if found.foreground is not None else None
    return RichStyle(color=color, bold=found.bold, italic=found.italic, dim=found.dim)


def label(*parts: tuple[str, str]) -> Text:
    """A label for trees, which speak Rich; its styles are still to be `themed`."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for words, style in parts:
        text.append(safe(words), style)
    return text


def themed(text: Text) -> Text:
    """A label with the colours of the theme that is chosen now."""
    text.spans = [
        Span(start, end, rich_style(style) if isinstance(style, str) else style)
        for start, end, style in text.spans
    ]
    return text


def source(frame: Frame, width: int = 0, whole: bool = True) -> Content:
    """The lines around a frame; the line it stands on is marked, with a caret if known.

    A line goes on below where it is longer than `width` columns; unless `whole`, the lines around
    it are cut there. 0 leaves that to whoever shows it.
    """
    lines: list[tuple[str, str]] = []
    room = max(width - GUTTER, 20) if width else 10_000
    for number, text in frame.source:
        if abs(number - frame.line) > AROUND:
            continue
        here = number == frame.line
        style = "bold $text-error" if here else "$foreground-muted"
        gutter = f"{'▸' if here else ' '}{number:>5}  "
        caret = cell_len(safe(text[: frame.column - 1])) if here and frame.column else -1
        pieces = _folded(safe(text), room) if here or whole else [cut(safe(text), room)]
        for piece in pieces:
            lines.append(part(f"{gutter}{piece}\n", style))
            if caret >= 0 and (caret < cell_len(piece) or piece is pieces[-1]):
                lines.append(part(f"{'':{GUTTER}}{'':{caret}}^\n", "$text-error"))
            caret -= cell_len(piece)
            gutter = f"{'':{GUTTER}}"
    return Content.assemble(*lines)


def cut(text: str, room: int) -> str:
    """A text in so many columns, with a sign where some of it is left out."""
    return text if cell_len(text) <= room else f"{chop_cells(text, room - 1)[0]}…"


def _folded(text: str, room: int) -> list[str]:
    """A text in lines of so many columns, broken at spaces where there are any."""
    pieces: list[str] = []
    while cell_len(text) > room:
        head = chop_cells(text, room)[0]
        end = head.rfind(" ", len(head) // 2) + 1 or len(head)
        pieces.append(text[:end])
        text = text[end:]
    return [*pieces, text]


def error(record: ErrorRecord, width: int = 0) -> Content:
    """An error with its frames, innermost first, and its causes below.

    Its message is broken at `width` columns; 0 leaves that to whoever shows it.
    """
    message = Content(safe(f"✖ {record}"))
    lines = message.wrap(width) if width else [message]
    pieces: list[Content | tuple[str, str]] = []
    pieces += [part(f"{line.plain}\n", "bold $text-error") for line in lines]
    if len(record.frames) > 1:
        pieces.append(part("where it stopped first, its callers below\n", "$foreground-muted"))
    for frame in reversed(record.frames):
        place = f"{Location(frame.file, frame.line)} in {frame.function}"
        pieces.append(part(f"{place}\n", "$text-accent"))
        pieces.append(source(frame, width))
    if record.cause is not None:
        pieces.append(part("\ncaused by\n", "$foreground-muted"))
        pieces.append(error(record.cause, width))
    return Content.assemble(*pieces)
