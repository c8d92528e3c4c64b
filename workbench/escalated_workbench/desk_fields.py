"""Rows of the help desk as people read and edit them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from escalated_core.errors import UsageError
from escalated_core.helpdesk.events.catalogue import events
from escalated_core.helpdesk.references import Reference, ReferenceKind
from escalated_core.records import EventParameter
from escalated_workbench.composing import Row, read, row_name, written

KINDS: Final[dict[ReferenceKind, str]] = {
    "ticket": "Tickets",
    "comment": "Comments",
    "user": "People",
    "department": "Departments",
    "tag": "Tags",
}
"""The kinds of rows that can be looked at, with their titles."""
EDITABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "ticket": (
        "subject", "description", "status", "priority", "ticket_type", "channel", "requester",
        "guest_name", "guest_email", "assigned_to", "department", "first_response_due_at",
        "resolution_due_at",
    ),
    "comment": ("body", "author", "is_internal_note"),
    "user": ("username", "email", "is_active"),
    "department": ("name", "slug", "description", "is_active"),
    "tag": ("name", "slug", "color"),
}  # fmt: skip
"""The fields that can be edited, by kind, as they are called in a row."""
POINTS_TO: Final[Mapping[str, ReferenceKind]] = {
    "requester": "user",
    "author": "user",
    "assigned_to": "user",
    "department": "department",
}
"""Fields that stand for another row."""
MAY_BE_EMPTY: Final = frozenset(
    {*POINTS_TO, "guest_name", "guest_email", "first_response_due_at", "resolution_due_at"}
)
TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def choices(kind: ReferenceKind, field: str) -> tuple[str, ...]:
    """The values that a field may have; nothing where there are too many to say."""
    if kind == "ticket":
        told = (each for event in events().values() for each in event.parameters)
        return next((each.choices for each in told if each.name == field and each.choices), ())
    return ("true", "false") if field.startswith("is_") else ()


def typed(value: Any) -> str:
    """A value of a row as it would be typed."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else written(TEXT, str(value))


def value_of(field: str, text: str, rows: Callable[[ReferenceKind], list[Row]]) -> Any:
    """What was typed for a field.

    Raises:
        UsageError: it names no row, or is neither true nor false.
    """
    if not text.strip():
        return None if field in MAY_BE_EMPTY else ""
    kind = POINTS_TO.get(field)
    if kind is not None:
        return _row(kind, text.strip(), rows(kind))
    if field.startswith("is_"):
        if text.strip().lower() not in TRUTHS:
            raise UsageError(f"{field!r} cannot be {text!r}.", "Write true or false.")
        return TRUTHS[text.strip().lower()]
    return read(TEXT, text)


def given_by(kind: ReferenceKind, row: Row) -> dict[str, Any]:
    """What an event can be told about a row, by the type of its parameters."""
    name = row_name(kind, row)
    if kind == "comment":
        return {"comment": row["key"], "ticket": row["reference"]}
    if kind == "user":
        return {"user": name, **({"agent": name} if row["role"] == "agent" else {})}
    return {kind: name}


TEXT: Final = EventParameter("", "text", "")


def _row(kind: ReferenceKind, text: str, rows: list[Row]) -> Reference:
    wanted = text.casefold()
    for row in rows:
        names = {row_name(kind, row).casefold(), row["name"].casefold(), str(row["key"])}
        if wanted in names:
            return Reference(kind, row["key"])
    near = [row_name(kind, row) for row in rows if wanted in row["name"].casefold()]
    known = near or [row_name(kind, row) for row in rows]
    more = " and more" if len(known) > 8 else ""
    raise UsageError(f"There is no {kind} {text!r}.", f"There is {', '.join(known[:8])}{more}.")
