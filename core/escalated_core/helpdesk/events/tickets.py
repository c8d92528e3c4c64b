"""What happens to tickets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from traceback import walk_tb
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.dispatch import dispatcher

from escalated_core.errors import UnusableError, UsageError
from escalated_core.helpdesk.events.happening import Happening
from escalated_core.helpdesk.lookup import members
from escalated_core.helpdesk.models import Department, Tag, Ticket
from escalated_core.helpdesk.samples import ticket_fields
from escalated_core.helpdesk.seed import set_times
from escalated_core.helpdesk.words import next_case

Status = Ticket.Status

_FIELDS: Final = ("subject", "description", "metadata")


def create(happening: Happening) -> None:
    case = next_case(Ticket.objects.count())
    ticket = Ticket(
        subject=happening.value("subject", lambda: case["subject"]),
        description=happening.value("description", lambda: case["description"]),
        priority=happening.value("priority", lambda: case["priority"]),
        ticket_type=happening.value("ticket_type", lambda: case["type"]),
        channel=happening.value("channel", lambda: case["channel"]),
        guest_name=happening.given.get("guest_name"),
        guest_email=happening.given.get("guest_email"),
        requester=happening.value("requester", lambda: _requester(happening)),
        metadata=happening.given.get("metadata"),
        department=happening.value("department", lambda: _department(case["department"])),
    )
    set_times(ticket, happening.now)
    tags = list(happening.value("tags", lambda: case["tags"]))
    _save(happening, ticket, tags)
    happening.made = ticket
    happening.action("ticket_created", ticket=ticket, user=ticket.requester)


def _requester(happening: Happening) -> User | None:
    if happening.given.get("guest_name") or happening.given.get("guest_email"):
        return None
    customers = list(members("customer"))
    return customers[Ticket.objects.count() % len(customers)] if customers else None


def _department(slug: str) -> Department | None:
    return Department.objects.filter(slug=slug).first()


def _save(happening: Happening, ticket: Ticket, tags: list[str]) -> None:
    """Save a ticket as plugins would have it."""
    offered = ticket_fields(ticket, tags)
    usual = deepcopy(offered)
    data = happening.filter("ticket_data", offered, dict, ticket=ticket)
    known = {field.attname for field in Ticket._meta.concrete_fields}
    # Where there is no such filter, a ticket keeps the members of its choices.
    fields = () if happening.is_published else data.items()
    # A transaction that begins with a read would not wait for another thread's to end.
    ticket.refer()
    try:
        with transaction.atomic():
            for name, value in fields:
                # What a plugin adds of its own has no column to go to.
                if name in known:
                    setattr(ticket, name, value)
            ticket.save()
            ticket.tags.set(Tag.objects.filter(slug__in=data.get("tags") or ()))
    except Exception as error:
        if isinstance(error, OperationalError) or _is_of_receiver(error) or data == usual:
            raise
        # Whatever a plugin has put there, or what follows from it in the database.
        message = f"The ticket cannot be saved as ticket_data gave it: {_sentence(error)}"
        raise UnusableError("ticket_data", message, "Keep the kinds of its values.") from error


def _is_of_receiver(error: Exception) -> bool:
    """Whether it came out of a receiver of one of Django's signals."""
    frames = walk_tb(error.__traceback__)
    return any(frame.f_code.co_filename == dispatcher.__file__ for frame, _ in frames)


def _sentence(error: Exception) -> str:
    return f"{str(error).rstrip('.')}."


def update(happening: Happening) -> None:
    ticket = happening.ticket
    before = {name: deepcopy(getattr(ticket, name)) for name in _FIELDS}
    told = {name: happening.given[name] for name in _FIELDS if name in happening.given}
    for name, value in (told or {"subject": f"{ticket.subject} (updated)"}).items():
        setattr(ticket, name, value)
    if happening.is_published and not _changes(ticket, before):
        return
    _save(happening, ticket, [tag.slug for tag in ticket.tags.all()])
    changes = _changes(ticket, before)
    if changes:
        happening.action("ticket_updated", ticket=ticket, user=happening.user, changes=changes)


def _changes(ticket: Ticket, before: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is other than before, by field."""
    return {
        name: {"old": old, "new": getattr(ticket, name)}
        for name, old in before.items()
        if getattr(ticket, name) != old
    }


def assign(happening: Happening) -> None:
    ticket = happening.ticket
    agent = happening.value("agent", lambda: _other_agent(ticket))
    user = happening.user
    ticket.assigned_to = agent
    if ticket.status == str(Status.OPEN):
        new = Status.IN_PROGRESS
        ticket.status = new if happening.is_published else new.value
    ticket.save()
    happening.action("ticket_assigned", ticket=ticket, user=user, agent=agent)


def _other_agent(ticket: Ticket) -> User:
    agents = members("agent")
    found = agents.exclude(pk=ticket.assigned_to and ticket.assigned_to.pk).first()
    if found is None:
        raise UsageError("The help desk has no other agent.", "Name one with 'agent'.")
    return found


def unassign(happening: Happening) -> None:
    ticket = happening.ticket
    previous, user = ticket.assigned_to, happening.user
    ticket.assigned_to = None
    ticket.save()
    happening.action("ticket_unassigned", ticket=ticket, user=user, previous_agent=previous)


def status(happening: Happening) -> None:
    ticket = happening.ticket
    usual = Status.RESOLVED if ticket.is_open else Status.REOPENED
    transition(happening, happening.user, happening.value("status", lambda: usual.value))


def moving_to(new: Status) -> Callable[[Happening], None]:
    """The event in which somebody brings a ticket into a status."""

    def move(happening: Happening) -> None:
        # The published package passes the member here, and what came in with the request there.
        transition(happening, happening.user, new if happening.is_published else new.value)

    return move


_SPECIAL: Final[dict[str, str]] = {
    Status.RESOLVED: "ticket_resolved",
    Status.CLOSED: "ticket_closed",
    Status.REOPENED: "ticket_reopened",
    Status.ESCALATED: "ticket_escalated",
}


def transition(happening: Happening, user: User | None, new: str) -> None:
    """Bring the ticket into a status; nothing happens if it is in it."""
    ticket, old = happening.ticket, happening.ticket.status
    if old == new:
        return
    ticket.status = new
    if new == str(Status.RESOLVED):
        ticket.resolved_at = happening.now
    elif new == str(Status.CLOSED):
        ticket.closed_at = happening.now
    elif new == str(Status.REOPENED):
        ticket.resolved_at = ticket.closed_at = None
    ticket.save()
    facts: dict[str, Any] = {"ticket": ticket, "user": user}
    happening.action("ticket_status_changed", **facts, old_status=old, new_status=new)
    if new in _SPECIAL:
        happening.action(_SPECIAL[new], **facts, reason="Manual escalation")


def priority(happening: Happening) -> None:
    ticket, old = happening.ticket, happening.ticket.priority
    usual = "high" if old == "urgent" else "urgent"
    new = happening.value("priority", lambda: usual)
    if old == new:
        return
    ticket.priority = new
    ticket.save()
    facts = {"old_priority": old, "new_priority": new}
    happening.action("ticket_priority_changed", ticket=ticket, user=happening.user, **facts)


def department(happening: Happening) -> None:
    ticket, old = happening.ticket, happening.ticket.department
    others = Department.objects.exclude(pk=old and old.pk).order_by("pk")
    new = happening.value("department", others.first)
    ticket.department = new
    ticket.save()
    facts = {"old_department": old, "new_department": new}
    happening.action("department_changed", ticket=ticket, user=happening.user, **facts)


def delete(happening: Happening) -> None:
    ticket, number = happening.ticket, happening.ticket.pk
    user = happening.user
    ticket.delete()
    happening.action("ticket_deleted", ticket_id=number, ticket=ticket, user=user)


def listed(happening: Happening) -> None:
    found = happening.filter("ticket_list_query", Ticket.objects.all(), QuerySet)
    # As the page would: an impossible query fails here.
    try:
        list(found[:20])
    except Exception as error:
        message = f"The tickets cannot be listed so: {_sentence(error)}"
        raise UnusableError(
            "ticket_list_query", message, "Filter or order the queryset."
        ) from error


def add_tag(happening: Happening) -> None:
    ticket = happening.ticket
    others = Tag.objects.exclude(tickets=ticket).order_by("pk")
    tag = happening.value("tag", others.first)
    ticket.tags.add(tag)
    happening.action("tag_added", tag=tag, ticket=ticket, user=happening.user)


def remove_tag(happening: Happening) -> None:
    ticket = happening.ticket
    tag = happening.value("tag", lambda: ticket.tags.order_by("pk").first() or Tag.objects.first())
    ticket.tags.remove(tag)
    happening.action("tag_removed", tag=tag, ticket=ticket, user=happening.user)
