"""Values from outside in place of a story's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from escalated_core.errors import UsageError
from escalated_core.helpdesk.events.catalogue import events
from escalated_core.stories.yaml import Entry, Node, from_plain


def override(root: Node, overrides: Mapping[str, Any]) -> Node:
    """The story with other values of parameters, see `read_story`.

    Raises:
        UsageError: no step takes it.
    """
    for name, value in overrides.items():
        root = _overridden(root, name, value)
    return root


def _overridden(root: Node, name: str, value: Any) -> Node:
    content = root.entries or {}
    entry = content.get("steps")
    if entry is None or entry.value.items is None:
        return root
    steps = list(entry.value.items)
    owner, _, parameter = name.rpartition(".")
    places = list(_chosen(steps, owner, parameter))
    if not places:
        whose = f"The step {owner!r} takes no" if owner else "No step of the story takes a"
        cure = f"Name a parameter of its event{'s' * (not owner)}, as in subject=Hello."
        raise UsageError(f"{whose} {parameter!r}.", cure)
    for index in places:
        steps[index] = _with_value(steps[index], parameter, value)
    told = replace(entry, value=replace(entry.value, value=steps))
    return replace(root, value={**content, "steps": told})


def _chosen(steps: list[Node], owner: str, parameter: str) -> Iterator[int]:
    """Which steps are meant: the one of that id, those that say it, or the first that takes it."""
    taking = [index for index, step in enumerate(steps) if _takes(step, parameter)]
    if owner:
        yield from (index for index in taking if _id(steps[index]) == owner)
        return
    saying = [index for index in taking if parameter in _given(steps[index])]
    yield from saying or taking[:1]


def _event(step: Node) -> tuple[str, str]:
    """The event of a step, and under which key its values are."""
    if isinstance(step.value, str):
        return step.value, step.value
    keys = step.entries or {}
    if "event" in keys:
        return str(keys["event"].value.value), "with"
    found = next((key for key in keys if key in events()), "")
    return found, found


def _given(step: Node) -> dict[str, Entry]:
    _, key = _event(step)
    entry = (step.entries or {}).get(key)
    return (entry.value.entries if entry is not None else None) or {}


def _takes(step: Node, parameter: str) -> bool:
    event = events().get(_event(step)[0])
    return event is not None and any(each.name == parameter for each in event.parameters)


def _id(step: Node) -> str:
    entry = (step.entries or {}).get("id")
    return str(entry.value.value) if entry is not None else ""


def _with_value(step: Node, parameter: str, value: Any) -> Node:
    _, key = _event(step)
    keys = step.entries or {}
    before = keys.get(key)
    place = before.key if before else Node(key, step.line, step.column)
    new = from_plain(value, place.line, place.column)
    said = {**_given(step), parameter: Entry(Node(parameter, place.line, place.column), new)}
    entry = Entry(place, Node(said, place.line, place.column))
    return replace(step, value={**keys, key: entry})
