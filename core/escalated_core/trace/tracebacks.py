"""Exceptions of plugins as records: the plugin's own frames with the source around them."""

from __future__ import annotations

import linecache
import traceback
from types import FrameType, TracebackType
from typing import Any

from escalated_core.errors import Unwind
from escalated_core.hooks.registration import CORE_FOLDER
from escalated_core.records import ErrorRecord, Frame
from escalated_core.snapshots.static import kind_of, type_name

MESSAGE_CAP = 4_000
"""Characters kept of an exception's text."""
FRAME_CAP = 50
"""Frames kept of a traceback: the outermost ten and the innermost rest."""
AROUND = 4
"""Lines of source kept before and after the line of a frame."""

_OUTERMOST = 10
_BASE: Any = vars(BaseException)


def error_record(error: BaseException, depth: int = 4, outside: bool = True) -> ErrorRecord:
    """Picture an exception; its chain is followed up to `depth` causes.

    Only frames of plugins are kept; if there are none, and `outside` is true, those of others.
    Runs the exception's `__str__`, which may be a plugin's.
    """
    cause: BaseException | None = _BASE["__cause__"].__get__(error)
    if cause is None and not _BASE["__suppress_context__"].__get__(error):
        cause = _BASE["__context__"].__get__(error)
    frames = _frames(_BASE["__traceback__"].__get__(error), outside)
    if isinstance(error, SyntaxError):
        frames += _syntax_frame(error)
    return ErrorRecord(
        type=type_name(kind_of(error)),
        message=message_of(error),
        frames=tuple(frames),
        cause=error_record(cause, depth - 1, outside) if cause is not None and depth > 0 else None,
    )


def message_of(error: BaseException) -> str:
    """`str(error)`, guarded: an exception's own `__str__` may raise."""
    try:
        text = str(error.msg) if isinstance(error, SyntaxError) else str(error)
    except Unwind:
        raise
    except BaseException as broken:  # noqa: BLE001 - the plugin's own exception class
        return f"(its __str__ raised {type_name(kind_of(broken))})"
    return text if len(text) <= MESSAGE_CAP else f"{text[:MESSAGE_CAP]}… ({len(text):,} characters)"


def traceback_text(record: ErrorRecord) -> str:
    """The error as Python would print it: its text, then its frames with their line of source."""
    lines = [str(record)]
    for frame in record.frames:
        lines.append(f'  File "{frame.file}", line {frame.line}, in {frame.function}')
        lines += [f"    {text.strip()}" for number, text in frame.source if number == frame.line]
    return "\n".join(lines)


def source_around(file: str, line: int) -> tuple[tuple[int, str], ...]:
    """Numbered lines around `line`, as they were when the file was loaded."""
    lines = linecache.getlines(file)
    first = max(line - AROUND, 1)
    return tuple(enumerate((text.rstrip("\n") for text in lines[first - 1 : line + AROUND]), first))


def _frames(trace: TracebackType | None, outside: bool) -> list[Frame]:
    walked = [
        (frame, line, column)
        for (frame, line), column in zip(traceback.walk_tb(trace), _columns(trace), strict=True)
        if not frame.f_code.co_filename.startswith((CORE_FOLDER, "<frozen importlib"))
    ]
    own = [entry for entry in walked if "__escalated_plugin__" in entry[0].f_globals]
    chosen = own or (walked if outside else [])
    left_out = len(chosen) - FRAME_CAP
    if left_out <= 0:
        return [_frame(*entry) for entry in chosen]
    outer, inner = chosen[:_OUTERMOST], chosen[_OUTERMOST + left_out :]
    frame, line, _ = chosen[_OUTERMOST]
    gap = Frame(frame.f_code.co_filename, line, f"… {left_out:,} more frames")
    return [*(_frame(*entry) for entry in outer), gap, *(_frame(*entry) for entry in inner)]


def _frame(frame: FrameType, line: int, offset: int | None) -> Frame:
    """Picture a frame that stopped in `line`, `offset` bytes from its start."""
    code = frame.f_code
    column = None
    if offset is not None:
        before = linecache.getline(code.co_filename, line).encode("utf-8", "replace")[:offset]
        column = len(before.decode("utf-8", "replace")) + 1 if before or not offset else offset + 1
    source = source_around(code.co_filename, line)
    return Frame(code.co_filename, line, code.co_qualname, source, column)


def _columns(trace: TracebackType | None) -> list[int | None]:
    """The bytes before the place that each frame of a traceback stopped at, if Python knows."""
    found: list[int | None] = []
    while trace is not None:
        positions = list(trace.tb_frame.f_code.co_positions())
        index = trace.tb_lasti // 2
        found.append(positions[index][2] if 0 <= index < len(positions) else None)
        trace = trace.tb_next
    return found


def _syntax_frame(error: SyntaxError) -> list[Frame]:
    """The line that cannot be read, where it is in a file."""
    file, line, column = error.filename, error.lineno, error.offset
    if type(file) is not str or type(line) is not int or file.startswith("<"):
        return []
    source = source_around(file, line)
    return [Frame(file, line, "<module>", source, column or None)]
