"""What plugin code prints and logs goes to the scope it runs in, in any thread it started."""

from __future__ import annotations

import contextvars
import inspect
import io
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context
from types import FrameType
from typing import Any, TextIO
from weakref import WeakKeyDictionary, WeakSet

from escalated_core.records import Location
from escalated_core.scope import APART, CURRENT, Owner, current_owner
from escalated_core.trace.loggers import route_logs

Undo = Callable[[], None]

THREADS: WeakKeyDictionary[threading.Thread, tuple[Owner, Location | None]] = WeakKeyDictionary()
"""Threads that plugins started: whose they are, and where they were started."""

_TRIED: WeakSet[threading.Thread] = WeakSet()
"""Those of them that were started by what was only tried out."""

_copy_context = contextvars.copy_context

_captures: list[Capture] = []
_threads: list[Undo] = []
"""The undo of following threads, while that is done."""


class Capture:
    """Routes output, input, logs and threads of plugin code from its making until `undo`."""

    def __init__(self) -> None:
        self._routed: list[Router | NoInput] = []
        self.renew()
        self._unroute = route_logs()
        _captures.append(self)
        if not _threads:
            _threads.append(_follow_threads())

    def renew(self) -> None:
        """Route the standard streams that somebody else has put in the place of ours."""
        for name, route in _ROUTES.items():
            stream = getattr(sys, name)
            if stream not in self._routed:
                routed = route(stream)
                self._routed.append(routed)
                setattr(sys, name, routed)

    def undo(self) -> None:
        """Put everything back; a stream that somebody has put in the place of ours stays.

        Threads that plugins left behind are followed on: what they start is theirs, too.
        """
        _captures.remove(self)
        if not _captures and not living_threads():
            _threads.pop()()
        self._unroute()
        for name in _ROUTES:
            stream = getattr(sys, name)
            if stream in self._routed:
                setattr(sys, name, stream.through)


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


_ROUTES: dict[str, Callable[[Any], Router | NoInput]] = {
    "stdin": NoInput,
    "stdout": Router,
    "stderr": Router,
}


def _follow_threads() -> Undo:
    """Threads that plugin code starts run in the context of the scope that started them.

    What it gives to the threads of a pool runs in the context of the scope that gave it, and so
    does what it, or asyncio for it, runs in a copy of its context.
    """
    real = threading.Thread.start, ThreadPoolExecutor.submit

    def start(self: threading.Thread) -> None:
        owner = current_owner()
        if owner is not None:
            context, run = _pinned_context(), self.run

            def run_pinned() -> None:
                try:
                    context.run(run)
                finally:
                    # Or the thread would hold itself, and with it all that its context does.
                    vars(self).pop("run", None)

            self.run = run_pinned
            _note(self, owner)
        real[0](self)

    def submit(
        self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        if current_owner() is None:
            return real[1](self, fn, *args, **kwargs)
        return real[1](self, _pinned_context().run, fn, *args, **kwargs)

    threading.Thread.start = start
    ThreadPoolExecutor.submit = submit
    contextvars.copy_context = _copied_context

    def undo() -> None:
        threading.Thread.start, ThreadPoolExecutor.submit = real
        contextvars.copy_context = _copy_context

    return undo


def _note(thread: threading.Thread, owner: Owner) -> None:
    THREADS[thread] = owner, plugin_place()
    if APART.get():
        _TRIED.add(thread)


def _copied_context() -> Context:
    """In the place of `contextvars.copy_context`, which asyncio calls as well."""
    if CURRENT.get() is None:
        return _copy_context()
    # It waits for what runs in the copy, and then takes all of it for the context itself.
    caller: str = vars(sys)["_getframe"](1).f_globals.get("__name__", "")
    return _copy_context() if caller == "asgiref.sync" else _pinned_context()


def _pinned_context() -> Context:
    """This context for code that outlives the step which starts it."""
    context, scope = _copy_context(), CURRENT.get()
    if scope is not None:
        context.run(CURRENT.set, scope.pinned())
    return context


def living_threads() -> list[tuple[Owner, Location | None, str]]:
    """Owner, place of start and name of the threads that plugins started and that still run."""
    return [(*whose, thread.name) for thread, whose in list(THREADS.items()) if thread.is_alive()]


def left_threads() -> list[tuple[Owner, Location | None, str]]:
    """The same without those that were started by what was only tried out."""
    known = [(thread, whose) for thread, whose in list(THREADS.items()) if thread.is_alive()]
    return [(*whose, thread.name) for thread, whose in known if thread not in _TRIED]


def plugin_place(frame: FrameType | None = None) -> Location | None:
    """The innermost line of a plugin's own code, on the stack of the caller or of `frame`."""
    frame = frame or inspect.currentframe()
    while frame is not None and "__escalated_plugin__" not in frame.f_globals:
        frame = frame.f_back
    return Location(frame.f_code.co_filename, frame.f_lineno) if frame else None


def stack_of(thread_id: int) -> FrameType | None:
    """The innermost frame that a thread is running."""
    frames: dict[int, FrameType] = vars(sys)["_current_frames"]()
    return frames.get(thread_id)
