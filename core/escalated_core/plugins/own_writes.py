"""Files that the code of plugins writes: its own data, which is no save of anybody's."""

from __future__ import annotations

import builtins
import io
import os
import sys
import weakref
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any, Final

from escalated_core.effects.replacing import stand_in
from escalated_core.plugins.plugin import Change
from escalated_core.scope import CURRENT
from escalated_core.trace.capture import plugin_place

KEPT: Final = 10_000
"""Files that are remembered to have been written."""

_WRITING: Final = frozenset("wax+")
_WRITING_FLAGS: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_BESIDE_A_DATABASE: Final = ("", "-journal", "-wal", "-shm")
_SUPPORT: Final = (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks)


class _Written:
    """A file that was opened for writing, or put in its place."""

    __slots__ = ("handle", "known", "place")

    def __init__(self) -> None:
        self.place = plugin_place()
        self.handle: Callable[[], Any] = _nothing
        """Gives what it was opened as, for as long as there is any."""
        self.known: tuple[int, ...] | None = None
        """What told the file from others when somebody looked after it was written."""

    def explains(self, path: str) -> bool:
        """Whether the file is as it was written, or goes on being written."""
        handle = self.handle()
        if handle is not None and not getattr(handle, "closed", False):
            return True
        now = _signature(path)
        if now and self.known not in (None, now):
            return False
        self.known = now
        return True


class OwnWrites:
    """Knows which files were written last by the code of plugins, in any thread it started.

    It sees what goes through `open`, `os.open`, `os.rename` and `os.replace`, as nearly all that is
    written in Python does, and databases of `sqlite3`.
    """

    def __init__(self) -> None:
        self._written: dict[str, _Written] = {}
        self._undos: list[Callable[[], None]] = []
        self._follows_databases = False

    def told(self, change: Change) -> Change:
        """The change with the paths that are as a plugin's code wrote them, and which line did.

        To be asked on the plugin thread: the code that ran there has written all by then.
        """
        if not self._written:
            return change
        found = {path: self._written.get(os.path.realpath(path)) for path in change.touched}
        own = {path: by.place for path, by in found.items() if by and by.explains(path)}
        return replace(change, own=own)

    def follow(self) -> Callable[[], None]:
        """Notice what is written from now on; returns the undo."""
        opened = self._opening(builtins.open)
        self._replace(builtins, "open", opened)
        self._replace(io, "open", opened)
        self._replace(os, "open", self._opening_low(os.open))
        for name in ("rename", "replace"):
            self._replace(os, name, self._moving(getattr(os, name)))

        def undo() -> None:
            for each in reversed(self._undos):
                each()
            self._undos.clear()

        return undo

    def follow_databases(self) -> None:
        """The same for `sqlite3`, which is imported."""
        if self._follows_databases:
            return
        self._follows_databases = True
        # Only here: with what it imports it takes longer than most plugins do to load.
        import sqlite3
        import sqlite3.dbapi2

        connect = self._connecting(sqlite3.connect)
        self._replace(sqlite3, "connect", connect)
        self._replace(sqlite3.dbapi2, "connect", connect)

    def _replace(self, module: ModuleType, name: str, function: Callable[..., Any]) -> None:
        real = getattr(module, name)
        # What functions can do is told by whether they are in these sets.
        supports = [each for each in _SUPPORT if real in each]
        for each in supports:
            each.add(function)
        setattr(module, name, function)

        def undo() -> None:
            setattr(module, name, real)
            for each in supports:
                each.discard(function)

        self._undos.append(undo)

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def open(file: Any, mode: Any = "r", *args: Any, **kwargs: Any) -> Any:  # noqa: A001
            if CURRENT.get() is None or type(mode) is not str or _WRITING.isdisjoint(mode):
                return real(file, mode, *args, **kwargs)
            written = self._note(file)
            handle = real(file, mode, *args, **kwargs)
            written.handle, written.known = weakref.ref(handle), None
            return handle

        return stand_in(real, open)

    def _opening_low(self, real: Callable[..., int]) -> Callable[..., int]:
        def open(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:  # noqa: A001
            if CURRENT.get() is not None and flags & _WRITING_FLAGS and not kwargs.get("dir_fd"):
                self._note(path)
            return real(path, flags, *args, **kwargs)

        return stand_in(real, open)

    def _moving(self, real: Callable[..., None]) -> Callable[..., None]:
        def move(src: Any, dst: Any, **kwargs: Any) -> None:
            if CURRENT.get() is not None and not kwargs:
                self._note(src)
                self._note(dst)
            real(src, dst, **kwargs)

        return stand_in(real, move)

    def _connecting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def connect(database: Any, *args: Any, **kwargs: Any) -> Any:
            if CURRENT.get() is not None:
                name = _text(database).removeprefix("file:").partition("?")[0]
                for beside in _BESIDE_A_DATABASE if name else ():
                    # It is nobody else's, also when the connection is closed.
                    self._note(name + beside).handle = _always
            return real(database, *args, **kwargs)

        return stand_in(real, connect)

    def _note(self, path: Any) -> _Written:
        written, text = _Written(), _text(path)
        if text:
            while len(self._written) >= KEPT:
                self._written.pop(next(iter(self._written)), None)
            self._written[os.path.realpath(text)] = written
        return written


def _text(path: Any) -> str:
    """The path as text; nothing for what is none, such as a number of an open file."""
    try:
        return os.fsdecode(path)
    except TypeError:
        return ""


def _signature(path: str) -> tuple[int, ...]:
    """What tells a file from another in its place; empty when there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - asked of every file that changed
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _nothing() -> None:
    return None


def _always() -> object:
    return sys
