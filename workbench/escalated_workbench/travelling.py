"""What a workbench knows of the past: the world as it was when a firing began, or after a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escalated_core.analysis.moments import Moment
from escalated_core.analysis.tabular import Records
from escalated_core.records import Firing, Turnover

if TYPE_CHECKING:
    from escalated_core.host.host import EmbeddedHost
    from escalated_core.trace.trace import Trace


class Travelling:
    """The part of a workbench that goes back in time."""

    trace: Trace
    _host: EmbeddedHost

    @property
    def history(self) -> Records[Turnover]:
        """What came to the registry and what went, and how plugins stood, oldest first.

        The first one stands for all that are no longer kept one by one.
        """
        return Records(Turnover, self._host.registry.history)

    def at(self, firing: int | Firing, step: int | None = None) -> Moment:
        """The world as a firing found it, or as it was after a step of it.

        Args:
            firing: a firing of the trace, or its id.
            step: the index of the step that has just run; None for when the firing began.

        Raises:
            UsageError: the firing is not kept, or has no such step.
        """
        return self.trace.at(firing, step)
