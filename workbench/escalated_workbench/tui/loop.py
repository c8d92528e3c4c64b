"""An event loop that comes before the plugins."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable

PATIENCE = 0.05
"""Seconds that plugins wait at most for the event loop to come to rest."""


class _Resting(selectors.DefaultSelector):
    """Where an event loop waits for something to do: tells when that begins and when it ends.

    Args:
        hush: is told for how many seconds at most others are to leave the loop alone.
    """

    def __init__(self, hush: Callable[[float], None]) -> None:
        super().__init__()
        self._hush = hush

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            # It does not wait: there is more to do.
            return super().select(timeout)
        self._hush(0)
        try:
            return super().select(timeout)
        finally:
            self._hush(PATIENCE)


def busy_first(hush: Callable[[float], None]) -> asyncio.Runner:
    """What runs an event loop that has plugins wait while it is busy (see `Trace.hush`)."""
    return asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(_Resting(hush)))
