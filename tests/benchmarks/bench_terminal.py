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
from pathlib import Path
from time import monotonic, perf_counter

import pyte
import pytest

COLUMNS, LINES = 160, 40
"""Wide enough that the border of the timeline tells everything."""
FIRINGS = 200_000
KEYS = 60
STARTS = 5
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


def first_paint(mark: bytes, *command: str) -> float:
    """Median milliseconds from the start of the program until it shows the mark."""
    times: list[float] = []
    for _ in range(STARTS):
        with program(*command) as running:
            running.until(lambda: mark in running.recent)
            times.append((perf_counter() - running.began) * 1e3)
    return statistics.median(times)


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
    p95 = statistics.quantiles(times, n=20)[-1]
    return (
        f"p50 {statistics.median(times):5.1f} ms   p95 {p95:5.1f} ms   worst {max(times):5.1f} ms"
    )


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
    root: Path, write: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    counter = tmp_path / "count.txt"
    write("zebra", STORM.replace("FIRINGS", str(FIRINGS)).replace("COUNTER", str(counter)))
    lines: list[str] = []
    bare = tmp_path / "bare.py"
    bare.write_text(BARE, "utf-8")
    theirs = first_paint(b"first-paint", str(bare))
    ours = first_paint(b"Firings", "-m", "escalated_workbench", str(root))
    lines.append(f"first paint      {ours:5.0f} ms, bare app {theirs:.0f} ms, {ours / theirs:.2f}x")
    with program("-m", "escalated_workbench", str(root)) as running:
        running.until(lambda: "1 of 1 active" in running.text)
        before, _ = shown_and_dropped(running.text)
        lines.append(f"key, idle        {told(echoes(running, KEYS))}")
        lines.append(f"memory, idle     {running.memory:5.0f} MB")
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
            lines.append(f"memory, {part:7,}  {running.memory:5.0f} MB")
        took = float(counter.read_text("utf-8").split()[1])
        lines.append(f"key, {FIRINGS / took:6,.0f}/s    {told(loaded)}   ({len(loaded)} keys)")
        ended = perf_counter()
        total = before + 1 + FIRINGS
        running.until(lambda: sum(shown_and_dropped(running.text)) == total, 60)
        shown, dropped = shown_and_dropped(running.text)
        lines.append(f"caught up after  {(perf_counter() - ended) * 1e3:5.0f} ms")
        lines.append(f"key, full list   {told(echoes(running, KEYS))}")
        lines.append(f"fired {total:,} shown {shown:,} dropped {dropped:,}: lost 0")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
