"""Live arguments for a documented hook that belong together, as the help desk would pass them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from escalated_core.errors import UsageError
from escalated_core.helpdesk.lookup import members, resolve
from escalated_core.helpdesk.models import Comment, ImportJob, Tag, Ticket
from escalated_core.helpdesk.references import Reference, ReferenceKind
from escalated_core.records import CataloguedHook, Parameter

Status = Ticket.Status

_BEFORE: Final[dict[str, Status]] = {
    Status.OPEN: Status.REOPENED,
    Status.IN_PROGRESS: Status.OPEN,
    Status.WAITING_ON_CUSTOMER: Status.IN_PROGRESS,
    Status.WAITING_ON_AGENT: Status.WAITING_ON_CUSTOMER,
    Status.ESCALATED: Status.IN_PROGRESS,
    Status.RESOLVED: Status.IN_PROGRESS,
    Status.CLOSED: Status.RESOLVED,
    Status.REOPENED: Status.RESOLVED,
}
"""The status that a ticket had, most likely, before its present one."""


class Scene:
    """The ticket, the comment and the people that one firing is about.

    Args:
        given: what the caller chose, by parameter type; references are resolved. Everything
            else is chosen to go with it.

    Nothing is written to the database.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = {
            type_: resolve(value) if isinstance(value, Reference) else value
            for type_, value in given.items()
        }

    def value(self, parameter: Parameter) -> Any:
        """The argument for one parameter.

        Raises:
            UsageError: the type is not documented, or the help desk has nothing to offer.
        """
        if parameter.type in self._given:
            return self._given[parameter.type]
        if parameter.name.startswith("old_") and parameter.type == "status":
            return self.old_status
        make = _VALUES.get(parameter.type)
        if make is None:
            raise UsageError(
                f"There are no values of type '{parameter.type}'.",
                f"Types of hook parameters: {', '.join(_VALUES)}.",
            )
        return make(self)

    def arguments_for(self, hook: CataloguedHook) -> tuple[Any, ...]:
        return tuple(self.value(parameter) for parameter in hook.parameters)

    @cached_property
    def ticket(self) -> Ticket:
        if "ticket" in self._given:
            return self._given["ticket"]
        if "comment" in self._given:
            return self._given["comment"].ticket
        busy = Ticket.objects.filter(
            requester__isnull=False, assigned_to__isnull=False, comments__isnull=False
        )
        busy = busy.order_by("pk")
        # A ticket that is being worked on: most hooks are about such a one.
        return busy.filter(status=Status.IN_PROGRESS).first() or busy.first() or _first("ticket")

    @cached_property
    def comment(self) -> Comment:
        if "comment" in self._given:
            return self._given["comment"]
        told = Comment.objects.filter(ticket=self.ticket)
        found = told.order_by("is_internal_note", "pk").first()
        if found is None:
            raise UsageError(
                f"Ticket {self.ticket.reference} has no comment.",
                "Choose a ticket with comments, or none.",
            )
        # One ticket, not two equal ones: what a callback changes in one is seen in the other.
        found.ticket = self.ticket
        return found

    @cached_property
    def user(self) -> User:
        return self._given.get("user") or self.ticket.requester or _first("customer")

    @cached_property
    def agent(self) -> User:
        return self._given.get("agent") or self.ticket.assigned_to or _first("agent")

    @property
    def old_status(self) -> str:
        # A plugin may have set a status of its own.
        return _BEFORE.get(self.ticket.status, Status.OPEN).value

    @property
    def changes(self) -> dict[str, dict[str, Any]]:
        """What an update of the subject reports; the ticket has the new one already."""
        return {"subject": {"old": "(no subject)", "new": self.ticket.subject}}

    @property
    def ticket_data(self) -> dict[str, Any]:
        """The ticket's fields as the help desk would save them."""
        tags = [tag.slug for tag in Tag.objects.filter(tickets=self.ticket)]
        return ticket_fields(self.ticket, tags)

    @property
    def slug(self) -> str:
        return self._given.get("slug", "my-plugin")

    @property
    def manifest(self) -> dict[str, Any]:
        return {
            "name": self.slug.replace("-", " ").title(),
            "slug": self.slug,
            "version": "1.0.0",
            "description": "A plugin that exists only as an example.",
            "author": "Your Name",
            "main_file": "plugin.py",
        }


def ticket_fields(ticket: Ticket, tags: list[str]) -> dict[str, Any]:
    """The fields of a ticket, and the slugs of its tags, as they are about to be saved."""
    return {
        "subject": ticket.subject,
        "description": ticket.description,
        "status": str(ticket.status),
        "priority": ticket.priority,
        "ticket_type": ticket.ticket_type,
        "channel": ticket.channel,
        "requester_id": ticket.requester and ticket.requester.pk,
        "guest_name": ticket.guest_name,
        "guest_email": ticket.guest_email,
        "assigned_to_id": ticket.assigned_to and ticket.assigned_to.pk,
        "department_id": ticket.department and ticket.department.pk,
        "tags": tags,
        "metadata": deepcopy(ticket.metadata),
    }


def _first(kind: ReferenceKind) -> Any:
    found = members(kind).first()
    if found is None:
        raise UsageError(f"The help desk has no {kind} left.", "Open the workbench again.")
    return found


def _queryset(_: Scene) -> QuerySet[Ticket]:
    return Ticket.objects.all()


_VALUES: Final[dict[str, Callable[[Scene], Any]]] = {
    "ticket": lambda scene: scene.ticket,
    "user": lambda scene: scene.user,
    "agent": lambda scene: scene.agent,
    "comment": lambda scene: scene.comment,
    "changes": lambda scene: scene.changes,
    "status": lambda scene: scene.ticket.status,
    "ticket_id": lambda scene: scene.ticket.pk,
    "ticket_data": lambda scene: scene.ticket_data,
    "ticket_queryset": _queryset,
    "permissions": lambda scene: sorted(scene.agent.get_all_permissions()),
    "text": lambda scene: scene.comment.body,
    "priority": lambda scene: scene.ticket.priority,
    "department": lambda scene: scene.ticket.department or _first("department"),
    "tag": lambda _: _first("tag"),
    "reason": lambda _: "Manual escalation",
    "deadline": lambda _: "first_response",
    "remaining": lambda _: timedelta(minutes=30),
    "adapters": lambda _: list[Any](),
    "import_job": lambda scene: ImportJob(user=scene.agent, platform="zendesk"),
    "request": lambda _: HttpRequest(),
    "rules": lambda _: {"subject": "required"},
    "tickets": lambda scene: [scene.ticket_data],
    "stats": lambda _: {"open": Ticket.objects.exclude(status=Status.CLOSED).count()},
    "page": lambda _: dict[str, Any](),
    "menu": lambda _: list[Any](),
    "channels": lambda _: ["email"],
    "recipients": lambda scene: [scene.ticket.requester_email],
    "event_type": lambda _: "ticket_created",
    "slug": lambda scene: scene.slug,
    "manifest": lambda scene: scene.manifest,
}
