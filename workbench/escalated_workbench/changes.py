"""What changes below folders, as the system tells it."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from watchdog import events
from watchdog.observers import Observer

# It logs as an error that it was stopped while it waited for events.
logging.getLogger("watchdog").addHandler(logging.NullHandler())

# Linux tells when a written file is closed: what comes before is not worth waking up for.
_CLOSED: list[type[events.FileSystemEvent]] = [
    events.FileClosedEvent,
    events.FileCreatedEvent,
    events.FileDeletedEvent,
    events.FileMovedEvent,
    events.DirCreatedEvent,
    events.DirDeletedEvent,
    events.DirMovedEvent,
]
_WORTH_IT = _CLOSED if sys.platform == "linux" else None


class Changes(events.FileSystemEventHandler):
    """Follows folders and all below them; iterating gives sets of the paths that changed.

    A set is empty when nothing changed for `timeout` seconds, or after `wake`. The iteration ends
    when a folder went or was moved: what is there is to be looked at, and followed, anew.

    Raises:
        OSError: a folder is not there, or the system watches no more.
    """

    def __init__(self, folders: list[str], timeout: float) -> None:
        # It warns when it sees a folder twice that appeared while it looked; that does no harm.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning, "watchdog")
        self._timeout = timeout
        self._told: SimpleQueue[str] = SimpleQueue()
        self._settled = True
        self._observer = Observer()
        for folder in folders:
            self._observer.schedule(self, folder, recursive=True, event_filter=_WORTH_IT)
        try:
            self._observer.start()
        except BaseException:
            self._observer.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._observer.stop()
        self._observer.join()

    def dispatch(self, event: events.FileSystemEvent) -> None:
        """Take an event from the observer's thread."""
        if isinstance(event, (events.DirDeletedEvent, events.DirMovedEvent)):
            # The observer may go on to watch a folder that moved out, under its old name.
            self._settled = False
        for path in (event.src_path, event.dest_path):
            if path:
                self._told.put(os.fsdecode(path))

    def wake(self) -> None:
        """Have the iteration give a set at once, from any thread."""
        self._told.put("")

    def __iter__(self) -> Iterator[set[str]]:
        while self._settled:
            paths: set[str] = set()
            try:
                paths.add(self._told.get(timeout=self._timeout))
                while True:
                    paths.add(self._told.get_nowait())
            except Empty:
                if self._settled:
                    yield paths - {""}
