"""What a workbench does with recorded firings: fires them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from escalated_core.effects.policy import Mode, Policy, policy_of
from escalated_core.errors import UsageError
from escalated_core.records import Firing
from escalated_core.stepping.breakpoint import exactly
from escalated_workbench.debugging import Debugging, Run

if TYPE_CHECKING:
    from escalated_core.trace.trace import Trace


class Replaying(Debugging):
    """The part of a workbench that runs recorded firings again."""

    trace: Trace

    def again(
        self,
        firing: Firing | int,
        *,
        changes: Mapping[str, Any] | None = None,
        effects: Mode | Policy | None = None,
    ) -> Firing:
        """Fire what was recorded once more, by the code of now, with the arguments it had then.

        Rows have the values they had when it was fired, in memory only; one that is gone is made
        of them, which a finding tells. An event happens once more, to the rows as they are now;
        the record of it comes back.

        Args:
            firing: a record, also one of a session, or the id of one in the trace.
            changes: other values in the arguments, by path from a parameter's name on, such as
                `{"ticket": 3, "ticket.subject": "Fire"}`; they are not written to rows.
            effects: what becomes of what plugins send out this time.

        Raises:
            UsageError: there is no such firing, a change leads nowhere, or arguments cannot be
                made anew: then it is a `MissingError`, which names all of them.
        """
        policy = None if effects is None else policy_of(effects)
        return self._host.dispatch.again(self._recorded(firing), changes or {}, policy)

    def step_again(
        self,
        firing: Firing | int,
        *,
        changes: Mapping[str, Any] | None = None,
        effects: Mode | Policy | None = None,
    ) -> Run[Firing]:
        """Fire what was recorded once more as `again` does, stopped before its first callback.

        Raises:
            UsageError: as `again`.
        """
        recorded = self._recorded(firing)
        name, is_event = recorded.hook, recorded.kind == "event"
        start = replace(exactly(event=name) if is_event else exactly(hook=name), once=True)
        return self.attended(lambda: self.again(recorded, changes=changes, effects=effects), start)

    def _recorded(self, firing: Firing | int) -> Firing:
        if isinstance(firing, Firing):
            return firing
        if isinstance(firing, bool) or not isinstance(firing, int):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook's
            raise UsageError(f"{firing!r} is no firing.", "Give a record, or its id.")
        return self.trace.require(firing)
