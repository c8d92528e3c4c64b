"""Saves being followed, as whoever asked for that sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from escalated_core.analysis.tabular import Records
from escalated_core.errors import WorkbenchError
from escalated_core.plugins.reloads import Reloads
from escalated_core.records import Reload
from escalated_workbench.watcher import Reloading, Watcher

TRIGGERS = ("save", "removed")


class Watching:
    """Plugins are loaded again as their files are saved, until the workbench is closed."""

    def __init__(self, root: Path, host: Reloading, since: float, reloads: Reloads) -> None:
        self.root = root
        self._all = reloads
        self._before = self._told = reloads.last.number if reloads.last else 0
        self._heard = threading.Condition()
        self.closed = False
        self._undo = reloads.subscribe(self._hear)
        self._watcher = Watcher(root, host, since)

    @property
    def reloads(self) -> Records[Reload]:
        """What saves have reloaded since the watch began, oldest first."""
        return Records(Reload, self._since(self._before))

    def wait(self, seconds: float = 10.0) -> Reload:
        """The next reload because of a save: the first that no earlier `wait` has returned.

        Raises:
            WorkbenchError: nothing was saved for so many seconds.
        """
        with self._heard:
            if not self._heard.wait_for(lambda: self._since(self._told), seconds):
                raise WorkbenchError(
                    f"No plugin was saved for {seconds:g} s.", f"Watched is {self.root}."
                )
            reload = self._since(self._told)[0]
            self._told = reload.number
            return reload

    def subscribe(self, listener: Callable[[Reload], None]) -> Callable[[], None]:
        """Call `listener` with each reload, on another thread; returns the undo."""
        return self._all.subscribe(listener)

    def close(self) -> None:
        """Follow no more saves; what was seen stays readable."""
        if not self.closed:
            self.closed = True
            self._watcher.close()
            self._undo()

    def _ipython_display_(self) -> None:
        # Only here: a terminal watches, too, and shows it in its own way.
        from escalated_workbench.notebook.ipython import display

        display(self)

    def _since(self, number: int) -> list[Reload]:
        return [each for each in self._all if each.number > number and each.trigger in TRIGGERS]

    def _hear(self, _: Reload) -> None:
        with self._heard:
            self._heard.notify_all()
