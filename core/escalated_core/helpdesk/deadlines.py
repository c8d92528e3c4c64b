"""The deadlines of tickets that pass while time goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from escalated_core.helpdesk.models import Ticket

_KEPT_AT: Final = {"first_response": "first_response_at", "resolution": "resolved_at"}
_DONE: Final = (Ticket.Status.RESOLVED, Ticket.Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Passing:
    """A moment at which a deadline comes near (`sla.warning`), or has come (`sla.breach`)."""

    at: datetime
    ticket: int
    deadline: str
    event: str
    given: tuple[tuple[str, Any], ...]

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others: it happens once, also if it does not move its deadline."""
        return self.at, self.ticket, self.deadline, self.event


def passing(after: datetime, until: datetime, warning: timedelta) -> list[Passing]:
    """What comes due after one moment and until another, in order, as tickets stand now.

    Of tickets that are open, the deadlines that are neither kept nor broken yet.
    """
    found: list[Passing] = []
    for name in _KEPT_AT:
        due_at = f"{name}_due_at"
        waiting = open_deadlines(name).filter(
            **{f"{due_at}__gt": after, f"{due_at}__lte": until + warning}
        )
        for number, due in waiting.values_list("pk", due_at):
            minutes = warning.total_seconds() / 60
            moments = (
                Passing(due - warning, number, name, "sla.warning", (("minutes", minutes),)),
                Passing(due, number, name, "sla.breach", ()),
            )
            found += [each for each in moments if after < each.at <= until]
    return sorted(found, key=lambda each: (each.at, each.ticket, each.deadline, each.event))


def open_deadlines(name: str) -> QuerySet[Ticket]:
    """The open tickets whose deadline, first_response or resolution, is neither kept nor broken."""
    return Ticket.objects.exclude(status__in=_DONE).filter(
        **{f"{_KEPT_AT[name]}__isnull": True, f"sla_{name}_breached": False}
    )
