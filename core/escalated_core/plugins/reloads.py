"""What each load, reload and removal did: the history that front ends show and wake up for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import count
from time import perf_counter_ns, time
from typing import Literal

from escalated_core.plugins.loader import Load
from escalated_core.plugins.plugin import LivePlugin
from escalated_core.records import Reload

Trigger = Literal["start", "save", "command", "removed", "undo"]

KEPT = 1_000


class Reloads:
    """The last reloads, oldest first; `subscribe` to hear of each as it happens."""

    def __init__(self) -> None:
        self._kept: deque[Reload] = deque(maxlen=KEPT)
        self._numbers = count(1)
        self._listeners: list[Callable[[Reload], None]] = []
        self._is_quiet = False

    def __iter__(self) -> Iterator[Reload]:
        return iter(list(self._kept))

    @property
    def last(self) -> Reload | None:
        return self._kept[-1] if self._kept else None

    def subscribe(self, listener: Callable[[Reload], None]) -> Callable[[], None]:
        """Call `listener` with each reload, on the plugin thread; returns the undo."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @contextmanager
    def untold(self) -> Generator[None]:
        """Neither keep nor tell the reloads that happen meanwhile."""
        self._is_quiet = True
        try:
            yield
        finally:
            self._is_quiet = False

    def attempt(self, plugin: LivePlugin, trigger: Trigger, files: tuple[str, ...] = ()) -> Attempt:
        """A reload that begins now."""
        return Attempt(self._publish, plugin, trigger, files)

    def _publish(self, attempt: Attempt, load: Load | None, removed: tuple[str, ...]) -> None:
        if self._is_quiet:
            return
        said = load.scope.said if load else None
        reload = Reload(
            number=next(self._numbers),
            plugin=attempt.plugin.slug,
            trigger=attempt.trigger,
            files=attempt.files,
            generation=attempt.plugin.generation,
            added=load.added if load else (),
            removed=load.removed if load else removed,
            at=time(),
            duration_ns=perf_counter_ns() - attempt.started_ns,
            output=said.output if said else "",
            logs=tuple(said.logs) if said else (),
            error=attempt.plugin.error,
        )
        self._kept.append(reload)
        for listener in list(self._listeners):
            listener(reload)


class Attempt:
    """A reload under way: `done` publishes it with the time it took."""

    def __init__(
        self,
        publish: Callable[[Attempt, Load | None, tuple[str, ...]], None],
        plugin: LivePlugin,
        trigger: Trigger,
        files: tuple[str, ...],
    ) -> None:
        self.plugin = plugin
        self.trigger: Trigger = trigger
        self.files = files
        self.started_ns = perf_counter_ns()
        self._publish = publish

    def done(self, load: Load | None = None, removed: tuple[str, ...] = ()) -> None:
        self._publish(self, load, removed)
