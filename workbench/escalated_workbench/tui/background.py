"""Work that takes long, on threads of its own: the event loop goes on answering keys."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from escalated_core.errors import WorkbenchError
from escalated_workbench.saving import Cancelled, Tell

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget

    from escalated_workbench.playback import Shown

T = TypeVar("T")
Work = Callable[[Tell], Callable[[], None]]
"""Does something, telling how far it is; what it returns is called on the event loop."""


class _Showing(Protocol):
    wb: Shown


def shown_by(widget: Widget) -> Shown:
    """What the main screen around a widget shows."""
    screen: Any = widget.screen
    return cast("_Showing", screen).wb


def aside(widget: Widget, work: Callable[[], T], then: Callable[[T], object]) -> None:
    """Do `work` on a daemon thread, so that no key and no quitting waits for it.

    `then` is called with its answer on the event loop, if the widget is still there.
    """

    def run() -> None:
        try:
            answer = work()
        except Exception:  # noqa: BLE001 - as below
            fault = _fault()
            widget.call_later(widget.notify, fault, severity="error", markup=False)
        else:
            widget.call_later(then, answer)

    threading.Thread(target=run, daemon=True).start()


def _fault() -> str:
    return f"The workbench failed:\n{traceback.format_exc(limit=-3)}"


class Background:
    """The work of a screen; only what was asked for last counts.

    `ended` is called on the event loop when that ended otherwise: with an error, or with None
    when it was cancelled.
    """

    def __init__(self, screen: Screen[Any], ended: Callable[[str | None], None]) -> None:
        self._screen = screen
        self._ended = ended
        self._asked = 0
        self._unwanted = 0
        self.done: tuple[int, int] | None = None
        """Of how many firings how many are done, while something is."""

    def do(self, work: Work) -> None:
        """Begin some work, in the place of what is under way."""
        self._unwanted = self._asked
        self._asked += 1
        self.done = (0, 0)
        threading.Thread(target=self._run, args=[work, self._asked], daemon=True).start()

    def cancel(self) -> None:
        """Have what is under way end as soon as it tells how far it is."""
        self._unwanted = self._asked

    def _run(self, work: Work, number: int) -> None:
        def tell(done: int, total: int) -> None:
            if number <= self._unwanted:
                raise Cancelled
            self.done = done, total

        try:
            then = work(tell)
        except Cancelled:
            self._screen.call_later(self._end, number, None)
        except WorkbenchError as error:
            self._screen.call_later(self._end, number, str(error))
        except Exception:  # noqa: BLE001 - a fault of ours must be seen, and end nothing
            self._screen.call_later(self._end, number, _fault())
        else:
            self._screen.call_later(self._take, number, then)

    def _take(self, number: int, then: Callable[[], None]) -> None:
        if number == self._asked:
            self.done = None
            then()

    def _end(self, number: int, error: str | None) -> None:
        if number == self._asked:
            self.done = None
            self._ended(error)
