"""Which function makes which event happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import transaction

from escalated_core.helpdesk.events import deadlines, people, tickets
from escalated_core.helpdesk.events.catalogue import row_kind
from escalated_core.helpdesk.events.happening import Happening, Hooks
from escalated_core.helpdesk.models import Ticket
from escalated_core.helpdesk.references import Reference
from escalated_core.records import Event

HAPPENINGS: Final[Mapping[str, Callable[[Happening], None]]] = {
    "ticket.create": tickets.create,
    "ticket.update": tickets.update,
    "ticket.assign": tickets.assign,
    "ticket.unassign": tickets.unassign,
    "ticket.status": tickets.status,
    "ticket.priority": tickets.priority,
    "ticket.department": tickets.department,
    "ticket.escalate": tickets.moving_to(Ticket.Status.ESCALATED),
    "ticket.resolve": tickets.moving_to(Ticket.Status.RESOLVED),
    "ticket.close": tickets.moving_to(Ticket.Status.CLOSED),
    "ticket.reopen": tickets.moving_to(Ticket.Status.REOPENED),
    "ticket.delete": tickets.delete,
    "ticket.list": tickets.listed,
    "comment.create": people.answer,
    "comment.note": people.note,
    "comment.update": people.correct,
    "tag.add": tickets.add_tag,
    "tag.remove": tickets.remove_tag,
    "sla.warning": deadlines.warn,
    "sla.breach": deadlines.breach,
    "user.create": people.enrol,
    "user.login": people.log_in,
    "user.logout": people.log_out,
    "user.permissions": people.permissions,
    "import.run": people.run_import,
}


def happen(event: Event, given: Mapping[str, Any], hooks: Hooks, *, dry: bool) -> Reference | None:
    """Make an event happen; `dry` takes back what it wrote to the database.

    Returns the row that it made or worked on, None if there is none or none any more.

    Args:
        event: what happens.
        given: what is said about it, by parameter, see `values_of`.
        hooks: where its hooks are fired.

    Raises:
        UsageError: there is no row to choose, or a filter gave what cannot be gone on with.
    """
    happening = Happening(given, hooks)
    if not dry:
        HAPPENINGS[event.name](happening)
        return _row(event, happening)
    with transaction.atomic():
        HAPPENINGS[event.name](happening)
        transaction.set_rollback(True)
    return None


def _row(event: Event, happening: Happening) -> Reference | None:
    kind = row_kind(event.name)
    if kind is None:
        return None
    row = happening.made
    if row is None:
        row = happening.user if kind == "user" else getattr(happening.scene, kind)
    return None if row is None or row.pk is None else Reference(kind, row.pk)
