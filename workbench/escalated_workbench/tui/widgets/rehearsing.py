"""Payloads judged on a thread of their own, the newest one as soon as typing pauses."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.screen import Screen
from textual.timer import Timer

from escalated_core.errors import UsageError, WorkbenchError
from escalated_core.hooks.catalogue import catalogue_of
from escalated_core.records import Event, Rehearsed
from escalated_workbench.composing import Payload, to_blame
from escalated_workbench.tui.background import aside
from escalated_workbench.workbench import Workbench

PAUSE = 0.15
"""Seconds without a change after which a payload is judged."""


@dataclass(frozen=True)
class Verdict:
    """What a payload would do, or what is wrong with it, by parameter."""

    payload: Payload
    rehearsed: Sequence[Rehearsed] = ()
    errors: Mapping[str, UsageError] = field(default_factory=dict[str, UsageError])


class Rehearsing:
    """One at a time, however long the plugin thread is busy; `then` hears only of the newest."""

    def __init__(
        self, screen: Screen[Any], wb: Workbench, event: Event, then: Callable[[Verdict], None]
    ) -> None:
        self._screen, self._wb, self._event, self._then = screen, wb, event, then
        self._catalogue = catalogue_of(wb.profile)
        self.documented = self._catalogue.get
        self._wanted: Payload | None = None
        self._timer: Timer | None = None
        self.is_busy = False

    def ask(self, payload: Payload | None, at_once: bool = False) -> None:
        """Have a payload judged; None: there is none that could be."""
        self._wanted = dict(payload) if payload is not None else None
        if self._timer is not None:
            self._timer.stop()
        if at_once:
            self._begin()
        else:
            self._timer = self._screen.set_timer(PAUSE, self._begin)

    def _begin(self) -> None:
        payload = self._wanted
        if self.is_busy or payload is None:
            return
        self.is_busy = True
        aside(self._screen, lambda: self._judge(payload), self._take)

    def _judge(self, payload: Payload) -> Verdict:
        name = self._event.name
        try:
            return Verdict(payload, self._wb.rehearse(name, **payload))
        except UsageError as error:
            wrong = to_blame(self._wb.rehearse, self._event, payload)
            return Verdict(payload, errors=wrong or {"": error})
        except WorkbenchError as error:
            return Verdict(payload, errors={"": UsageError(error.message, error.cure)})

    def _take(self, verdict: Verdict) -> None:
        self.is_busy = False
        if not self._screen.is_attached:
            return
        if verdict.payload == self._wanted:
            self._then(verdict)
        else:
            self._begin()
