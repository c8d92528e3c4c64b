"""References in the values of a story: `${ticket}`, `${ticket.requester.email}`, `${n}`.

`$${` stands for `${` itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

ROWS: Final[dict[str, dict[str, str]]] = {
    "ticket": {
        **dict.fromkeys(
            (
                "id",
                "reference",
                "subject",
                "description",
                "status",
                "priority",
                "ticket_type",
                "channel",
                "guest_name",
                "guest_email",
                "first_response_at",
                "first_response_due_at",
                "resolution_due_at",
                "sla_first_response_breached",
                "sla_resolution_breached",
                "resolved_at",
                "closed_at",
                "created_at",
                "updated_at",
                "is_open",
                "is_guest",
                "requester_name",
                "requester_email",
                "tags",
            ),
            "",
        ),
        "metadata": "json",
        "ticket": "ticket",
        "requester": "user",
        "assigned_to": "user",
        "department": "department",
    },
    "comment": {
        **dict.fromkeys(("id", "body", "is_internal_note", "created_at", "updated_at"), ""),
        "ticket": "ticket",
        "author": "user",
    },
    "user": dict.fromkeys(
        (
            "id",
            "username",
            "first_name",
            "last_name",
            "email",
            "is_active",
            "is_staff",
            "is_superuser",
            "date_joined",
            "last_login",
        ),
        "",
    ),
    "department": dict.fromkeys(("id", "name", "slug", "description", "is_active"), ""),
    "tag": dict.fromkeys(("id", "name", "slug", "color"), ""),
}
"""The fields of each kind of row, and what kind of row, if any, a field leads to."""

_REFERENCE: Final = re.compile(r"\$(\$)?\{([^{}]*)\}?")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)

COUNTER: Final = "n"
"""Which repetition it is, from 1."""


@dataclass(frozen=True, slots=True)
class Use:
    """One reference in a text: the id of a step, and the fields that follow it."""

    text: str
    id: str
    path: tuple[str, ...]
    whole: bool
    """Whether the text is nothing but this reference: its value is passed on as it is."""

    @property
    def is_closed(self) -> bool:
        """Whether it can be read at all."""
        return self.text.endswith("}") and all(
            _NAME.fullmatch(part) for part in (self.id, *self.path)
        )


def is_name(text: str) -> bool:
    """Whether a step can be called that."""
    return bool(_NAME.fullmatch(text)) and text != COUNTER


def kind_at(kind: str, path: tuple[str, ...]) -> tuple[str, str] | str:
    """Where a path leads from a kind of row: the kind of row there, empty for a value.

    A pair of the kind of row and the field that it does not have, if it leads nowhere.
    """
    for index, part in enumerate(path):
        if kind == "json":
            return ""
        fields = ROWS.get(kind, {})
        if part not in fields:
            return kind, part
        kind = fields[part]
        if not kind and index + 1 < len(path):
            return "", path[index + 1]
    return "" if kind == "json" else kind


def uses(text: str) -> Iterator[Use]:
    """Every reference in a text."""
    for found in _REFERENCE.finditer(text):
        if not found[1]:
            name, *path = (part.strip() for part in found[2].split("."))
            yield Use(found[0], name, tuple(path), found[0] == text)


def resolved(value: Any, read: Callable[[Use], Any]) -> Any:
    """The value with what `read` gives in place of its references; keys stay as they are."""
    if isinstance(value, str):
        return _resolved_text(value, read) if "${" in value else value
    if isinstance(value, dict):
        known = cast("dict[str, Any]", value)
        return {key: resolved(item, read) for key, item in known.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(item, read) for item in cast("list[Any]", value)]
    return value


def _resolved_text(text: str, read: Callable[[Use], Any]) -> Any:
    whole = next((use for use in uses(text) if use.whole), None)
    if whole is not None:
        return read(whole)

    def put(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        value = read(next(uses(found[0])))
        return "" if value is None else str(value)

    return _REFERENCE.sub(put, text)


def escaped(value: Any) -> Any:
    """The value so that nothing in it is taken for a reference."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        known = cast("dict[str, Any]", value)
        return {key: escaped(item) for key, item in known.items()}
    if isinstance(value, (list, tuple)):
        return [escaped(item) for item in cast("list[Any]", value)]
    return value
