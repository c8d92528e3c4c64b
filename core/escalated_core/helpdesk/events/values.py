"""What an event was given, turned into what it works with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, cast

from django.contrib.auth.models import User
from django.db.models import Model, Q

from escalated_core.errors import UsageError
from escalated_core.helpdesk.events.catalogue import require_parameter
from escalated_core.helpdesk.lookup import members, resolve
from escalated_core.helpdesk.models import Comment, Department, Tag, Ticket
from escalated_core.helpdesk.references import KINDS, Reference, ReferenceKind
from escalated_core.records import CataloguedHook, Event, EventParameter, Parameter

AnyParameter = EventParameter | Parameter

_MODELS: Final[dict[str, type[Model]]] = {
    "ticket": Ticket,
    "comment": Comment,
    "department": Department,
    "tag": Tag,
    **dict.fromkeys(("user", "agent", "customer", "admin"), User),
}
_NAMES: Final[dict[type[Model], Callable[[str], Q]]] = {
    Ticket: lambda name: Q(reference__iexact=name),
    Department: lambda name: Q(slug__iexact=name) | Q(name__iexact=name),
    Tag: lambda name: Q(slug__iexact=name) | Q(name__iexact=name),
    User: lambda name: Q(username__iexact=name) | Q(email__iexact=name),
}
"""By what else than its number a row can be named."""


def values_of(event: Event, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an event's parameters, by name, as far as they were given.

    Rows are found by `Reference`, number, or name (`"ESC-00007"`, `"agent 2"`, a slug, a username).

    Raises:
        UsageError: a parameter is unknown, a value is of the wrong type, or there is no such row;
            `parameter` names it.
    """
    return {
        name: _value_of(event, require_parameter(event, name), each) for name, each in given.items()
    }


def _value_of(event: Event, parameter: EventParameter, given: Any) -> Any:
    try:
        return _value(event, parameter, given)
    except UsageError as error:
        error.parameter = parameter.name
        raise


def _value(event: Event, parameter: EventParameter, given: Any) -> Any:
    model = _MODELS.get(parameter.type)
    if model is not None:
        return _row(event, parameter, model, given)
    if parameter.choices and given not in parameter.choices:
        raise _wrong(event, parameter, given, f"one of {', '.join(parameter.choices)}")
    kinds, wanted = _KINDS.get(parameter.type, (str, "text"))
    if not isinstance(given, kinds) or isinstance(given, bool):
        raise _wrong(event, parameter, given, wanted)
    if parameter.type == "list":
        each = replace(parameter, type="tag")
        return [row(event, each, tag).slug for tag in given]
    if not _CAN_BE.get(parameter.type, _is_unicode)(given):
        raise _wrong(event, parameter, given, _LIMITS.get(parameter.type, "text in Unicode"))
    return given


_KINDS: Final[dict[str, tuple[Any, str]]] = {
    "number": ((int, float), "a number"),
    "list": ((list, tuple), "a list"),
    "json": ((dict, type(None)), "an object"),
}


def _is_unicode(text: str) -> bool:
    # Half of a surrogate pair is no character, and cannot be written to a database.
    with suppress(UnicodeEncodeError):
        text.encode()
        return True
    return False


def _is_json(given: Any) -> bool:
    with suppress(TypeError, ValueError, RecursionError):
        return bool(json.dumps(given, allow_nan=False))
    return False


_TEN_YEARS: Final = 5_256_000
"""In minutes."""
_CAN_BE: Final[dict[str, Callable[[Any], bool]]] = {
    # False for what is no number, too.
    "number": lambda given: 0 <= given <= _TEN_YEARS,
    "json": _is_json,
}
_LIMITS: Final = {
    "number": f"a number from 0 to {_TEN_YEARS}",
    "json": "an object that JSON has words for",
}


_NUMBERED: Final = re.compile(rf"(?:({'|'.join(KINDS)}) ?)?([0-9]+)")
"""`2`, `agent 2` or, as in a story's `as:`, `agent2`."""


def row(what: Event | CataloguedHook, parameter: AnyParameter, given: Any) -> Any:
    """The row that is meant by a reference, a number or a name, for a parameter of a kind of row.

    Raises:
        UsageError: there is none.
    """
    return _row(what, parameter, _MODELS[parameter.type], given)


def _row(
    event: Event | CataloguedHook, parameter: AnyParameter, model: type[Model], given: Any
) -> Any:
    if given is None and parameter.type == "user":
        return None
    if isinstance(given, model):
        return given
    if isinstance(given, Reference):
        found = resolve(given)
        if isinstance(found, model) and _is_member(found, parameter):
            return found
    elif isinstance(given, int) and not isinstance(given, bool):
        return resolve(Reference(cast("ReferenceKind", parameter.type), given))
    elif isinstance(given, str):
        return _named(event, parameter, model, given.strip())
    article = "an" if parameter.type.startswith("a") else "a"
    raise _wrong(event, parameter, given, f"{article} {parameter.type}, by number or name")


def _is_member(row: Model, parameter: AnyParameter) -> bool:
    """Whether a row is of the kind that is asked for: a customer is no agent, for one."""
    rows = members(cast("ReferenceKind", parameter.type))
    return rows.filter(pk=row.pk).exists()


def _named(
    event: Event | CataloguedHook, parameter: AnyParameter, model: type[Model], name: str
) -> Any:
    numbered = _NUMBERED.fullmatch(name)
    if numbered is not None:
        kind, number = numbered.groups()
        reference = Reference(cast("ReferenceKind", kind or parameter.type), int(number))
        return _row(event, parameter, model, reference)
    rows = members(cast("ReferenceKind", parameter.type))
    found = rows.filter(_NAMES[model](name)).first() if model in _NAMES else None
    if found is None:
        known = [_name(row) for row in rows[:8]]
        cure = f"There is {', '.join(known)}{' and more' if rows.count() > len(known) else ''}."
        raise UsageError(f"There is no {parameter.type} {name!r} for {event.name}.", cure)
    return found


def _name(row: Any) -> str:
    for attribute in ("reference", "slug", "username"):
        if hasattr(row, attribute):
            return getattr(row, attribute)
    return str(row.pk)


def _wrong(
    event: Event | CataloguedHook, parameter: AnyParameter, given: Any, wanted: str
) -> UsageError:
    message = f"{parameter.name!r} of {event.name!r} must be {wanted}, not {given!r}."
    description = parameter.description
    cure = f"It says {description[:1].lower()}{description[1:]}" if description else ""
    return UsageError(message, cure)
