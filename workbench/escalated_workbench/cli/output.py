"""Where the command line writes: data to standard output, narration to standard error.

Nothing but a verb's own report reaches standard output, whatever the plugins write.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import threading
from contextlib import ExitStack, suppress
from time import monotonic
from typing import TextIO

SLOW = 1.0
"""Seconds after which somebody who waits is told what for."""
AGAIN = 0.2
"""Seconds between two words of how far something is."""
AGAIN_PLAIN = 5.0
"""The same where each is a line of its own."""
IN_ASCII = str.maketrans(
    {
        "✔": "+",
        "✖": "x",
        "◌": "o",
        "■": "=",
        "·": "-",
        "…": "...",
        "⏎": "\\n",
        "\u2400": ".",
        "⏸": "||",
        "▸": ">",
    }
)
"""What our own glyphs become where the terminal cannot show them."""
IN_WORDS = str.maketrans({"…": "...", "⏎": "\\n"})
"""The same for marks inside of values, where no glyph is wanted."""


class Output:
    """The two streams, fit for anything: no glyph, no closed pipe and no plugin upsets them."""

    def __init__(self) -> None:
        self._out, self._err = sys.stdout, sys.stderr
        self._guard = ExitStack()
        self._is_read = True
        self._has_written = False
        self.is_plain = False
        """Whether words are wanted in the place of glyphs."""

    def guard(self) -> None:
        """Keep whatever plugins write, from now to the end of the process, off standard output."""
        # Only here: a verb that runs no plugin does without the core.
        from escalated_core.trace.descriptors import guarded_descriptors
        from escalated_workbench.wording import safe

        guard = guarded_descriptors(lambda text: self.say(safe(text, len(text)), end=""))
        self._out, self._err = self._guard.enter_context(guard)
        # Registered before any plugin is loaded, so called after what plugins register.
        atexit.register(self.close)

    @property
    def speaks_unicode(self) -> bool:
        """Whether standard output can show every character."""
        return self._out is None or speaks_unicode(self._out)

    @property
    def is_watched(self) -> bool:
        """Whether standard error is a terminal."""
        return is_terminal(self._err)

    @property
    def is_shown(self) -> bool:
        """Whether standard output is a terminal that has been written to."""
        return self._has_written and is_terminal(self._out)

    @property
    def is_read(self) -> bool:
        """Whether somebody still reads standard output, as far as that can be told."""
        if self._is_read and self._out is not None:
            with suppress(OSError, ValueError, AttributeError):  # no poll on Windows
                poll = select.poll()
                poll.register(self._out.fileno(), 0)
                # A pipe whose reader has gone; nothing else says so before it is written to.
                self._is_read = not any(event & select.POLLERR for _, event in poll.poll(0))
        return self._is_read

    def data(self, text: str) -> None:
        """Write a line or more to standard output; that nobody reads any more is no error.

        Raises:
            WorkbenchError: it cannot be written for another reason.
        """
        self._has_written = True
        try:
            write(self._out, (text.translate(IN_WORDS) if self.is_plain else text) + "\n")
        except OSError as error:
            self._is_read = False
            # What is still in the buffer must not fail again at the end of the process.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())
            if not isinstance(error, BrokenPipeError):
                from escalated_core.errors import WorkbenchError

                raise WorkbenchError(f"The output cannot be written: {error.strerror}.") from None

    def say(self, text: str, end: str = "\n") -> None:
        """Write to standard error; that it is closed is no error."""
        with suppress(OSError, ValueError):
            write(self._err, text + end)

    def leave(self, code: int, patience: float) -> None:
        """End the process with `code` after `patience` seconds, if it does not end by itself.

        The interpreter waits for threads and exit handlers of plugins; some never end.
        """
        if threading.active_count() > 1:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            watchdog = threading.Timer(patience, self._abandon, [code])
            watchdog.daemon = True
            watchdog.start()

    def close(self) -> None:
        """Deliver everything; what is written from now on reaches nobody."""
        self._guard.close()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def _abandon(self, code: int) -> None:
        self.say("Threads of plugins still run; they end here.")
        self.close()
        os._exit(code)


class Progress:
    """Says how far something is that takes long, on a terminal where nothing else is shown."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._next = monotonic() + SLOW
        self._said = False

    def tell(self, line: str) -> None:
        """Say it, if it is time to."""
        if self._output.is_watched and not self._output.is_shown and monotonic() >= self._next:
            plain = self._output.is_plain
            self._said, self._next = not plain, monotonic() + (AGAIN_PLAIN if plain else AGAIN)
            self._output.say(line if plain else f"\r{line}", end="\n" if plain else "")

    def end(self) -> None:
        """Leave the line."""
        if self._said:
            self._said = False
            self._output.say("")


def write(stream: TextIO | None, text: str) -> None:
    """Write and flush; what the stream cannot encode is written as something like it."""
    if stream is not None:
        if not speaks_unicode(stream):
            text = text.translate(IN_ASCII)
        stream.write(text.encode(stream.encoding, "backslashreplace").decode(stream.encoding))
        stream.flush()


def read_line() -> str:
    """The next line of standard input; empty at its end, and where there is none to read."""
    if sys.stdin is not None:  # pyright: ignore[reportUnnecessaryComparison] - pythonw has none
        with suppress(OSError, ValueError):
            return sys.stdin.readline()
    return ""


def is_terminal(stream: TextIO | None) -> bool:
    # One that the process was begun without may say so instead.
    with suppress(OSError):
        return stream is not None and not stream.closed and stream.isatty()
    return False


def speaks_unicode(stream: TextIO) -> bool:
    return stream.encoding.lower().startswith("utf")
