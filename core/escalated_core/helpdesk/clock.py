"""A clock that stands still until somebody moves it, for the code of plugins only.

What plugins and the help desk read (`timezone.now()`, `datetime.now()`, `time.time()` and the rest
of the wall clock) is the clock's moment; every other thread reads the real time, and monotonic and
performance counters are nobody's but the machine's. The clock of the database (`CURRENT_TIMESTAMP`)
and the times of files are real, too.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime

import time_machine


class VirtualClock:
    """The wall clock of plugins while it is `running`.

    Args:
        moment: where it stands at first.
        is_meant: whether the code that asks, on its own thread, is to read this clock.
    """

    def __init__(self, moment: datetime, is_meant: Callable[[], bool]) -> None:
        self._is_meant = is_meant
        self._now = moment

    @property
    def now(self) -> datetime:
        return self._now

    def move(self, moment: datetime) -> None:
        """Have it stand elsewhere, from now on."""
        self._now = moment

    @contextmanager
    def running(self) -> Generator[None]:
        """Have plugins read this clock."""
        real_ns = time_machine.escape_hatch.time.time_ns

        def time_ns() -> int:
            return _nanoseconds(self._now) if self._is_meant() else real_ns()

        travel = time_machine.travel(self._now.timestamp(), tick=False)
        traveller = travel.start()
        # Everybody who asks for the time asks the traveller, on his own thread.
        vars(traveller)["time_ns"] = time_ns
        try:
            yield
        finally:
            travel.stop()


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1_000
