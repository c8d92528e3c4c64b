"""What the help desk chose for an event by itself, told from the hooks that it fired."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from escalated_core.helpdesk.events.catalogue import events
from escalated_core.records import CataloguedHook, EventParameter
from escalated_core.snapshots.pictures import ObjectSnapshot, plain
from escalated_core.stories.judging import simple
from escalated_core.stories.payloads import NEWEST
from escalated_core.stories.result import StepResult
from escalated_core.stories.story import StoryStep
from escalated_core.stories.values import ROW_TYPES

Documented = Callable[[str], CataloguedHook | None]

_MAKING: Final = frozenset(
    {"ticket.create", "comment.create", "comment.note", "user.create", "import.run"}
)
"""Events whose choices are what the row that they make is made of."""
_NAMED: Final = ("reference", "username", "slug")
"""The fields that name a row more readably than its number."""
_OTHERWISE: Final = {"body": ("text", "content"), "author": ("user",), "requester": ("user",)}
"""What hooks call a parameter of an event that they do not call by its name."""
_LONGEST: Final = 1_000
"""Characters of a text that is told; a longer one may have been cut."""


def with_choices(
    steps: Sequence[StoryStep], results: Iterable[StepResult], documented: Documented
) -> Iterator[StoryStep]:
    """Each step with what was chosen, too, as far as its hooks tell.

    Args:
        steps: as they are before they are `spelt_out`.
        results: what came of each of them.
        documented: what is known of a hook.
    """
    newest: Any = None
    for step, result in zip(steps, results, strict=False):
        fired = list(_fired(result, documented))
        chosen: dict[str, Any] = {}
        for parameter in events()[step.event].parameters:
            found = _chosen(step.event, parameter, fired)
            value = step.given.get(parameter.name, _written(parameter, found, newest))
            if parameter.name in step.given or value is not None:
                chosen[parameter.name] = value
        yield replace(step, given=chosen)
        if step.event == "ticket.create":
            newest = next((_name(each["ticket"]) for each in fired[::-1] if "ticket" in each), None)


def untold(steps: Sequence[StoryStep]) -> Iterator[tuple[int, str, Sequence[Any]]]:
    """What is still not said: the step, from 0, the parameter, and what may have been chosen."""
    tickets = list(dict.fromkeys(each.given["ticket"] for each in steps if "ticket" in each.given))
    for place, step in enumerate(steps):
        for parameter in events()[step.event].parameters:
            values = tickets if parameter.type == "ticket" else parameter.choices
            if values and parameter.name not in step.given:
                yield place, parameter.name, values


def _fired(result: StepResult, documented: Documented) -> Iterator[dict[str, Any]]:
    """The arguments of each hook that the event itself fired, by name."""
    event = result.happened.event.id if result.happened is not None else None
    for firing in result.firings:
        hook = documented(firing.hook) if event and firing.parent_id == event else None
        if hook is not None:
            yield dict(zip((each.name for each in hook.parameters), firing.args, strict=False))


def _chosen(event: str, parameter: EventParameter, fired: Iterable[Mapping[str, Any]]) -> Any:
    """The value as it was recorded; None if nothing tells it."""
    name = parameter.name
    for named in fired:
        told = [named.get(each) for each in (name, f"new_{name}", *_OTHERWISE.get(name, ()))]
        told += [_field(_field(named.get("changes"), name), "new")]
        told += [_field(row, name) for row in named.values() if event in _MAKING]
        found = next((each for each in told if each is not None), None)
        if found is not None:
            return found
    return None


def _field(row: Any, name: str) -> Any:
    fields = row.fields if isinstance(row, ObjectSnapshot) else row
    return cast("Mapping[str, Any]", fields).get(name) if isinstance(fields, Mapping) else None


def _written(parameter: EventParameter, value: Any, newest: Any) -> Any:
    """A recorded value as a step has it; None if it cannot be written."""
    if parameter.type in ROW_TYPES:
        name = _name(value)
        return NEWEST if parameter.type == "ticket" and name == newest is not None else name
    found = simple(plain(value))
    if parameter.choices:
        return found if found in parameter.choices else None
    kinds: Any = {"json": dict, "list": list, "number": (int, float)}.get(parameter.type, str)
    return found if isinstance(found, kinds) and len(str(found)) <= _LONGEST else None


def _name(row: Any) -> Any:
    if not isinstance(row, ObjectSnapshot):
        return None
    return next((found for each in (*_NAMED, "id") if (found := _field(row, each))), None)
