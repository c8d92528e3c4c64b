"""Things tried out on the plugin thread, of which nothing lasts and nobody is told."""

from __future__ import annotations

import contextvars
import os
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from escalated_core.effects.outbox import Effects, Outbox, under
from escalated_core.effects.policy import Policy
from escalated_core.errors import Abandoned, WorkbenchError
from escalated_core.hooks.registry import Chain, HookRegistry, Key
from escalated_core.host.around import Around
from escalated_core.host.chance import Chance
from escalated_core.host.disk import Disk
from escalated_core.host.stage import Stage
from escalated_core.host.thread import PluginThread
from escalated_core.records import Firing
from escalated_core.scope import APART
from escalated_core.trace.capture import living_threads
from escalated_core.trace.readout import record_of
from escalated_core.trace.recorder import Recorder, recorded_aside

Chains = Mapping[Key, Chain]


@dataclass(frozen=True, slots=True)
class Tried:
    """What happened when something was tried out."""

    firings: tuple[Firing, ...]
    """In the order they began; their numbers are their own, not those of the trace."""
    uncontrolled: tuple[str, ...] = ()
    """What of it could not be kept from lasting, in words for a person."""
    gave_way: bool = False
    """Whether it was stopped because other jobs waited."""


class Isolation:
    """Tries things out, see `opened`.

    Args:
        thread: where the code of plugins runs.
        recorder: makes one for what is tried out, whose trace is its own.
        registry: whose chains are in force unless others are given.
        around: the help desk, of which what is tried out sees a copy.
        stage: whose clock it is on.
    """

    def __init__(
        self,
        thread: PluginThread,
        recorder: Callable[[], Recorder],
        registry: HookRegistry,
        around: Around,
        stage: Stage,
    ) -> None:
        self.thread = thread
        self.recorder = recorder
        self.registry = registry
        self.around = around
        self.stage = stage

    @contextmanager
    def opened(self) -> Generator[Aside]:
        """Within it things can be tried out, from any thread but that of the plugins.

        Waits while a story runs, as there is one virtual clock at a time.
        """
        chance, disk = Chance(), Disk()
        effects = Effects(Outbox(lambda _: set()), Policy("capture"))
        clock, undo = self.stage.clock(APART.get), ExitStack()

        def begin() -> None:
            undo.enter_context(chance.running())
            undo.enter_context(clock.running())
            undo.enter_context(disk.running())
            # What goes on in threads is held from then on.
            undo.callback(setattr, effects, "is_closed", True)

        with self.stage.one_clock():
            # On that thread: what changes while a plugin is loaded would be taken for its doing.
            self.thread.call("beginning to try things out", begin)
            try:
                yield Aside(self, clock.move, chance, disk, effects)
            finally:
                try:
                    self.thread.call("ending to try things out", undo.close)
                except WorkbenchError:  # it is closed, and loads no more
                    undo.close()


class Aside:
    """Where things are tried out: recorded apart, effects held, on a copy of the database.

    The code sees a clock that stands still and chance that repeats itself. Out of reach is what a
    callback changes in memory, what threads do that were there before, and code in C.
    """

    def __init__(
        self,
        isolation: Isolation,
        move: Callable[[datetime], None],
        chance: Chance,
        disk: Disk,
        effects: Effects,
    ) -> None:
        self._isolation = isolation
        self._move = move
        self._chance = chance
        self._disk = disk
        self._effects = effects
        self._recorder = isolation.recorder()
        self.waited = 0.0
        """Seconds that the plugin thread was not free, as while something is stopped on it."""

    def run(
        self,
        name: str,
        work: Callable[[], object],
        *,
        moment: float,
        seed: int = 0,
        chains: Chains | None = None,
        limit: float | None = None,
    ) -> Tried:
        """Run `work` on the plugin thread and wait; what it fires is in the result.

        Args:
            work: fires hooks of the registry; what it raises comes out.
            moment: what the clock says meanwhile, in seconds since the epoch.
            seed: of what is chance.
            chains: the callbacks that are in force meanwhile; None for those of the registry.
            limit: seconds that a callback may run, if fewer than usual.
        """
        asked, trace = monotonic(), self._recorder.trace
        seen, before = trace.finished, set(living_threads())

        def alone() -> None:
            self.waited += monotonic() - asked
            # In a context of its own: whatever is set in it goes with it.
            with thread.hurrying(limit):
                contextvars.copy_context().run(self._inside, work, seed, chains)

        self._disk.fresh()
        self._move(datetime.fromtimestamp(moment, UTC))
        thread = self._isolation.thread
        try:
            thread.call(name, alone)
        except Abandoned:
            if trace.finished == seen:
                raise
        found = _whole(map(record_of, trace.news(seen)[0]))
        trace.clear()
        left = sorted(f"the thread {name} runs on" for *_, name in {*living_threads()} - before)
        return Tried(found, (*dict.fromkeys([*left, *self._disk.refused]),), thread.gave_way)

    def _inside(self, work: Callable[[], object], seed: int, chains: Chains | None) -> None:
        APART.set(True)
        self._effects.enter()
        isolation = self._isolation
        registry = isolation.registry
        with ExitStack() as undo:
            undo.enter_context(isolation.around.apart())
            undo.enter_context(under(self._effects.policy))
            undo.enter_context(recorded_aside(self._recorder))
            undo.enter_context(registry.aside(registry.chains if chains is None else chains))
            undo.enter_context(self._chance.seeded(seed))
            undo.enter_context(_process_as_before())
            work()


@contextmanager
def _process_as_before() -> Generator[None]:
    """Have where Python looks for modules, and the environment, as before afterwards."""
    lists: list[list[Any]] = [sys.path, sys.meta_path, sys.path_hooks]
    before = [[*each] for each in lists]
    environment = dict(os.environ)
    try:
        yield
    finally:
        for each, items in zip(lists, before, strict=True):
            each[:] = items
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)


def _whole(firings: Iterable[Firing]) -> tuple[Firing, ...]:
    """Those that began with an outermost one, in the order they began.

    Threads of earlier runs may have fired meanwhile.
    """
    kept: dict[int, Firing] = {}
    for firing in sorted(firings, key=lambda each: each.id):
        if firing.parent_id is None or firing.parent_id in kept:
            kept[firing.id] = firing
    return tuple(kept.values())
