"""The JSON Schema of story files, for editors; made from the documented events."""

from __future__ import annotations

from typing import Any, Final, get_args

from escalated_core.helpdesk.events.catalogue import events
from escalated_core.records import EffectKind, Event, EventParameter, Kind, Outcome, Profile
from escalated_core.stories import steps
from escalated_core.stories.reading import SEEDS
from escalated_core.stories.values import ROW_TYPES

_TEXT: Final = {"type": "string"}
_REFERENCE: Final = {"type": "string", "pattern": r"\$\{[^{}]*\}"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_TIME: Final = {
    "type": "string",
    "pattern": r"^\s*(\d+(\.\d+)?\s*(ms|[smhdw])\s*)+$",
    "examples": ["5ms", "30m", "1d 2h"],
}
_VALUES: Final[dict[str, Any]] = {
    "number": {"type": "number"},
    "list": {"type": "array"},
    "json": {"type": ["object", "null"]},
}


def story_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of a story, as JSON-ready builtins."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A story of escalated-workbench",
        "type": "object",
        "required": ["name", "steps"],
        "additionalProperties": False,
        "properties": {
            "name": _told(_TEXT, "What the story is called."),
            "profile": _told({"enum": list(get_args(Profile))}, "The contract it is told for."),
            "seed": _told(
                {"type": "integer", "minimum": 0, "maximum": SEEDS},
                "Of the people and tickets it begins with.",
            ),
            "start": _told(_TEXT, "When it begins; 2026-01-05 09:00 otherwise."),
            "sla": _told(
                {"anyOf": [_TIME, {"const": False}]},
                "How long before a deadline the help desk warns; false for no deadlines.",
            ),
            "settings": _told(
                {"type": "object", "propertyNames": {"pattern": "^[^a-z]+$"}},
                "Django settings while it runs.",
            ),
            "expect": _told({"$ref": "#/$defs/expect"}, "Of every step."),
            "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
        },
        "$defs": {"step": _step(), "expect": _expect()},
    }


def _told(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {**schema, "description": description}


def _step() -> dict[str, Any]:
    known = events()
    short = {name: _event(event) for name, event in known.items()}
    doing = [*known, "event", "fire"]
    return {
        "anyOf": [
            {"enum": list(known)},
            {
                "type": "object",
                "additionalProperties": False,
                "oneOf": [{"required": [name]} for name in doing],
                "properties": {**short, **_keys(list(known))},
            },
        ]
    }


def _keys(names: list[str]) -> dict[str, Any]:
    return {
        "event": _told({"enum": names}, "What happens; `with` says more about it."),
        "with": _told({"type": ["object", "null"]}, "What is said about the event."),
        "fire": _told({"type": "string", "minLength": 1}, "A bare hook that is fired."),
        "args": _told({"type": "array"}, "Of the bare hook; chosen if left out."),
        "kwargs": _told({"type": "object"}, "Of the bare hook, by name."),
        "kind": _told({"enum": list(get_args(Kind))}, "Of the bare hook."),
        "as": _told(
            {"type": ["string", "null"]}, "Who does it: agent2, customer 3, a name, nobody."
        ),
        "id": _told({"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"}, "Its name."),
        "at": _told(_TEXT, "When: +30m, +1d 2h, 12:30, 2026-01-05 12:30."),
        "repeat": _told(
            {"type": "integer", "minimum": 1, "maximum": steps.MAX_REPEAT},
            "How often; ${n} is the number of the time.",
        ),
        "dry": _told({"type": "boolean"}, "Take back what was written to the database."),
        "expect": {"$ref": "#/$defs/expect"},
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "description": f"{event.title}.",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {each.name: _parameter(each) for each in event.parameters},
    }


def _parameter(parameter: EventParameter) -> dict[str, Any]:
    if parameter.type in ROW_TYPES:
        kinds: Any = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}
        if parameter.type == "user":
            kinds["anyOf"].append({"type": "null"})
        return _told(kinds, parameter.description)
    if parameter.choices:
        choices = {"enum": list(parameter.choices)}
        return _told({"anyOf": [choices, _REFERENCE]}, parameter.description)
    own = _VALUES.get(parameter.type)
    schema = _TEXT if own is None else {"anyOf": [own, _REFERENCE]}
    return _told(schema, parameter.description)


def _expect() -> dict[str, Any]:
    counts = {
        "errors": "How many callbacks fail.",
        "nones": "How many filters answer None for a value.",
        "mutations": "How many callbacks change in place what is not theirs to change.",
    }
    outcomes = list(get_args(Outcome))
    outcomes.remove("skipped")
    by_kind = {
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(get_args(EffectKind), _COUNT),
    }
    fired = [_TEXT, {"type": "array", "items": _TEXT}]
    properties: dict[str, Any] = {
        "outcome": _told({"enum": outcomes}, "The worst of the event and of the callbacks."),
        **{name: _told(_COUNT, text) for name, text in counts.items()},
        "under": _told(_TIME, "Every hook takes less, all of its callbacks together."),
        "fired": _told(
            {"anyOf": [*fired, {"type": "object", "additionalProperties": _COUNT}]},
            "Which hooks are fired, and how often.",
        ),
        "result": {"description": "What a filter gives, by hook; of a bare hook the value itself."},
        "contains": {"description": "Part of it: entries, items, or text."},
        "row": _told({"type": "object"}, "Fields of the row, or of another: `t.status: open`."),
        "effects": _told({"anyOf": [_COUNT, by_kind]}, "How many leave the process, or would."),
    }
    whole = {"type": "object", "additionalProperties": False, "properties": properties}
    return {"anyOf": [{"const": "no errors"}, whole]}
