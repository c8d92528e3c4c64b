"""What a row of the help desk says, read by a path such as `requester.email`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from django.contrib.auth.models import User
from django.db.models import Manager, Model

from escalated_core.helpdesk.lookup import members
from escalated_core.helpdesk.models import Comment, Department, Tag, Ticket
from escalated_core.helpdesk.references import Reference, ReferenceKind

_KINDS: Final[dict[type[Model], ReferenceKind]] = {
    Ticket: "ticket",
    Comment: "comment",
    User: "user",
    Department: "department",
    Tag: "tag",
}


def fact(reference: Reference, path: tuple[str, ...]) -> Any:
    """The value at the end of a path, as builtins, or a reference if that is a row.

    Raises:
        LookupError: there is no such row any more, or nothing at the end of the path.
    """
    value: Any = members(reference.kind).filter(pk=reference.key).first()
    if value is None:
        raise LookupError(f"{reference} is gone")
    if not path:
        return reference
    for part in path:
        value = _part(value, part, reference)
    return _plain(value)


def _part(value: Any, part: str, reference: Reference) -> Any:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if part in found:
            return found[part]
    elif isinstance(value, Ticket) and part == "ticket":
        return value
    elif isinstance(value, Model) and hasattr(value, part):
        return getattr(value, part)
    raise LookupError(f"{reference} has no {part!r}")


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return Reference(_KINDS[type(value)], value.pk)
    if isinstance(value, Manager):
        rows = cast("Any", value)
        return [row.slug for row in rows.order_by("pk")]
    return value.isoformat() if isinstance(value, datetime) else value
