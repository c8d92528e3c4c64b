"""What the trace has for the timeline: new firings to take up, dropped ones to let go of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from escalated_core.trace.trace import Brief, Trace, as_row
from escalated_workbench.playback import Recorded
from escalated_workbench.tui.widgets.listing import Listing

TAKEN = 20_000
"""Firings that are taken from the trace at a time."""


class Feed:
    """Keeps a listing up to date with a trace, as far as it is asked to."""

    def __init__(self, trace: Trace | Recorded, listing: Listing) -> None:
        self.telling_id: int | None = None
        """The newest outermost firing that tells anything, of those taken up."""
        self._trace = trace
        self._listing = listing
        self._news: Callable[[int, int], tuple[Sequence[Brief], int]]
        self._news = trace.news if isinstance(trace, Trace) else trace.rows
        self._seen = self._dropped = 0

    @property
    def waiting(self) -> int:
        """How many firings have not been taken up."""
        trace = self._trace
        return (trace.finished if isinstance(trace, Trace) else len(trace)) - self._seen

    def take_up(self) -> None:
        """Add what is new to the listing."""
        news, self._seen = self._news(self._seen, TAKEN)
        self._listing.add(news)
        telling = max((each.id for each in news if _tells(each)), default=0)
        self.telling_id = max(self.telling_id or 0, telling) or None

    def is_outdated(self, held: bool) -> bool:
        """Whether there are firings listed that the trace has dropped or forgotten.

        While held, the ones that wait are in the trace, too: then only the dropped ones count.
        """
        dropped = held and self._trace.dropped != self._dropped
        return dropped or len(self._listing.rows) > len(self._trace)

    def let_go(self, seconds: float, held: bool) -> None:
        """Take firings out of the listing that the trace does not keep any more, for so long."""
        until = perf_counter() + seconds
        while self.is_outdated(held) and perf_counter() < until:
            dropped = self._trace.dropped
            if not self._listing.prune(self._trace.kept):
                self._dropped = dropped
                break


def _tells(firing: Brief) -> bool:
    """Whether somebody did something: not nested, and more than a plugin's coming and going."""
    return not firing.depth and (firing.cause != "lifecycle" or as_row(firing).steps > 0)
