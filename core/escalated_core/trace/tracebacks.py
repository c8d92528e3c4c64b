"""Exceptions of plugins as records: the plugin's own frames with the source around them."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path
from types import TracebackType

from escalated_core.records import ErrorRecord, Frame
from escalated_core.trace.snapshot import type_name

MESSAGE_CAP = 4_000
AROUND = 4
"""Lines of source kept before and after the line of a frame."""

_CORE = str(Path(__file__).parents[1])


def error_record(error: BaseException, depth: int = 4) -> ErrorRecord:
    """Picture an exception; its chain is followed up to `depth` causes.

    Frames of the core are left out, and what the plugin called outside of itself is cut off
    unless nothing else is left.
    """
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames = tuple(_frames(error.__traceback__))
    if isinstance(error, SyntaxError):
        frames += tuple(_syntax_frame(error))
    return ErrorRecord(
        type=type_name(type(error)),
        message=message_of(error),
        frames=frames,
        cause=error_record(cause, depth - 1) if cause is not None and depth > 0 else None,
    )


def message_of(error: BaseException) -> str:
    """`str(error)`, guarded: an exception's own `__str__` may raise."""
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception as broken:  # noqa: BLE001 - the plugin's own exception class
        return f"(its __str__ raised {type_name(type(broken))})"
    return text[:MESSAGE_CAP]


def _frames(trace: TracebackType | None) -> list[Frame]:
    walked = [
        (frame, line, position)
        for (frame, line), position in zip(traceback.walk_tb(trace), _columns(trace), strict=False)
        if not frame.f_code.co_filename.startswith(_CORE)
        and not frame.f_code.co_filename.startswith("<frozen importlib")
    ]
    own = [entry for entry in walked if "__escalated_plugin__" in entry[0].f_globals]
    return [
        Frame(
            frame.f_code.co_filename,
            line,
            frame.f_code.co_qualname,
            source_around(frame.f_code.co_filename, line),
            column,
        )
        for frame, line, column in (own or walked)
    ]


def _columns(trace: TracebackType | None) -> list[int | None]:
    """The column (from 1) that each frame of a traceback stopped at, where Python knows it."""
    found: list[int | None] = []
    while trace is not None:
        positions = list(trace.tb_frame.f_code.co_positions())
        index = trace.tb_lasti // 2
        column = positions[index][2] if 0 <= index < len(positions) else None
        found.append(None if column is None else column + 1)
        trace = trace.tb_next
    return found


def _syntax_frame(error: SyntaxError) -> list[Frame]:
    if not error.filename or error.lineno is None:
        return []
    source = source_around(error.filename, error.lineno)
    return [Frame(error.filename, error.lineno, "<module>", source, error.offset or None)]


def source_around(file: str, line: int) -> tuple[tuple[int, str], ...]:
    """Numbered lines around `line`, as they were when the file was loaded."""
    lines = linecache.getlines(file)
    first = max(line - AROUND, 1)
    return tuple(enumerate((text.rstrip("\n") for text in lines[first - 1 : line + AROUND]), first))
