"""The terminal interface at volume, on a real pseudo-terminal: keys, memory, what gets lost."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter

import pyte
import pytest

Measured = Callable[..., None]

COLUMNS, LINES = 160, 40
"""Wide enough that the border of the timeline tells everything."""
FIRINGS = 200_000
KEYS = 60
STARTS = 7
LEFT, RIGHT = "\x1b[D", "\x1b[C"

STORM = """
import threading
from pathlib import Path
from time import perf_counter
from escalated.hooks import add_action, do_action

HOOKS = [f"beat_{number}" for number in range(5)]
SEEN = Path("COUNTER")

def listen(number):
    pass

for hook in HOOKS:
    add_action(hook, listen)
add_action("quagga", listen)

def blow():
    began = perf_counter()
    for number in range(FIRINGS):
        do_action(HOOKS[number % 5], number)
        if not number % 1_000:
            SEEN.write_text(f"{number} {perf_counter() - began}")
    SEEN.write_text(f"{FIRINGS} {perf_counter() - began}")

def storm():
    threading.Thread(target=blow, daemon=True).start()

add_action("storm", storm)
"""
BARE = """
from textual.app import App
from textual.widgets import Log, Tree
from textual.scroll_view import ScrollView

class Bare(App):
    def compose(self):
        yield Tree("first-paint")
        yield ScrollView()
        yield Log()

Bare().run()
"""


class Program:
    """A program on a pseudo-terminal; its output is kept, and read by an emulator when asked."""

    def __init__(self, *command: str) -> None:
        self.began = perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            for name in ("COLUMNS", "LINES"):
                os.environ.pop(name, None)
            os.environ.update(TERM="xterm-256color", TEXTUAL_ANIMATIONS="none")
            os.execv(sys.executable, [sys.executable, *command])
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._unread = b""
        self.recent = b""

    def press(self, keys: str) -> None:
        self.recent = b""
        os.write(self._fd, keys.encode())

    def read(self, seconds: float) -> None:
        if select.select([self._fd], [], [], seconds)[0]:
            data = os.read(self._fd, 1 << 16)
            self.recent += data
            self._unread += data

    def until(self, condition: Callable[[], object], seconds: float = 30) -> float:
        """Read until the condition holds; returns how long that took, in seconds."""
        began = perf_counter()
        while not condition():
            assert perf_counter() - began < seconds, f"waited in vain:\n{self.text}"
            self.read(0.002)
        return perf_counter() - began

    def during(self, seconds: float) -> None:
        until = monotonic() + seconds
        while monotonic() < until:
            self.read(0.01)

    @property
    def text(self) -> str:
        self._stream.feed(self._unread)
        self._unread = b""
        return "\n".join(self._screen.display)

    @property
    def memory(self) -> float:
        """Resident megabytes."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        found = re.search(r"VmRSS:\s*(\d+)", status)
        assert found
        return int(found[1]) / 1024

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)


@contextmanager
def program(*command: str) -> Iterator[Program]:
    running = Program(*command)
    try:
        yield running
    finally:
        running.close()


def shows(mark: bytes, *command: str) -> float:
    """Milliseconds from the start of the program until it shows the mark."""
    with program(*command) as running:
        running.until(lambda: mark in running.recent)
        return (perf_counter() - running.began) * 1e3


def start(root: Path, bare: Path, tell: Measured) -> None:
    """First paint and readiness beside a bare app; in turn, so that all have the same machine."""
    ours = "-m", "escalated_workbench", str(root)
    rounds = [
        (
            shows(b"first-paint", str(bare)),
            shows(b"Firings", *ours),
            shows(b"1 of 1 active", *ours),
        )
        for _ in range(STARTS)
    ]
    theirs, painted, ready = (statistics.median(times) for times in zip(*rounds, strict=True))
    tell("first paint of a bare Textual app", f"{theirs:.0f} ms")
    for name, took, most in (("first paint", painted, 1.2), ("ready to fire", ready, 2)):
        cells = f"{took:.0f} ms", f"{took / theirs:.2f}x the bare app", f"<= {most}x"
        tell(name, *cells, holds=took <= most * theirs)


def echoes(running: Program, count: int) -> list[float]:
    """Milliseconds from a key to what it shows: a plugin in the tree is unfolded."""
    found: list[float] = []
    for _ in range(count):
        running.press(LEFT)
        running.during(0.06)
        running.press(RIGHT)
        found.append(running.until(lambda: b"quagga" in running.recent) * 1e3)
        running.during(0.03)
    return found


def told(times: list[float]) -> str:
    middle, late = statistics.median(times), percentile(times)
    return f"p50 {middle:.1f} p95 {late:.1f} worst {max(times):.1f} ms"


def percentile(times: list[float]) -> float:
    """The 95th."""
    return statistics.quantiles(times, n=20)[-1]


def shown_and_dropped(text: str) -> tuple[int, int]:
    """What the border of the timeline says."""
    found = re.search(r"─ ([\d,]+)( · [^─]*)? ─", text)
    assert found, text
    dropped = re.search(r"([\d,]+) dropped", found[2] or "")
    return _number(found[1]), _number(dropped[1]) if dropped else 0


def _number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.filterwarnings("ignore:.*forkpty.*:DeprecationWarning")
def test_a_storm_of_firings(
    root: Path, write: Callable[..., Path], tmp_path: Path, measured: Measured
) -> None:
    counter = tmp_path / "count.txt"
    write("zebra", STORM.replace("FIRINGS", str(FIRINGS)).replace("COUNTER", str(counter)))
    tell = partial(measured, "the terminal interface on a real pty")
    bare = tmp_path / "bare.py"
    bare.write_text(BARE, "utf-8")
    start(root, bare, tell)
    with program("-m", "escalated_workbench", str(root)) as running:
        running.until(lambda: "1 of 1 active" in running.text)
        before, _ = shown_and_dropped(running.text)
        tell("key, idle", told(echoes(running, KEYS)))
        tell("memory, idle", f"{running.memory:.0f} MB")
        running.press("f")
        running.until(lambda: "Fire a hook" in running.text)
        running.press("storm\r")
        running.until(counter.exists)

        def fired() -> int:
            return int((counter.read_text("utf-8") or "0").split()[0])

        loaded: list[float] = []
        for part in (FIRINGS // 2, FIRINGS):
            while fired() < part:
                loaded += echoes(running, 1)
            tell(f"memory after {part:,} firings", f"{running.memory:.0f} MB")
        took = float(counter.read_text("utf-8").split()[1])
        rate, late = FIRINGS / took, percentile(loaded)
        cells = told(loaded), f"{rate:,.0f} firings/s arrive", "p95 <= 50 ms at 50,000/s"
        holds = late <= 50 and rate >= 50_000
        tell(f"key while they arrive ({len(loaded)} keys)", *cells, holds=holds)
        ended = perf_counter()
        total = before + 1 + FIRINGS
        running.until(lambda: sum(shown_and_dropped(running.text)) == total, 60)
        shown, dropped = shown_and_dropped(running.text)
        tell("all of them shown after their end", f"{(perf_counter() - ended) * 1e3:.0f} ms")
        tell("key, full list", told(echoes(running, KEYS)))
        lost = total - shown - dropped
        cells = f"{lost:,}", f"{shown:,} shown, {dropped:,} dropped and counted", "0"
        tell(f"lost of {total:,} firings", *cells, holds=lost == 0)
