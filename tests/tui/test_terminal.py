"""The installed program on a real pseudo-terminal: what a person would see and do."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pyte
import pytest

COLUMNS, LINES = 100, 30


class Terminal:
    """`escalated-workbench` on a pseudo-terminal, with its screen read by a terminal emulator."""

    def __init__(self, root: Path, **environment: str) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", TEXTUAL_ANIMATIONS="none", **environment)
            command = [sys.executable, "-m", "escalated_workbench", str(root)]
            os.execv(sys.executable, command)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self.code: int | None = None

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)

    def press(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def read(self, seconds: float) -> None:
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if ready:
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                return
            self.raw += data
            self._stream.feed(data)

    def until(self, condition: Callable[[], object], seconds: float = 20) -> None:
        deadline = monotonic() + seconds
        while not condition():
            assert monotonic() < deadline, f"waited {seconds} s in vain; the screen:\n{self.text}"
            self.read(0.05)

    def shows(self, text: str, seconds: float = 20) -> None:
        self.until(lambda: text in self.text, seconds)

    def ended(self, seconds: float = 20) -> int:
        """The exit code, once the program has ended."""
        self.until(self._reap, seconds)
        assert self.code is not None
        return self.code

    def _reap(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def close(self) -> None:
        if not self._reap():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._fd)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(root: Path, **environment: str) -> Terminal:
        opened.append(Terminal(root, **environment))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def test_from_opening_to_quitting(samples: Path, terminal: Callable[..., Terminal]) -> None:
    term = terminal(samples)
    term.shows("9 of 12 active")
    term.press("f")
    term.shows("Fire a hook")
    term.press("ticket_data\r")
    term.shows("tag_vip")
    term.press("\x11")
    assert term.ended() == 0
    # The alternate screen is left and the cursor is back.
    assert term.raw.rindex(b"\x1b[?1049l") > term.raw.rindex(b"\x1b[?1049h")


def test_keys_work_while_a_callback_loops_and_quitting_ends_it(
    samples: Path, terminal: Callable[..., Terminal]
) -> None:
    term = terminal(samples)
    term.shows("9 of 12 active")
    term.press("f")
    term.shows("Fire a hook")
    term.press("user_login\r")
    term.shows("Press x to stop it")
    term.press("2")
    term.shows("of 7 heard")
    term.press("\x11")
    assert term.ended(10) == 0


def test_the_editor_gets_the_terminal_and_the_line(
    samples: Path, tmp_path: Path, terminal: Callable[..., Terminal]
) -> None:
    editor, told = tmp_path / "editor", tmp_path / "told"
    editor.write_text(f'#!/bin/sh\necho "$@" > {told}\n', "utf-8")
    editor.chmod(0o755)
    term = terminal(samples, EDITOR=str(editor), VISUAL="")
    term.shows("9 of 12 active")
    term.press("o")
    term.until(told.exists)
    term.until(lambda: told.read_text("utf-8").endswith("\n"))
    assert told.read_text("utf-8").split() == ["+1", str(samples / "billing" / "plugin.py")]
    term.shows("9 of 12 active")


def test_what_plugins_write_past_python_does_not_disturb_the_screen(
    root: Path, write: Callable[..., Path], terminal: Callable[..., Terminal]
) -> None:
    write(
        "loud",
        """
        import os, subprocess, sys
        from escalated.hooks import add_action

        def shout(ticket, user):
            os.write(1, b"\\x1b[2Jwritten-past-python\\n")
            os.write(2, b"\\x1b]0;title\\x07")
            subprocess.run(["echo", "said-by-a-child"])
            sys.__stdout__.write("through the original\\n")

        add_action("ticket_created", shout)
        """,
    )
    term = terminal(root)
    term.shows("1 of 1 active")
    term.press("f")
    term.shows("Fire a hook")
    seen = len(term.raw)
    term.press("ticket_created\r")
    term.shows("shout")
    term.press("z")
    assert "1 of 1 active" in term.text
    assert b"\x1b[2Jwritten" not in term.raw[seen:]
    assert b"\x1b]0;title" not in term.raw[seen:]
    term.press("z")


def test_a_broken_terminal_is_refused_with_the_cure(samples: Path) -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "escalated_workbench", str(samples)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "escalated-workbench --help" in done.stderr


def test_a_fault_of_the_interface_is_told_and_is_exit_code_3(
    samples: Path, tmp_path: Path, terminal: Callable[..., Terminal]
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "from escalated_workbench.tui.app import WorkbenchApp\n"
        "def fail(self):\n    raise RuntimeError('a fault of ours')\n"
        "WorkbenchApp._begin = fail\n"
    )
    program = terminal(samples, PYTHONPATH=os.pathsep.join((str(tmp_path), *sys.path)))
    program.shows("RuntimeError: a fault of ours")
    assert program.ended() == 3
