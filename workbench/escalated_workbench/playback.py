"""A saved session in the place of a workbench: all of it can be looked at, nothing of it runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn, Self

from escalated_core.analysis.moments import Moment
from escalated_core.errors import UsageError
from escalated_core.hooks.catalogue import catalogue_of
from escalated_core.host.thread import Job
from escalated_core.records import (
    Callback,
    Effect,
    Finding,
    Firing,
    Hook,
    Kind,
    Plugin,
    Reload,
    Status,
    Step,
    Turnover,
)
from escalated_core.sessions.lines import SessionPlugin
from escalated_core.sessions.session import Session
from escalated_workbench.config import Config
from escalated_workbench.saving import Tell, nobody, save_session, telling
from escalated_workbench.workbench import Workbench


class Recorded(Session):
    """A session file that has been read through once: its rows and hooks are at hand.

    Has what a front end asks of a live trace. What is pinned is not saved.

    Raises:
        UsageError: the file cannot be read, or is no session.
    """

    dropped = 0
    recording = False

    def __init__(self, path: Path, tell: Tell) -> None:
        super().__init__(path)
        newest: dict[tuple[str, Kind], Firing] = {}
        rows = self._rows = []
        try:
            for firing in telling(self, tell):
                rows.append(firing.row())
                if firing.kind != "event":
                    newest[firing.hook, firing.kind] = firing
        except BaseException:
            self.close()
            raise
        self.hooks = [
            Hook(
                hook,
                kind,
                catalogue_of(firing.profile).get(hook),
                tuple(map(_heard_by(hook, kind), firing.steps)),
            )
            for (hook, kind), firing in sorted(newest.items())
        ]
        """Every hook that was fired, with the callbacks that ran when it was last."""
        self.pinned: frozenset[int] = frozenset()

    def pin(self, firing_id: int, pinned: bool = True) -> None:
        """Mark a firing, or no longer."""
        self.pinned = self.pinned | {firing_id} if pinned else self.pinned - {firing_id}

    def kept(self, ids: Iterable[int]) -> set[int]:
        """Which of these firings there are."""
        return self._places.keys() & set(ids)


class Playback:
    """Has what a front end reads of a `Workbench`; what would run a plugin raises `UsageError`.

    `tell` hears how far the file is read.

    Raises:
        UsageError: the file cannot be read, or is no session.
    """

    activity = None
    config = Config()
    revision: tuple[object, ...] = ()

    def __init__(self, path: str | os.PathLike[str], tell: Tell = nobody) -> None:
        self.trace = Recorded(Path(path), tell)
        self.root = Path(self.trace.header.root)
        self.profile = self.trace.header.profile
        self.opening: Job[None] = Job("opening", lambda: None)
        self.opening.run()

    @property
    def outbox(self) -> list[Effect]:
        """What plugins sent out, or would have; oldest first."""
        return self.trace.outbox

    @property
    def plugins(self) -> dict[str, Plugin]:
        """The plugins as they were when the session was saved."""
        return {plugin.slug: self._plugin(plugin) for plugin in self.trace.header.plugins}

    @property
    def hooks(self) -> list[Hook]:
        """Every hook that was fired, with the callbacks that ran when it was last."""
        return list(self.trace.hooks)

    @property
    def findings(self) -> list[Finding]:
        return self.trace.findings

    @property
    def reloads(self) -> list[Reload]:
        return self.trace.reloads

    @property
    def history(self) -> list[Turnover]:
        """The history of the registry; none if the session was saved by an older workbench."""
        return list(self.trace.history or ())

    def at(self, firing: int | Firing, step: int | None = None) -> Moment:
        """See `Workbench.at`."""
        return self.trace.at(firing, step)

    def on_reload(self, _: Callable[[Reload], None]) -> Callable[[], None]:
        """Nothing is ever reloaded."""
        return lambda: None

    def interrupt(self) -> bool:
        return False

    def watch(self) -> None:
        """There is nothing to watch."""

    def fire(self, *_: Any, **__: Any) -> NoReturn:
        raise _nothing_runs()

    activate = again = deactivate = reload = uninstall = fire

    def save(self, path: str | os.PathLike[str]) -> int:
        """Write the session to another file; returns how many firings it has."""
        return save_session(self, path)

    def close(self) -> None:
        self.trace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _plugin(self, saved: SessionPlugin) -> Plugin:
        loads = [reload for reload in self.reloads if reload.plugin == saved.slug]
        good = next((load for load in reversed(loads) if load.ok), None)
        error = loads[-1].error if loads else None
        findings = tuple(each for each in self.findings if each.plugin == saved.slug)
        status = _status(saved, loads, findings)
        return Plugin(
            slug=saved.slug,
            name=saved.slug,
            version=saved.version,
            description="",
            author="",
            source=saved.source,
            status=status,
            generation=saved.generation,
            path=str(self.root / saved.slug),
            main_file=_main_file(saved),
            manifest={},
            findings=findings,
            error=error,
            loaded_at=good.at if good else None,
            load_ns=good.duration_ns if good else 0,
            imports=saved.imports,
            stale=error is not None and status == "active",
        )


def _status(saved: SessionPlugin, loads: Iterable[Reload], findings: Iterable[Finding]) -> Status:
    """How a plugin stood at the end, told from what each load did."""
    active, failed, newest = bool(saved.generation), False, 0
    for load in loads:
        failed = not load.ok
        if load.ok:
            # Whatever is loaded begins a generation; the one that ends has its number.
            active = load.trigger != "removed" and load.generation > newest
            newest = load.generation
    if active:
        return "active"
    unusable = not saved.generation and any(each.severity == "error" for each in findings)
    return "failed" if failed or unusable else "inactive"


def _main_file(saved: SessionPlugin) -> str:
    """The file that is run; only that one is known of an installed plugin."""
    if saved.source == "composer":
        return next(iter(saved.files), "")
    return "plugin.py" if "plugin.py" in saved.files else ""


def _heard_by(hook: str, kind: Kind) -> Callable[[Step], Callback]:
    """What makes a callback of a step of a firing of that hook."""
    return lambda step: Callback(
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
