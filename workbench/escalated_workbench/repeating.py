"""Something done again and again on a thread of its own, so often or so fast as was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic


class Repeating:
    """Begins at once.

    Args:
        once: what is done; if it raises, that was the last time.
        times: how often; None until `stop`.
        rate: how often a second; None as fast as it can.
        ended: called on that thread, with what was raised if anything was.
    """

    def __init__(
        self,
        once: Callable[[], object],
        times: int | None,
        rate: float | None,
        ended: Callable[[BaseException | None], None],
    ) -> None:
        self.times, self.rate = times, rate
        self.done = 0
        self._once, self._ended = once, ended
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Do it no further time; what is under way goes on to its end."""
        self._stopped.set()

    def _run(self) -> None:
        failure: BaseException | None = None
        try:
            due = monotonic()
            while not self._stopped.is_set() and (self.times is None or self.done < self.times):
                self._once()
                self.done += 1
                if self.rate:
                    # What took longer than its turn is not made up for by a burst.
                    due = max(due + 1 / self.rate, monotonic() - 1 / self.rate)
                    self._stopped.wait(max(due - monotonic(), 0))
        except BaseException as error:  # noqa: BLE001 - carried to whoever began it
            failure = error
        self._ended(failure)
