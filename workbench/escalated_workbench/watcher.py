"""Watches the plugins folder and tells the host which plugins changed, as soon as they did."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol

import watchfiles

from escalated_core.plugins.imports import digest

STEP_MS = 1
DEBOUNCE_MS = 10
"""How long the watcher gathers events of one save; measured at about 1.3 times a raw wake-up."""
HALF_WRITTEN = 0.1
"""Seconds that an empty file gets to fill before it counts."""
LOOK_AGAIN = 0.3
"""Seconds between two looks for a folder that is not there, and for new links in it."""

_DROPPINGS = re.compile(r".*~|\..*|.*\.sw[a-z]|4913|#.*#|.*\.pyc|__pycache__|.*\.tmp")


class Reloading(Protocol):
    """What the watcher needs of a host."""

    def changed(self, slug: str, files: tuple[str, ...]) -> object: ...


class Watcher:
    """Follows a plugins folder, the folders linked into it, and its going and coming back."""

    def __init__(self, root: Path, host: Reloading) -> None:
        self._root = root
        self._host = host
        self._stop = threading.Event()
        self._seen: dict[str, str] = {}
        for name in self._files():
            self._is_new(name)
        self._thread = threading.Thread(target=self._run, name="plugin-watcher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._root.is_dir():
                self._follow()
            else:
                self._missed()
                self._stop.wait(LOOK_AGAIN)

    def _follow(self) -> None:
        """Watch until the set of folders to watch changes."""
        watched = self._folders()
        events = watchfiles.watch(
            *watched,
            watch_filter=None,
            step=STEP_MS,
            debounce=DEBOUNCE_MS,
            stop_event=self._stop,
            rust_timeout=int(LOOK_AGAIN * 1000),
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        for count, changes in enumerate(events):
            self._take_up({path for _, path in changes})
            if count == 0:
                # Changes from before the watch stood have no event.
                self._missed()
            if not self._root.is_dir() or self._folders() != watched:
                return

    def _folders(self) -> list[Path]:
        """The root and every folder that a link in it leads to."""
        try:
            with os.scandir(self._root) as entries:
                links = [Path(entry.path).resolve() for entry in entries if entry.is_symlink()]
        except OSError:
            links = []
        return [self._root, *sorted(link for link in links if link.is_dir())]

    def _take_up(self, paths: set[str]) -> None:
        folders = self._plugin_folders() if paths else []
        by_slug: dict[str, set[str]] = {}
        for path in paths:
            for folder, prefix in folders:
                if path == folder or path.startswith(folder + os.sep):
                    relative = Path(prefix, os.path.relpath(path, folder))
                    if is_source(relative):
                        by_slug.setdefault(relative.parts[0], set()).add(str(self._root / relative))
        for slug in sorted(by_slug):
            changed = [name for name in sorted(by_slug[slug]) if self._is_new(name)]
            if changed:
                self._host.changed(slug, tuple(changed))

    def _plugin_folders(self) -> list[tuple[str, str]]:
        """Where changed paths may lie, and what they are called inside the plugins root."""
        found = [(str(self._root), ""), (str(self._root.resolve()), "")]
        try:
            with os.scandir(self._root) as entries:
                links = [entry for entry in entries if entry.is_symlink()]
        except OSError:
            links = []
        found += [(str(Path(link.path).resolve()), link.name) for link in links]
        return list(dict.fromkeys(found))

    def _is_new(self, name: str) -> bool:
        """Whether a path's content differs from when it was last seen."""
        before = self._seen.pop(name, None)
        now = fingerprint(Path(name))
        if now is not None:
            self._seen[name] = now
        return now != before

    def _files(self) -> list[str]:
        found: list[str] = []
        for folder, folders, files in os.walk(self._root, followlinks=True):
            folders[:] = [name for name in folders if is_source(Path(name))]
            found += [
                str(Path(folder, name)) for name in [*folders, *files] if is_source(Path(name))
            ]
        return found

    def _missed(self) -> None:
        """Take up what changed while nothing was watched."""
        self._take_up({*self._files(), *self._seen})


def is_source(path: Path) -> bool:
    """Whether a path inside the plugins root can be part of a plugin: no editor's droppings."""
    return bool(path.parts) and not any(_DROPPINGS.fullmatch(part) for part in path.parts)


def fingerprint(path: Path) -> str | None:
    """What tells one content of a path from another; None when there is nothing.

    A file that is empty is being written more often than not: it gets a moment to fill.
    """
    deadline = monotonic() + HALF_WRITTEN
    while True:
        try:
            if path.is_dir():
                return "folder"
            data = path.read_bytes()
        except OSError:
            return None
        if data or path.name == "__init__.py" or monotonic() > deadline:
            return digest(data)
        sleep(0.002)
