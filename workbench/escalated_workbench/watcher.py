"""Watches the plugins folder and tells the host which plugins changed, as soon as they did."""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import watchfiles

from escalated_core.plugins.imports import digest, tries
from escalated_core.plugins.plugin import Change

STEP_MS = 1
DEBOUNCE_MS = 10
"""How long the watcher gathers events of one save; measured at about 1.3 times a raw wake-up."""
LOOK_AGAIN = 0.3
"""Seconds between two looks for a folder that is not there, and for new links in it."""
LARGE = 1_000_000
"""Bytes from which on a file is told apart by its size and time of change, not its content."""

_DROPPINGS = re.compile(
    r".*~|\..*|#.*#|4913|.*\.sw[a-z]|.*\.tmp|.*\.pyc|__pycache__"
    # What editors and tools write beside a file before they put it in its place.
    r"|.*\.(py|json|html|txt)\W.*|.*___jb_\w+___|tmp\w{8}.*|sed\w{6}"
)

FOLDER = "folder"
"""The fingerprint of every folder: what is in it has fingerprints of its own."""

_Places = list[tuple[str, int, int]]


class Reloading(Protocol):
    """What the watcher needs of a host."""

    def changed(self, slug: str, change: Change) -> object: ...


class Watcher:
    """Follows a plugins folder, the folders linked into it, and its going and coming back."""

    def __init__(self, root: Path, host: Reloading) -> None:
        self._root = root
        self._host = host
        self._stop = threading.Event()
        self._seen: dict[str, str] = {}
        self._roots = [(str(root), ""), (os.path.realpath(root), "")]
        self._inside = self._roots
        """Folders that changed paths may lie in, and what they are called inside the root."""
        for name in _files(str(root)):
            self._is_new(name)
        self._thread = threading.Thread(target=self._run, name="plugin-watcher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            places = self._places()
            if places:
                self._follow(places)
            else:
                self._take_up(self._everything())
                self._stop.wait(LOOK_AGAIN)

    def _follow(self, places: _Places) -> None:
        """Watch until the set of folders to watch changes."""
        folders = [folder for folder, *_ in places]
        events = watchfiles.watch(
            *folders,
            watch_filter=None,
            step=STEP_MS,
            debounce=DEBOUNCE_MS,
            stop_event=self._stop,
            rust_timeout=int(LOOK_AGAIN * 1000),
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        look: list[str] = []
        try:
            for count, changes in enumerate(events):
                paths = {path for _, path in changes}
                self._take_up(paths)
                if count == 0:
                    # What changed before the watch stood has no event.
                    self._take_up(self._everything())
                # Nor has what was written into a new folder before that was watched too.
                for folder in look:
                    self._take_up(_files(folder))
                look = [path for path in paths if Path(path).is_dir()]
                if not paths.isdisjoint(folders) or self._places() != places:
                    return
        except OSError:  # a folder went before the watch stood
            return

    def _places(self) -> _Places:
        """The root and every folder that a link in it leads to, each with what identifies it."""
        try:
            with os.scandir(self._root) as entries:
                links = [(entry.path, entry.name) for entry in entries if entry.is_symlink()]
        except OSError:
            return []
        linked = [(os.path.realpath(path), name) for path, name in links]
        self._inside = [*dict.fromkeys([*self._roots, *linked])]
        folders = [str(self._root), *sorted({folder for folder, _ in linked})]
        return [place for folder in folders if (place := _place(folder)) is not None]

    def _take_up(self, paths: Iterable[str]) -> None:
        by_slug: dict[str, set[str]] = {}
        for path in paths:
            for folder, prefix in self._inside:
                if path == folder or path.startswith(folder + os.sep):
                    relative = Path(prefix, os.path.relpath(path, folder))
                    if is_source(relative):
                        by_slug.setdefault(relative.parts[0], set()).add(str(self._root / relative))
        for slug, names in sorted(by_slug.items()):
            touched = sorted(names)
            new = [name for name in touched if self._is_new(name)]
            # What was read meanwhile is not known here: the host is told of what is not new, too.
            self._host.changed(slug, Change(tuple(touched), tuple(new)))

    def _is_new(self, name: str) -> bool:
        """Whether a file's content differs from when it was last seen, or a path is gone."""
        before = self._seen.pop(name, None)
        now = fingerprint(Path(name))
        if now is not None:
            self._seen[name] = now
        return now not in (before, FOLDER)

    def _everything(self) -> set[str]:
        """All there is and all there was: what differs has changed while nothing was watched."""
        return {*_files(str(self._root)), *self._seen}


def _place(folder: str) -> tuple[str, int, int] | None:
    try:
        status = os.stat(folder)  # noqa: PTH116 - half the time of Path
    except OSError:
        return None
    is_folder = stat.S_ISDIR(status.st_mode)
    return (folder, status.st_dev, status.st_ino) if is_folder else None


def _files(root: str) -> Iterator[str]:
    """Everything below the root that can be part of a plugin; links are followed once."""
    visited: set[str] = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = [name for name in folders if is_source(Path(name))]
        yield from (str(Path(folder, name)) for name in [*folders, *files] if is_source(Path(name)))


def is_source(path: Path) -> bool:
    """Whether a path inside the plugins root can be part of a plugin: no editor's droppings."""
    return bool(path.parts) and not any(_DROPPINGS.fullmatch(part) for part in path.parts)


def fingerprint(path: Path) -> str | None:
    """What tells one content of a path from another; None when there is nothing.

    A file that is empty may be being written: it gets a moment to fill.
    """
    found: str | None = None
    for _ in tries(path):
        try:
            if path.is_dir():
                return FOLDER
            status = path.stat()
            if status.st_size > LARGE:
                return f"{status.st_size} {status.st_mtime_ns}"
            data = path.read_bytes()
        except OSError:
            return None
        found = digest(data)
        if data or path.name == "__init__.py":
            break
    return found
