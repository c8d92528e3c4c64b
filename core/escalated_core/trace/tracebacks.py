"""Exceptions of plugins as records: the plugin's own frames with the source around them."""

from __future__ import annotations

import inspect
import linecache
import traceback
from types import FrameType, TracebackType
from typing import Any

from escalated_core.errors import Unwind
from escalated_core.hooks.registration import CORE_FOLDER
from escalated_core.records import ErrorRecord, Frame
from escalated_core.snapshots.snapshot import snapshot_names
from escalated_core.snapshots.static import kind_of, mro, type_name

MESSAGE_CAP = 4_000
"""Characters kept of an exception's text."""
FRAME_CAP = 50
"""Frames kept of a traceback: the outermost ten and the innermost rest."""
FRAMES_WITH_LOCALS = 3
"""How many of the innermost frames show the values of their names."""
NAMES_CAP = 50
LOCALS_CAP = 2_000
"""Names of a frame, and values in all that they hold, that are kept."""
AROUND = 4
"""Lines of source kept before and after the line of a frame."""

_OUTERMOST = 10
_BASE: Any = vars(BaseException)
_SYNTAX: Any = vars(SyntaxError)


def error_record(error: BaseException, depth: int = 4, outside: bool = True) -> ErrorRecord:
    """Picture an exception; its chain is followed up to `depth` causes.

    Only frames of plugins are kept; if there are none, and `outside` is true, those of others.
    Runs the exception's `__str__`, which may be a plugin's.
    """
    cause: BaseException | None = _BASE["__cause__"].__get__(error)
    if cause is None and not _BASE["__suppress_context__"].__get__(error):
        cause = _BASE["__context__"].__get__(error)
    frames = _frames(_BASE["__traceback__"].__get__(error), outside)
    if _is_syntax_error(error):
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
        text = str(_SYNTAX["msg"].__get__(error)) if _is_syntax_error(error) else str(error)
    except Unwind:
        raise
    except BaseException as broken:  # noqa: BLE001 - the plugin's own exception class
        return f"(its __str__ raised {type_name(kind_of(broken))})"
    return text if len(text) <= MESSAGE_CAP else f"{text[:MESSAGE_CAP]}… ({len(text):,} characters)"


def _is_syntax_error(error: BaseException) -> bool:
    # Not isinstance: a plugin's exception may answer that with code of its own.
    return any(kind is SyntaxError for kind in mro(kind_of(error)))


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
    innermost = len(chosen) - FRAMES_WITH_LOCALS
    shown = [
        _frame(*entry, shows_locals=index >= innermost and entry in own)
        for index, entry in enumerate(chosen)
        if index < _OUTERMOST or index >= len(chosen) - FRAME_CAP + _OUTERMOST
    ]
    left_out = len(chosen) - len(shown)
    if left_out:
        frame, line, _ = chosen[_OUTERMOST]
        gap = Frame(frame.f_code.co_filename, line, f"… {left_out:,} more frames")
        shown.insert(_OUTERMOST, gap)
    return shown


def _locals(frame: FrameType) -> tuple[tuple[str, Any], ...]:
    """Names of a function and what they were, arguments first."""
    code = frame.f_code
    if not code.co_flags & inspect.CO_NEWLOCALS:
        return ()
    now = frame.f_locals
    named = {name: now[name] for name in (*code.co_varnames, *now) if name in now}
    shown = dict(list(named.items())[:NAMES_CAP])
    return tuple(snapshot_names(shown, LOCALS_CAP).items())


def _frame(frame: FrameType, line: int, offset: int | None, shows_locals: bool = False) -> Frame:
    """Picture a frame that stopped in `line`, `offset` bytes from its start."""
    code = frame.f_code
    column = None
    if offset is not None:
        before = linecache.getline(code.co_filename, line).encode("utf-8", "replace")[:offset]
        column = len(before.decode("utf-8", "replace")) + 1 if before or not offset else offset + 1
    source = source_around(code.co_filename, line)
    names = _locals(frame) if shows_locals else ()
    return Frame(code.co_filename, line, code.co_qualname, source, column, names)


def _columns(trace: TracebackType | None) -> list[int | None]:
    """The bytes before the place that each frame of a traceback stopped at, if Python knows."""
    found: list[int | None] = []
    while trace is not None:
        positions = list(trace.tb_frame.f_code.co_positions())
        index = trace.tb_lasti // 2
        found.append(positions[index][2] if 0 <= index < len(positions) else None)
        trace = trace.tb_next
    return found


def _syntax_frame(error: BaseException) -> list[Frame]:
    """The line that cannot be read, where it is in a file."""
    fields = ("filename", "lineno", "offset")
    file, line, column = (_SYNTAX[name].__get__(error) for name in fields)
    if type(file) is not str or type(line) is not int or file.startswith("<"):
        return []
    source = source_around(file, line)
    return [Frame(file, line, "<module>", source, column or None)]
