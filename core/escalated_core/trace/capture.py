"""What plugin code prints and logs goes to the scope it runs in, in any thread it started."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import Any, TextIO
from weakref import WeakKeyDictionary

from escalated_core.records import LogLine
from escalated_core.scope import CURRENT, Owner, current_owner

Undo = Callable[[], None]

THREADS: WeakKeyDictionary[threading.Thread, Owner] = WeakKeyDictionary()
"""Threads that plugins started, and whose they are."""

OWN_LOGGERS = ("escalated", "escalated_plugins")
"""Their records are kept at every level; of other loggers INFO and worse."""


def capture() -> Undo:
    """Route output, input, logs and threads of plugin code; returns the undo."""
    undos = [_route_streams(), _route_logs(), _follow_threads()]

    def undo() -> None:
        for each in reversed(undos):
            each()

    return undo


class Router(io.TextIOBase):
    """A text stream: what plugin code writes goes to its scope, all else passes through."""

    def __init__(self, through: TextIO) -> None:
        self.through = through

    def write(self, text: str, /) -> int:
        scope = CURRENT.get()
        if scope is None:
            return self.through.write(text)
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        scope.sink.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if CURRENT.get() is None:
            self.through.flush()

    def close(self) -> None:
        """Not for a plugin to close."""

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return CURRENT.get() is None and self.through.isatty()

    def fileno(self) -> int:
        return self.through.fileno()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return getattr(self.through, "encoding", None) or "utf-8"

    @property
    def buffer(self) -> Any:
        return self.through.buffer if CURRENT.get() is None else BytesRouter(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.through, name)


class BytesRouter(io.RawIOBase):
    """`sys.stdout.buffer` for plugin code."""

    def __init__(self, text: Router) -> None:
        self._text = text

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        plain = bytes(data)
        self._text.write(plain.decode("utf-8", "backslashreplace"))
        return len(plain)


class NoInput(io.TextIOBase):
    """`sys.stdin` for plugin code: at its end; everybody else reads the real one."""

    def __init__(self, through: TextIO | None) -> None:
        self.through = through

    def read(self, size: int | None = -1, /) -> str:
        return "" if self._is_plugin else self._real.read(-1 if size is None else size)

    def readline(self, size: int = -1, /) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return "" if self._is_plugin else self._real.readline(size)

    def readable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return not self._is_plugin and self._real.isatty()

    def fileno(self) -> int:
        return self._real.fileno()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @property
    def _is_plugin(self) -> bool:
        return CURRENT.get() is not None

    @property
    def _real(self) -> TextIO:
        if self.through is None:
            raise io.UnsupportedOperation("there is no standard input")
        return self.through


def _route_streams() -> Undo:
    real = sys.stdin, sys.stdout, sys.stderr
    routed = NoInput(real[0]), Router(real[1]), Router(real[2])
    sys.stdin, sys.stdout, sys.stderr = routed  # pyright: ignore[reportAttributeAccessIssue]

    def undo() -> None:
        # Somebody may have put a stream of their own on top meanwhile: that one stays.
        for name, ours, before in zip(("stdin", "stdout", "stderr"), routed, real, strict=True):
            if getattr(sys, name) is ours:
                setattr(sys, name, before)

    return undo


class ScopeHandler(logging.Handler):
    """Keeps log records with the scope that made them."""

    def emit(self, record: logging.LogRecord) -> None:
        scope = CURRENT.get()
        if scope is None:
            return
        own = record.name.partition(".")[0] in OWN_LOGGERS
        if not own and record.levelno < logging.INFO:
            return
        try:
            message = record.getMessage()
        except Exception as error:  # noqa: BLE001 - arguments of the plugin that cannot be formatted
            message = f"{record.msg} (its arguments cannot be formatted: {error})"
        if record.exc_info:
            message += "\n" + logging.Formatter().formatException(record.exc_info)
        scope.sink.log(
            LogLine(
                record.levelname,
                record.name,
                message,
                record.created,
                record.pathname,
                record.lineno,
            )
        )


def _route_logs() -> Undo:
    """Let every record of plugin code reach its scope, and other handlers no more than before."""
    root = logging.getLogger()
    level = root.level
    handler = ScopeHandler(logging.NOTSET)

    def as_before(record: logging.LogRecord) -> bool:
        return record.levelno >= level or CURRENT.get() is None

    others = list(root.handlers)
    for other in others:
        other.addFilter(as_before)
    last_resort = logging.lastResort
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)

    def undo() -> None:
        root.removeHandler(handler)
        for other in others:
            other.removeFilter(as_before)
        if root.level == logging.DEBUG:
            root.setLevel(level)
        logging.lastResort = last_resort

    return undo


def _follow_threads() -> Undo:
    """Threads that plugin code starts run in the context of the scope that started them."""
    real = threading.Thread.start

    def start(self: threading.Thread) -> None:
        owner = current_owner()
        if owner is not None:
            context, run = copy_context(), self.run
            self.run = lambda: context.run(run)
            THREADS[self] = owner
        real(self)

    threading.Thread.start = start

    def undo() -> None:
        threading.Thread.start = real

    return undo


def living_threads(owner: Owner) -> list[str]:
    """Names of the threads that a plugin generation started and that still run."""
    return sorted(t.name for t, whose in list(THREADS.items()) if whose is owner and t.is_alive())
