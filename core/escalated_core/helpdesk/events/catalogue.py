"""The documented events, as data, and the nearest documented name."""

from __future__ import annotations

import json
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Final

from escalated_core.errors import UsageError
from escalated_core.helpdesk.references import ReferenceKind
from escalated_core.records import Event, EventParameter


@cache
def events() -> dict[str, Event]:
    """Every event by name, in the order of the documentation."""
    text = files("escalated_core.helpdesk.events").joinpath("events.json").read_text("utf-8")
    return {data["name"]: _event(data) for data in json.loads(text)["events"]}


def require_event(name: str) -> Event:
    """The event of that name; raises `UsageError` with what was probably meant."""
    found = events().get(name)
    if found is None:
        near = _nearest(name.lower())
        cure = f"Did you mean {near!r}?" if near else f"There are: {', '.join(events())}."
        raise UsageError(f"There is no event {name!r}.", cure)
    return found


def _nearest(name: str) -> str | None:
    """What was probably meant: `ticket.note` is `comment.note` rather than `ticket.close`."""
    last = name.rpartition(".")[2]
    akin = [each for each in events() if last in each.split(".")]
    near = get_close_matches(name, akin or events(), n=1, cutoff=0.1 if akin else 0.5)
    return near[0] if near else None


def require_parameter(event: Event, name: str) -> EventParameter:
    """A parameter of an event; raises `UsageError` with what was probably meant."""
    known = {parameter.name: parameter for parameter in event.parameters}
    if name not in known:
        near = get_close_matches(name.lower(), known, n=1, cutoff=0.5)
        takes = f"It takes: {', '.join(known)}." if known else "It takes nothing."
        cure = f"Did you mean {near[0]!r}?" if near else takes
        error = UsageError(f"The event {event.name!r} takes no {name!r}.", cure)
        error.parameter = name
        raise error
    return known[name]


_ROWS: Final[dict[str, ReferenceKind]] = {
    "ticket": "ticket",
    "sla": "ticket",
    "tag": "ticket",
    "comment": "comment",
    "user": "user",
}
_WITHOUT_ROW: Final = frozenset({"ticket.list", "ticket.delete"})


def row_kind(name: str) -> ReferenceKind | None:
    """What kind of row an event makes or works on; None if none is left."""
    return None if name in _WITHOUT_ROW else _ROWS.get(name.partition(".")[0])


def _event(data: dict[str, Any]) -> Event:
    return Event(
        name=data["name"],
        title=data["title"],
        parameters=tuple(
            EventParameter(**each | {"choices": tuple(each.get("choices", ()))})
            for each in data["parameters"]
        ),
        hooks={profile: tuple(hooks) for profile, hooks in data["hooks"].items()},
    )
