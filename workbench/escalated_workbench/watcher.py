"""Watches the plugins folder and tells the host which plugins changed, as soon as they did."""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import time
from typing import Protocol

from escalated_core.plugins.plugin import Change
from escalated_workbench.changes import Changes

LOOK_AGAIN = 0.3
"""Seconds between two looks for a folder that is not there, and for new links in it."""
MARGIN = 1.0
"""Seconds by which clocks of files and processes may differ."""

_DROPPINGS = re.compile(
    r".*~|\..*|#.*#|4913|.*\.sw[a-z]|.*\.tmp|.*\.pyc|__pycache__"
    # What editors and tools write beside a file before they put it in its place.
    r"|.*\.(py|json|html|txt)\W.*|.*___jb_\w+___|tmp\w{8}.*|sed\w{6}"
)

FOLDER = "folder"
"""The signature of every folder: what is in it has signatures of its own."""

_Places = list[tuple[str, int, int]]


class Reloading(Protocol):
    """What the watcher needs of a host."""

    def changed(self, slug: str, change: Change) -> object: ...


class Watcher:
    """Follows a plugins folder, the folders linked into it, and its going and coming back.

    Args:
        root: the plugins folder.
        host: is told of changes.
        since: from when on it is to be told, in seconds since the epoch: when it read the plugins.
    """

    def __init__(self, root: Path, host: Reloading, since: float) -> None:
        self._root = root
        self._host = host
        self._since = since - MARGIN
        self._stop = threading.Event()
        self._changes: Changes | None = None
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
        if self._changes is not None:
            self._changes.wake()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            places = self._places()
            if places:
                self._follow(places)
            else:
                self._take_up(self._missed())
                self._stop.wait(LOOK_AGAIN)

    def _follow(self, places: _Places) -> None:
        """Watch until the set of folders to watch changes."""
        folders = [folder for folder, *_ in places]
        try:
            with Changes(folders, LOOK_AGAIN) as self._changes:
                # What changed before the watch stood has no event.
                self._take_up(self._missed())
                for paths in self._changes:
                    if self._stop.is_set():
                        return
                    self._take_up(paths)
                    if self._moved(paths, places):
                        return
        except OSError:
            # A folder went before the watch stood, or the system watches no more: look then.
            self._take_up(self._missed())
            self._stop.wait(LOOK_AGAIN)

    def _moved(self, paths: set[str], places: _Places) -> bool:
        """Whether there are other folders to watch now."""
        # Links to follow lie in the root itself: a save in a plugin waits for no look.
        in_root = any(str(Path(path).parent) == places[0][0] for path in paths)
        return (in_root or not paths) and self._places() != places

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
                    inside = f"{prefix}{os.sep}{path[len(folder) + 1 :]}".strip(os.sep)
                    if is_source(inside):
                        slug = inside.partition(os.sep)[0]
                        by_slug.setdefault(slug, set()).add(f"{self._root}{os.sep}{inside}")
        for slug, names in sorted(by_slug.items()):
            touched = sorted(names)
            new = [name for name in touched if self._is_new(name)]
            # What was read meanwhile is not known here: the host is told of what is not new, too.
            self._host.changed(slug, Change(tuple(touched), tuple(new)))

    def _is_new(self, name: str) -> bool:
        """Whether a file differs from when it was last seen, or a path is gone."""
        before = self._seen.pop(name, None)
        now = signature(name)
        if now is not None:
            self._seen[name] = now
        return now not in (before, FOLDER)

    def _missed(self) -> set[str]:
        """All paths of the plugins that may have changed while nothing was watched."""
        since, self._since = self._since, time() - MARGIN
        there = set(_files(str(self._root)))
        gone = self._seen.keys() - there
        differing = {n for n in there if signature(n) != self._seen.get(n) or _changed(n) >= since}
        slugs = {self._slug(name) for name in differing | gone}
        return {name for name in there | gone if self._slug(name) in slugs}

    def _slug(self, name: str) -> str:
        return name[len(str(self._root)) + 1 :].partition(os.sep)[0]


def _place(folder: str) -> tuple[str, int, int] | None:
    try:
        status = os.stat(folder)  # noqa: PTH116 - half the time of Path
    except OSError:
        return None
    is_folder = stat.S_ISDIR(status.st_mode)
    return (folder, status.st_dev, status.st_ino) if is_folder else None


def _files(root: str) -> Iterator[str]:
    """Everything below the root that can be part of a plugin; links are followed once."""
    visited: set[tuple[int, int]] = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        place = _place(folder)
        if place is None or place[1:] in visited:
            folders.clear()
            continue
        visited.add(place[1:])
        folders[:] = filter(is_source, folders)
        yield from (f"{folder}{os.sep}{name}" for name in [*folders, *filter(is_source, files)])


def is_source(path: str) -> bool:
    """Whether a path inside the plugins root can be part of a plugin: no editor's droppings."""
    parts = path.split(os.sep)  # noqa: PTH206 - asked of every file there is: Path is slow
    return path != "" and not any(map(_DROPPINGS.fullmatch, parts))


def signature(name: str) -> str | None:
    """What tells a file from another in its place; None when there is nothing.

    What plugins load is compared by content, which the host does. The rest need not be read.
    """
    try:
        status = os.stat(name)  # noqa: PTH116 - asked of every file there is
    except OSError:
        return None
    if stat.S_ISDIR(status.st_mode):
        return FOLDER
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns}"


def _changed(name: str) -> float:
    """When a path was written to or moved, in seconds since the epoch."""
    try:
        return os.stat(name).st_ctime  # noqa: PTH116 - as above
    except OSError:
        return 0
