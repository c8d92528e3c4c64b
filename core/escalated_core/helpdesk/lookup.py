"""Rows of the help desk by reference, and as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Count, QuerySet

from escalated_core.errors import UsageError
from escalated_core.helpdesk.models import Comment, Department, Tag, Ticket
from escalated_core.helpdesk.references import KINDS, Reference, ReferenceKind

Row = dict[str, Any]

_ROLES: Final[dict[str, dict[str, Any]]] = {
    "agent": {"is_superuser": False, "groups__name": "agents"},
    "customer": {"is_staff": False, "is_superuser": False},
    "admin": {"is_superuser": True},
}
_MANAGERS: Final[dict[str, Any]] = {
    "ticket": Ticket.objects,
    "comment": Comment.objects,
    "department": Department.objects,
    "tag": Tag.objects,
}


def members(kind: ReferenceKind) -> QuerySet[Any]:
    """All rows of a kind by id.

    Raises:
        UsageError: there is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"The help desk has no '{kind}'.", f"It has: {', '.join(KINDS)}.")
    manager = _MANAGERS.get(kind, User.objects)
    return manager.filter(**_ROLES.get(kind, {})).order_by("pk")


def resolve(reference: Reference) -> Any:
    """The live row.

    Raises:
        UsageError: there is no such kind or key.
    """
    rows = members(reference.kind)
    keys = _keys(reference.kind, rows)
    if reference.key not in keys:
        raise UsageError(f"There is no {reference}.", f"There is: {_ranges(reference.kind, keys)}.")
    return rows.get(pk=keys[reference.key])


def rows(kind: ReferenceKind) -> list[Row]:
    """Every row of a kind as builtins: `key` is what a `Reference` takes, times are ISO 8601.

    Raises:
        UsageError: there is no such kind.
    """
    found = members(kind)
    key_of = {pk: key for key, pk in _keys(kind, found).items()}
    if kind == "ticket":
        found = found.select_related("requester", "assigned_to", "department")
        found = found.prefetch_related("tags").annotate(comments_count=Count("comments"))
    elif kind == "comment":
        found = found.select_related("author", "ticket")
    picture = _PICTURES.get(kind, _user)
    return [{"key": key_of[row.pk], "id": row.pk, **picture(row)} for row in found]


def _keys(kind: ReferenceKind, found: QuerySet[Any]) -> dict[int, int]:
    """Ids by key: users in a role are numbered, everything else goes by its id."""
    ids = list(found.values_list("pk", flat=True))
    return dict(enumerate(ids, 1)) if kind in _ROLES else {pk: pk for pk in ids}


def _ranges(kind: str, keys: Iterable[int]) -> str:
    """`ticket 1 to 12, 14 to 30`."""
    spans: list[list[int]] = []
    for key in keys:
        if spans and spans[-1][1] == key - 1:
            spans[-1][1] = key
        else:
            spans.append([key, key])
    if not spans:
        return f"no {kind} at all"
    texts = [str(low) if low == high else f"{low} to {high}" for low, high in spans]
    return f"{kind} {', '.join(texts)}"


def _ticket(ticket: Any) -> Row:
    return {
        "reference": ticket.reference,
        "subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status,
        "priority": ticket.priority,
        "ticket_type": ticket.ticket_type,
        "channel": ticket.channel,
        "requester": ticket.requester_name,
        "requester_email": ticket.requester_email,
        "is_guest": ticket.is_guest,
        "assigned_to": ticket.assigned_to and ticket.assigned_to.get_full_name(),
        "department": ticket.department and ticket.department.name,
        "tags": [tag.name for tag in ticket.tags.all()],
        "comments": ticket.comments_count,
        **{name: _moment(getattr(ticket, name)) for name in _TICKET_TIMES},
    }


_TICKET_TIMES: Final = (
    "first_response_at",
    "first_response_due_at",
    "resolution_due_at",
    "resolved_at",
    "closed_at",
    "created_at",
    "updated_at",
)


def _comment(comment: Any) -> Row:
    return {
        "ticket": comment.ticket_id,
        "reference": comment.ticket.reference,
        "author": comment.author and comment.author.get_full_name(),
        "body": comment.body,
        "is_internal_note": comment.is_internal_note,
        "created_at": _moment(comment.created_at),
        "updated_at": _moment(comment.updated_at),
    }


def _user(user: Any) -> Row:
    role = "admin" if user.is_superuser else "agent" if user.is_staff else "customer"
    return {
        "username": user.username,
        "name": user.get_full_name(),
        "email": user.email,
        "role": role,
        "is_active": user.is_active,
        "date_joined": _moment(user.date_joined),
    }


def _department(department: Any) -> Row:
    return {
        "name": department.name,
        "slug": department.slug,
        "description": department.description,
        "is_active": department.is_active,
    }


def _tag(tag: Any) -> Row:
    return {"name": tag.name, "slug": tag.slug, "color": tag.color}


def _moment(moment: datetime | None) -> str | None:
    return moment and moment.isoformat()


_PICTURES: Final = {
    "ticket": _ticket,
    "comment": _comment,
    "department": _department,
    "tag": _tag,
}
