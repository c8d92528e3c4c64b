"""What stories do to a host besides making things happen: its rows, its clock, its trace."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from escalated_core.helpdesk.references import Reference
from escalated_core.host.around import Around
from escalated_core.scope import CURRENT
from escalated_core.stepping.gate import Gate
from escalated_core.trace.recorder import Recorder
from escalated_core.trace.trace import Trace

if TYPE_CHECKING:
    from escalated_core.helpdesk.clock import VirtualClock
    from escalated_core.helpdesk.deadlines import Passing


class Stage:
    """Methods run on the plugin thread, unless they say otherwise."""

    def __init__(self, around: Around, recorder: Recorder, gate: Gate) -> None:
        self._around = around
        self._recorder = recorder
        self._is_on = False
        self._gate = gate
        self._clock = threading.Lock()
        self.seed: int | None = None
        """Of the rows that the newest story began with."""

    @property
    def trace(self) -> Trace:
        """Where firings are recorded."""
        return self._recorder.trace

    @contextmanager
    def one_clock(self) -> Generator[None]:
        """Held while a virtual clock runs: one does at a time; on any thread.

        Raises:
            UsageError: what is stopped can only be let go on by the thread that asks.
        """
        self._gate.refuse_own()
        with self._clock:
            yield

    def begin_anew(self, seed: int) -> None:
        """Have the rows that a story begins with."""
        self._around.world().reset(seed)
        self.seed = seed

    def fact(self, reference: Reference, path: tuple[str, ...]) -> Any:
        """What a row says; raises `LookupError` where there is nothing."""
        self._around.world()
        from escalated_core.helpdesk.facts import fact

        return fact(reference, path)

    def passing(self, after: datetime, until: datetime, warning: timedelta) -> list[Passing]:
        """The deadlines that come near or pass meanwhile, in order."""
        self._around.world()
        from escalated_core.helpdesk.deadlines import passing

        return passing(after, until, warning)

    def lay_over(self, settings: Mapping[str, Any]) -> Callable[[], None]:
        """Lay settings over those there are; returns the undo.

        Raises:
            UsageError: one is not valid.
        """
        self._around.world()
        from escalated_core.helpdesk.world import lay_over

        return lay_over(settings)

    @contextmanager
    def under(
        self, moment: datetime, seed: int, is_plugins: Callable[[], bool]
    ) -> Generator[VirtualClock]:
        """A clock and chance of a story's own; on any thread, which does not see them.

        Args:
            moment: where the clock stands at first.
            seed: of the module `random`, which is as before afterwards.
            is_plugins: whether this thread is the one of the plugins.
        """

        def is_meant() -> bool:
            return CURRENT.get() is not None or (self._is_on and is_plugins())

        clock = self.clock(is_meant)
        clock.move(moment)
        state = random.getstate()
        with self.one_clock(), ExitStack() as undo:
            undo.callback(random.setstate, state)
            random.seed(seed)
            undo.enter_context(clock.running())
            yield clock

    def clock(self, is_meant: Callable[[], bool]) -> VirtualClock:
        """A clock for the code that is meant, to be run while `one_clock` is held."""
        # Only here: most of what runs needs no such clock.
        from escalated_core.helpdesk.clock import VirtualClock

        return VirtualClock(datetime.now(UTC), is_meant)

    @contextmanager
    def acting(self) -> Generator[None]:
        """Something happens in the story: the thread of the plugins is on its clock."""
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False

    @contextmanager
    def apart(self, trace: Trace) -> Generator[None]:
        """Record into another trace meanwhile."""
        before, self._recorder.trace = self._recorder.trace, trace
        try:
            yield
        finally:
            self._recorder.trace = before
