"""A saved session in the place of a workbench: all of it can be looked at, nothing of it runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, Self

from escalated_core.errors import UsageError
from escalated_core.hooks.catalogue import guide_catalogue
from escalated_core.host.thread import Job
from escalated_core.records import Callback, Finding, Hook, Kind, Plugin, Reload, Step
from escalated_core.sessions.lines import SessionPlugin
from escalated_core.sessions.session import read
from escalated_workbench.workbench import Workbench


class Playback:
    """Has what a front end reads of a `Workbench`; what would run a plugin raises `UsageError`.

    Raises:
        UsageError: the file cannot be read, or is no session.
    """

    activity = None
    revision: tuple[object, ...] = ()

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.trace = read(path)
        self.root = Path(self.trace.header.root)
        self.profile = self.trace.header.profile
        self.opening: Job[None] = Job("opening", lambda: None)
        self.opening.run()
        self._hooks: list[Hook] | None = None

    @property
    def plugins(self) -> dict[str, Plugin]:
        """The plugins as they were when the session was saved."""
        return {plugin.slug: self._plugin(plugin) for plugin in self.trace.header.plugins}

    @property
    def hooks(self) -> list[Hook]:
        """Every hook that was fired, with the callbacks that ran when it was last."""
        if self._hooks is None:
            self._hooks = list(self._fired())
        return self._hooks

    @property
    def findings(self) -> list[Finding]:
        return self.trace.findings

    @property
    def reloads(self) -> list[Reload]:
        return self.trace.reloads

    def on_reload(self, _: Callable[[Reload], None]) -> Callable[[], None]:
        """Nothing is ever reloaded."""
        return lambda: None

    def interrupt(self) -> bool:
        return False

    def watch(self) -> None:
        """There is nothing to watch."""

    def fire(self, *_: Any, **__: Any) -> NoReturn:
        raise _nothing_runs()

    activate = deactivate = reload = uninstall = fire

    def close(self) -> None:
        self.trace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _plugin(self, saved: SessionPlugin) -> Plugin:
        return Plugin(
            slug=saved.slug,
            name=saved.slug,
            version=saved.version,
            description="",
            author="",
            source=saved.source,
            status="active" if saved.generation else "inactive",
            generation=saved.generation,
            path=str(self.root / saved.slug),
            main_file="plugin.py",
            manifest={},
            findings=tuple(each for each in self.findings if each.plugin == saved.slug),
        )

    def _fired(self) -> list[Hook]:
        newest: dict[tuple[str, Kind], int] = {}
        for row in self.trace.rows()[0]:
            newest[row.hook, row.kind] = row.id
        catalogue = guide_catalogue()
        return [
            Hook(hook, kind, catalogue.get(hook), self._callbacks(number))
            for (hook, kind), number in sorted(newest.items())
        ]

    def _callbacks(self, number: int) -> tuple[Callback, ...]:
        firing = self.trace.require(number)
        return tuple(_callback(firing.hook, firing.kind, step) for step in firing.steps)


def _callback(hook: str, kind: Kind, step: Step) -> Callback:
    return Callback(
        hook=hook,
        kind=kind,
        plugin=step.plugin,
        callback=step.callback,
        priority=step.priority,
        file=step.file,
        line=step.line,
        defined_at=step.defined_at,
    )


def _nothing_runs() -> UsageError:
    return UsageError("This is a saved session: nothing of it runs.", "Open the plugins folder.")


Shown = Workbench | Playback
"""What a front end can show."""
