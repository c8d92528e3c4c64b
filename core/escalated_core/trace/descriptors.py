"""Output that passes by `sys.stdout`: written to descriptors 1 and 2 by plugin code itself, by C
code, or by processes that a plugin starts.

While the guard stands, both descriptors lead into a pipe. What arrives belongs to the scope that
runs; what no scope wrote is narration. Nothing but the guard's user reaches the real streams.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import NamedTuple, TextIO

from escalated_core.scope import AT_BOUNDARIES, RUNNING, Scope

Undo = Callable[[], None]

PIPE_SIZE = 1 << 16
"""Bytes that a pipe holds at most: one read takes all that was written before it."""


class Streams(NamedTuple):
    """The real standard output and standard error, for whoever put the guard up."""

    out: TextIO
    err: TextIO


@contextmanager
def guarded_descriptors(narrate: Callable[[str], None] | None = None) -> Generator[Streams]:
    """Keep descriptors 1 and 2 for plugin code; yields the real streams.

    At the end everything that was written before is delivered, and both descriptors are as before;
    a process that a plugin left behind can then write no more.

    Args:
        narrate: is told, on any thread, what no scope wrote; by default it goes to the real
            standard error.
    """
    _fill_holes()
    _flush()
    streams = Streams(_duplicate(1, sys.__stdout__), _duplicate(2, sys.__stderr__))
    pipe = _Pipe(narrate or _writer(streams.err))
    # Once a scope has ended or another began inside it, nobody can tell who wrote what.
    AT_BOUNDARIES.append(pipe.take)
    try:
        yield streams
    finally:
        AT_BOUNDARIES.remove(pipe.take)
        _flush()
        for number, stream in enumerate(streams, 1):
            os.dup2(stream.fileno(), number)
        pipe.close()
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.close()


class _Pipe:
    """Takes what arrives from descriptors 1 and 2 and gives it to whom it belongs."""

    def __init__(self, narrate: Callable[[str], None]) -> None:
        self._narrate = narrate
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._lock = threading.Lock()
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        self._arrived = select.poll()
        self._arrived.register(self._read, select.POLLIN)
        self._ended, self._end = os.pipe()
        for number in (1, 2):
            os.dup2(self._write, number)
        self._thread = threading.Thread(target=self._drain, name="descriptors", daemon=True)
        self._thread.start()

    def take(self) -> None:
        """Give what has arrived so far to the scope that this thread runs."""
        with self._lock:
            if self._arrived.poll(0):
                self._deliver(RUNNING.get(threading.get_ident()))

    def close(self) -> None:
        """Deliver what has arrived; to be called when nothing more is to come."""
        os.close(self._end)
        self._thread.join()
        self._deliver(None)
        for number in (self._read, self._write, self._ended):
            os.close(number)

    def _drain(self) -> None:
        """Whoever writes more than the pipe holds must not wait for a scope to end."""
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        poll.register(self._ended, 0)
        while not any(number == self._ended for number, _ in poll.poll()):
            with self._lock:
                self._deliver(_running())

    def _deliver(self, scope: Scope | None) -> None:
        try:
            text = self._decoder.decode(os.read(self._read, PIPE_SIZE))
        except BlockingIOError:
            return
        if scope is not None:
            scope.sink.write(text)
        else:
            # Whoever reads the narration may have gone.
            with contextlib.suppress(OSError, ValueError):
                self._narrate(text)


def _running() -> Scope | None:
    """The scope whose code most probably wrote what arrived: the last to begin."""
    scopes = list(RUNNING.values())
    return max(scopes, key=lambda s: (not s.abandoned, s.started_ns), default=None)


def _fill_holes() -> None:
    """A standard descriptor that is closed must not become one of the pipe's."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)


def _duplicate(number: int, like: TextIO | None) -> TextIO:
    """A text stream of its own on a descriptor; what it cannot encode is written as escapes."""
    encoding = like.encoding if like is not None else "utf-8"
    # Closed when the guard goes.
    return os.fdopen(os.dup(number), "w", encoding=encoding, errors="backslashreplace")


def _writer(stream: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return write


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        # A stream may be missing, closed, or of a plugin's making.
        with contextlib.suppress(Exception):
            stream.flush()  # pyright: ignore[reportOptionalMemberAccess]
