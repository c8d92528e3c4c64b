"""Files as code finds them that is tried out: what it writes goes to copies nobody else sees."""

from __future__ import annotations

import builtins
import errno
import io
import os
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from escalated_core.effects.memory_socket import SIMULATED
from escalated_core.effects.replacing import Make, replaced
from escalated_core.scope import APART, CURRENT

_WRITING: Final = frozenset("wax+")
_WRITING_FLAGS: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOOKS: Final = ("chmod", "chown", "lchown", "utime", "link", "symlink", "mkfifo", "truncate")
"""What changes something about a file that few ask for: nothing is done, and nothing is said."""
_PROCESSES: Final = ("fork", "forkpty", "posix_spawn", "posix_spawnp", "execv", "execve")


class Disk:
    """Has code that is tried out write to copies, and start no process by itself.

    It sees what goes through `open`, `os` and `sqlite3.connect`. What asks `os` whether a file is
    there is told of the real one.
    """

    def __init__(self) -> None:
        self.refused: list[str] = []
        """What was refused since the newest `fresh`, in words for a person."""
        self._real = builtins.open
        self._folder = Path()
        self._number = 0
        self._copies: dict[str, str] = {}
        self._made: set[str] = set()
        self._gone: set[str] = set()

    def fresh(self) -> None:
        """Forget what was written: the next finds everything as it really is."""
        self.refused = []
        self._copies, self._made, self._gone = {}, set(), set()

    @contextmanager
    def running(self) -> Generator[None]:
        """Be in the way of code that is tried out, in any thread."""
        with ExitStack() as undo:
            folder = TemporaryDirectory(prefix="escalated-replay-", ignore_cleanup_errors=True)
            self._folder = Path(undo.enter_context(folder))
            self._real = builtins.open
            undo.callback(replaced(builtins, {"open": self._opening}))
            undo.callback(replaced(io, {"open": self._opening}))
            undo.callback(replaced(os, self._of_os()))
            for name in ("sqlite3", "sqlite3.dbapi2"):
                if name in sys.modules:
                    undo.callback(replaced(sys.modules[name], {"connect": self._connecting}))
            if "multiprocessing.util" in sys.modules:
                made = {"spawnv_passfds": self._refusing("a process")}
                undo.callback(replaced(sys.modules["multiprocessing.util"], made))
            yield

    def _of_os(self) -> dict[str, Make]:
        made: dict[str, Make] = {
            "open": self._opening_low,
            "remove": self._removing,
            "unlink": self._removing,
            "rmdir": self._removing,
            "mkdir": self._making,
            "rename": self._moving,
            "replace": self._moving,
        }
        made |= dict.fromkeys(_LOOKS, _doing_nothing)
        made |= dict.fromkeys(_PROCESSES, self._refusing("a process"))
        return {name: make for name, make in made.items() if hasattr(os, name)}

    # --- in the place of functions

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def open(file: Any, mode: Any = "r", *args: Any, **kwargs: Any) -> Any:  # noqa: A001
            key = _key(file)
            # An opener goes through `os.open`.
            if key is None or type(mode) is not str or kwargs.get("opener"):
                return real(file, mode, *args, **kwargs)
            if _WRITING.isdisjoint(mode):
                return real(self._read(key, file), mode, *args, **kwargs)
            return real(self._written(key, is_new="x" in mode), mode, *args, **kwargs)

        return open

    def _opening_low(self, real: Callable[..., int]) -> Callable[..., int]:
        def open(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:  # noqa: A001
            key = _key(path)
            if key is None or kwargs.get("dir_fd") is not None:
                return real(path, flags, *args, **kwargs)
            if not flags & _WRITING_FLAGS:
                return real(self._read(key, path), flags, *args, **kwargs)
            is_new = bool(flags & os.O_CREAT and flags & os.O_EXCL)
            return real(self._written(key, is_new=is_new), flags, *args, **kwargs)

        return open

    def _connecting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def connect(database: Any, *args: Any, **kwargs: Any) -> Any:
            key = _key(database)
            is_name = isinstance(database, str) and database.startswith((":", "file:"))
            # The copy of the help desk's is one already.
            if key is None or is_name or not database or Path(key).name.startswith("scratch-"):
                return real(database, *args, **kwargs)
            return real(self._written(key), *args, **kwargs)

        return connect

    def _removing(self, real: Callable[..., None]) -> Callable[..., None]:
        def remove(path: Any, *args: Any, **kwargs: Any) -> None:
            key = _key(path)
            if key is None:
                real(path, *args, **kwargs)
            elif self._copies.pop(key, None) or self._is_there(key):
                self._made.discard(key)
                self._gone.add(key)
            else:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

        return remove

    def _making(self, real: Callable[..., None]) -> Callable[..., None]:
        def mkdir(path: Any, *args: Any, **kwargs: Any) -> None:
            key = _key(path)
            if key is None or self._is_there(key) or not self._is_there(str(Path(key).parent)):
                real(path, *args, **kwargs)
            else:
                self._made.add(key)

        return mkdir

    def _moving(self, real: Callable[..., None]) -> Callable[..., None]:
        def move(src: Any, dst: Any, **kwargs: Any) -> None:
            one, other = _key(src), _key(dst)
            if one is None or other is None:
                real(src, dst, **kwargs)
            elif one in self._copies or self._is_there(one):
                moved = self._written(one)
                self._copies.pop(one, None)
                self._gone.add(one)
                self._gone.discard(other)
                self._copies[other] = moved
            else:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), src)

        return move

    def _refusing(self, what: str) -> Make:
        def made(real: Callable[..., Any]) -> Callable[..., Any]:
            def refuse(*args: Any, **kwargs: Any) -> Any:
                if not _is_apart():
                    return real(*args, **kwargs)
                self.refused.append(f"{what} of its own was refused")
                raise BlockingIOError(errno.EAGAIN, f"refused ({SIMULATED} by the workbench)")

            return refuse

        return made

    # --- what is where

    def _is_there(self, key: str) -> bool:
        return key in self._made or (key not in self._gone and os.path.lexists(key))

    def _read(self, key: str, given: Any) -> Any:
        """What to open in place of a file that is to be read."""
        if key in self._gone:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), given)
        return self._copies.get(key, given)

    def _written(self, key: str, *, is_new: bool = False) -> str:
        """What to open in place of a file that is to be written: the file, if that must fail."""
        there = key in self._copies or self._is_there(key)
        is_file = not there or key in self._copies or Path(key).is_file()
        is_free = not there or key in self._copies or os.access(key, os.W_OK)
        has_place = self._is_there(str(Path(key).parent))
        if (is_new and there) or not (is_file and is_free and has_place):
            return key
        if key not in self._copies:
            self._number += 1
            copy = self._copies[key] = str(self._folder / str(self._number))
            if there:
                with self._real(key, "rb") as source, self._real(copy, "wb") as target:
                    target.write(source.read())
            self._gone.discard(key)
        return self._copies[key]


def _doing_nothing(real: Callable[..., Any]) -> Callable[..., Any]:
    def do(*args: Any, **kwargs: Any) -> Any:
        return None if _is_apart() else real(*args, **kwargs)

    return do


def _is_apart() -> bool:
    """Whether it is code of a plugin that is tried out."""
    return APART.get() and CURRENT.get() is not None


def _key(path: Any) -> str | None:
    """What a path goes by here; None where it is none, or nobody is in the way."""
    if not _is_apart() or isinstance(path, int):
        return None
    try:
        return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links are not followed
    except TypeError:
        return None
