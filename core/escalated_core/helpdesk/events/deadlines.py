"""What happens to the deadlines of tickets."""

from __future__ import annotations

from datetime import timedelta

from escalated_core.helpdesk.deadlines import open_deadlines
from escalated_core.helpdesk.events.happening import Happening


def warn(happening: Happening) -> None:
    deadline = happening.value("deadline", lambda: "first_response")
    remaining = timedelta(minutes=happening.value("minutes", lambda: 30))
    if not _is_open(happening, deadline):
        return
    ticket = happening.ticket
    setattr(ticket, f"{deadline}_due_at", happening.now + remaining)
    ticket.save()
    happening.action("sla_warning", ticket=ticket, warning_type=deadline, remaining=remaining)


def breach(happening: Happening) -> None:
    deadline = happening.value("deadline", lambda: "first_response")
    if not _is_open(happening, deadline):
        return
    ticket = happening.ticket
    due = getattr(ticket, f"{deadline}_due_at")
    if due is None or due > happening.now:
        setattr(ticket, f"{deadline}_due_at", happening.now - timedelta(minutes=1))
    if happening.is_published:
        # The flag is set, but saved only when everybody has been told.
        ticket.save()
    setattr(ticket, f"sla_{deadline}_breached", True)
    if not happening.is_published:
        ticket.save()
    happening.action("sla_breached", ticket=ticket, breach_type=deadline)
    if happening.is_published:
        flags = ["sla_first_response_breached", "sla_resolution_breached", "updated_at"]
        ticket.save(update_fields=flags)


def _is_open(happening: Happening, deadline: str) -> bool:
    """Whether the help desk looks after the deadline: the published package not if it is kept.

    Where no ticket was named, one is chosen whose deadline is open.
    """
    if not happening.is_published:
        return True
    waiting = open_deadlines(deadline)
    if "ticket" in happening.given:
        return waiting.filter(pk=happening.ticket.pk).exists()
    found = waiting.order_by("pk").first()
    if found is not None:
        happening.scene.ticket = found
    return found is not None
