"""Events put together by hand: fields and payloads, and what the help desk would choose."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

from escalated_core.errors import UsageError
from escalated_core.helpdesk.references import KINDS, Reference, ReferenceKind
from escalated_core.records import CataloguedHook, Event, EventParameter, Firing, Rehearsed
from escalated_core.snapshots.snapshot import ObjectSnapshot, plain
from escalated_workbench.texts import json_or_text, number_or_text

Payload = dict[str, Any]
Row = dict[str, Any]
Documented = Callable[[str], CataloguedHook | None]

NOBODY: Final = "nobody"
"""What is typed for a user who is none."""
DEEPEST: Final = 100
"""Levels of a payload: what is deeper cannot be pictured, nor written again."""
NAMES: Final = {"ticket": "reference", "department": "slug", "tag": "slug", "comment": "key"}
"""Which field of a row names it; of people it is the username."""


class JsonError(UsageError):
    """A text is no JSON object; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}, column {column}: {message}.")
        self.line, self.column = line, column


def payload_of(text: str) -> Payload:
    """The payload that a JSON text is; raises `JsonError`."""
    try:
        found: Any = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        raise JsonError(error.msg, error.lineno, error.colno) from None
    except (RecursionError, ValueError) as error:
        raise JsonError(str(error)) from None
    if not isinstance(found, dict):
        raise JsonError("a payload is an object, such as {}")
    payload = cast("Payload", found)
    if _is_deeper(payload, DEEPEST):
        raise JsonError(f"it is more than {DEEPEST} levels deep")
    return payload


def text_of(payload: Mapping[str, Any]) -> str:
    """A payload as JSON that people can edit."""
    return _json(payload, 2)


def kind_of(parameter: EventParameter) -> ReferenceKind | None:
    """The kind of row that a parameter stands for; None for a value."""
    return next((kind for kind in KINDS if kind == parameter.type), None)


def read(parameter: EventParameter, text: str) -> Any:
    """What was typed for a parameter; a text with line breaks or such is in quotes, as in JSON.

    What does not fit is left as it is: the help desk judges it.

    Raises:
        UsageError: it should be JSON, and is not.
    """
    if parameter.type == "json":
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"This is not JSON: {error}.", 'Such as {"plan": "gold"}.') from None
    if parameter.type == "user" and text.strip() == NOBODY:
        return None
    if parameter.type == "number":
        return number_or_text(text)
    if parameter.type == "list" and not text.lstrip().startswith("["):
        return [word for word in (each.strip() for each in text.split(",")) if word]
    if text.lstrip().startswith(('"', "[")):
        return _json_or(text, list if parameter.type == "list" else str)
    return text.strip() if kind_of(parameter) else text


def written(parameter: EventParameter, value: Any) -> str:
    """A value as it would be typed."""
    if value is None and parameter.type == "user":
        return NOBODY
    if parameter.type == "list" and isinstance(value, list):
        words = cast("list[Any]", value)
        plain = all(isinstance(word, str) and word and "," not in word for word in words)
        return ", ".join(words) if plain and words else _json(words)
    if parameter.type != "json" and isinstance(value, str) and _is_simple(value):
        return value
    return _json(value)


def row_name(kind: ReferenceKind, row: Row) -> str:
    """What is typed for a row."""
    return str(row[NAMES.get(kind, "username")])


def row_label(kind: ReferenceKind, row: Row) -> str:
    """What tells a row from others, to be read."""
    if kind == "ticket":
        return f"{row['subject']} · {row['status']} · {row['requester']}"
    if kind == "comment":
        return f"{row['reference']} · {row['author'] or 'a guest'}: {row['body']}"
    role = f" · {row['role']}" if "role" in row else ""
    return f"{row['name']}{role}"


def matching(kind: ReferenceKind, rows: Iterable[Row], typed: str) -> list[Row]:
    """The rows that have every word that was typed in their name or label."""
    words = typed.casefold().split()
    return [
        row
        for row in rows
        if all(word in f"{row_name(kind, row)} {row_label(kind, row)}".casefold() for word in words)
    ]


def chosen(
    parameter: EventParameter, rehearsed: Sequence[Rehearsed], documented: Documented
) -> Any:
    """What the help desk would take for a parameter, told from what its hooks would get."""
    for each in rehearsed:
        hook = documented(each.hook)
        named = dict(
            zip((p.name for p in hook.parameters) if hook else (), each.args, strict=False)
        )
        for name in (parameter.name, f"new_{parameter.name}", {"body": "text"}.get(parameter.name)):
            if name in named:
                return named[name]
        for argument in named.values():
            fields = argument.fields if isinstance(argument, ObjectSnapshot) else argument
            is_about = isinstance(fields, dict) and parameter.name in fields
            if is_about and parameter.type not in KINDS:
                return cast("Mapping[str, Any]", fields)[parameter.name]
    return None


def to_blame(
    rehearse: Callable[..., object], event: Event, payload: Payload
) -> dict[str, UsageError]:
    """What is wrong with a payload, by parameter; "" stands for all of it.

    One more is found by each rehearsal, in which those that were found before are left out.
    """
    found: dict[str, UsageError] = {}
    left = dict(payload)
    error = _refusal(rehearse, event, left)
    while error is not None and error.parameter in left:
        found[error.parameter] = error
        del left[error.parameter]
        error = _refusal(rehearse, event, left)
    wrong = {name: found[name] for name in payload if name in found}
    if wrong.keys() & {parameter.name for parameter in event.parameters}:
        return wrong
    whole = next(iter(wrong.values()), error)
    return wrong if whole is None else {**wrong, "": whole}


def _refusal(rehearse: Callable[..., object], event: Event, payload: Payload) -> UsageError | None:
    try:
        rehearse(event.name, **payload)
    except UsageError as error:
        return error
    return None


def told(firing: Firing, event: Event) -> Payload:
    """What an event was given when it happened, rows as references."""
    kinds = {parameter.name: parameter.type for parameter in event.parameters}
    return {name: _given(kinds.get(name, ""), value) for name, value in firing.kwargs.items()}


def _given(kind: str, value: Any) -> Any:
    if kind in KINDS and isinstance(value, ObjectSnapshot):
        # The number of an agent counts agents, what was pictured is a user.
        is_person = kind in ("agent", "customer", "admin")
        return Reference("user" if is_person else cast("ReferenceKind", kind), value["id"])
    return plain(value)


def _json_or(text: str, kind: type) -> Any:
    found = json_or_text(text)
    return found if isinstance(found, kind) else text


def _json(value: Any, indent: int | None = None) -> str:
    """JSON that can be read and shown: what no terminal should get is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    shown = text.replace("\n", "").isprintable()
    return text if shown else json.dumps(value, indent=indent)


def _is_simple(text: str) -> bool:
    """Whether a text can be typed as it is."""
    return bool(text.isprintable() and text == text.strip() and text[:1] not in ("", '"', "["))


def _is_deeper(value: Any, levels: int) -> bool:
    inside: Any = list(cast("Payload", value).values()) if isinstance(value, dict) else value
    if not isinstance(inside, list):
        return False
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in cast("list[Any]", inside))
