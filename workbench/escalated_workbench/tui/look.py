"""How things look: text of others as styled content, one colour for each owner."""

from __future__ import annotations

from zlib import crc32

from rich.text import Text
from textual.content import Content

from escalated_core.records import ErrorRecord, Frame, Location
from escalated_workbench.wording import safe

# Middle tones, readable on light and dark; as hex, for Rich and Textual name colours differently.
OWNER_STYLES = ("#23877f", "#7f70cc", "#78851c", "#b36b14", "#357fd0", "#c05598", "#468946")

OUTCOME_STYLES = {
    "ok": "$text-success",
    "error": "$text-error",
    "skipped": "$foreground-muted",
    "interrupted": "$text-warning",
}
STATUS_STYLES = {"active": "green", "inactive": "dim", "failed": "red"}
SEVERITY_STYLES = {"error": "$text-error", "warning": "$text-warning", "info": "$foreground-muted"}


AROUND = 2
"""Lines of source shown before and after the one a frame stands on."""


def owner_style(slug: str | None) -> str:
    """One colour per plugin throughout."""
    return OWNER_STYLES[crc32((slug or "").encode()) % len(OWNER_STYLES)] if slug else "dim"


def part(text: str, style: str = "") -> tuple[str, str]:
    """A piece for `Content.assemble`, with control codes made visible."""
    return safe(text), style


def label(*parts: tuple[str, str]) -> Text:
    """A label for trees, which speak Rich."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for words, style in parts:
        text.append(safe(words), style)
    return text


def source(frame: Frame) -> Content:
    """The lines around a frame; the line it stands on is marked, with a caret if known."""
    lines: list[tuple[str, str] | Content] = []
    for number, text in frame.source:
        if abs(number - frame.line) > AROUND:
            continue
        here = number == frame.line
        mark = "▸" if here else " "
        style = "bold $text-error" if here else "$foreground-muted"
        lines.append(part(f"{mark}{number:>5}  {text}\n", style))
        if here and frame.column:
            lines.append(part(f"{'':8}{' ' * (frame.column - 1)}^\n", "$text-error"))
    return Content.assemble(*lines)


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
        pieces.append(source(frame))
    if record.cause is not None:
        pieces.append(part("\ncaused by\n", "$foreground-muted"))
        pieces.append(error(record.cause, width))
    return Content.assemble(*pieces)
