"""Recorded firings as a profile that speedscope shows."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import pytest

from escalated_core.analysis.speedscope import speedscope
from escalated_core.records import Call, Firing, Step

MS = 1_000_000
START = 1_800_000_000.0

EVENT = {
    "type": "object",
    "required": ["at", "frame", "type"],
    "properties": {
        "type": {"enum": ["O", "C"]},
        "frame": {"type": "integer", "minimum": 0},
        "at": {"type": "integer", "minimum": 0, "maximum": 2**53},
    },
}
PROFILE = {
    "type": "object",
    "required": ["endValue", "events", "name", "startValue", "type", "unit"],
    "properties": {
        "type": {"const": "evented"},
        "name": {"type": "string"},
        "unit": {"enum": ["bytes", "microseconds", "milliseconds", "nanoseconds", "none"]},
        "startValue": {"type": "number"},
        "endValue": {"type": "number"},
        "events": {"type": "array", "items": EVENT},
    },
}
FRAME = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "file": {"type": "string"},
        "line": {"type": "number"},
        "col": {"type": "number"},
    },
}
SCHEMA: dict[str, Any] = {
    # What of https://www.speedscope.app/file-format-schema.json concerns evented profiles.
    "type": "object",
    "required": ["$schema", "profiles", "shared"],
    "properties": {
        "$schema": {"const": "https://www.speedscope.app/file-format-schema.json"},
        "shared": {
            "type": "object",
            "required": ["frames"],
            "properties": {"frames": {"type": "array", "items": FRAME}},
        },
        "profiles": {"type": "array", "items": PROFILE},
        "name": {"type": "string"},
        "activeProfileIndex": {"type": "number"},
        "exporter": {"type": "string"},
    },
}


def step(at_ms: float, ms: float, callback: str = "run", **more: Any) -> Step:
    fields: dict[str, Any] = {
        "plugin": "triage",
        "callback": callback,
        "file": "/p/triage/plugin.py",
        "line": 4,
        "priority": 10,
        "outcome": "ok",
        "duration_ns": round(ms * MS),
        "at_ns": round(at_ms * MS),
        **more,
    }
    return Step(**fields)


def firing(number: int, at_ms: float, ms: float, *steps: Step, **more: Any) -> Firing:
    fields: dict[str, Any] = {
        "id": number,
        "hook": f"hook{number}",
        "kind": "action",
        "cause": "workbench",
        "parent_id": None,
        "depth": 0,
        "thread": "plugins",
        "args": (),
        "kwargs": {},
        "steps": steps,
        "result": None,
        "started_at": START + at_ms / 1e3,
        "duration_ns": round(ms * MS),
        **more,
    }
    return Firing(**fields)


def drawn(*firings: Firing) -> dict[str, list[tuple[str, float, float]]]:
    """By thread: the path of each frame with its start and end in ms; checks the format."""
    file = json.loads(json.dumps(speedscope(firings), allow_nan=False))
    jsonschema.validate(file, SCHEMA)
    frames = file["shared"]["frames"]
    found: dict[str, list[tuple[str, float, float]]] = {}
    for profile in file["profiles"]:
        stack: list[tuple[int, int, int]] = []
        now = profile["startValue"]
        paths = found[profile["name"]] = []
        for event in profile["events"]:
            assert now <= event["at"] <= profile["endValue"]
            now = event["at"]
            if event["type"] == "O":
                stack.append((event["frame"], now, len(paths)))
                paths.append(("", 0, 0))
            else:
                path = " > ".join(frames[frame]["name"] for frame, _, _ in stack)
                frame, start, place = stack.pop()
                assert frame == event["frame"]
                paths[place] = (path, round(start / MS, 2), round(now / MS, 2))
        assert stack == []
    return found


def test_hooks_callbacks_and_calls_nest():
    queries = (Call("query", "SELECT 1", MS, MS), Call("http", "GET http://x/ -> 200", 2 * MS, MS))
    found = drawn(
        firing(1, 0, 10, step(1, 5, "first", calls=queries), step(6, 3, "second")),
        firing(2, 2.5, 1, step(0.25, 0.5, "inner"), parent_id=1, cause="plugin:triage"),
        firing(3, 20, 1),
    )
    assert found == {
        "plugins": [
            ("hook1", 0, 10),
            ("hook1 > triage: first", 1, 6),
            ("hook1 > triage: first > SELECT 1", 2, 3),
            ("hook1 > triage: first > hook2", 3, 4),
            ("hook1 > triage: first > hook2 > triage: inner", 3.25, 3.75),
            ("hook1 > triage: first > GET http://x/ -> 200", 4, 5),
            ("hook1 > triage: second", 6, 9),
            ("hook3", 20, 21),
        ]
    }


def test_callbacks_have_their_place():
    file = speedscope([firing(1, 0, 1, step(0, 1), step(1, 0, plugin=None))], name="a session")
    assert file["name"] == "a session"
    assert file["shared"]["frames"] == [
        {"name": "hook1"},
        {"name": "triage: run", "file": "/p/triage/plugin.py", "line": 4},
        {"name": "host: run", "file": "/p/triage/plugin.py", "line": 4},
    ]


def test_threads_have_profiles_of_their_own():
    found = drawn(
        firing(1, 0, 5, step(0, 5)),
        firing(2, 3, 9, step(0, 9), parent_id=1, thread="worker"),
    )
    assert found == {
        "plugins": [("hook1", 0, 5), ("hook1 > triage: run", 0, 5)],
        "worker": [("hook2", 3, 12), ("hook2 > triage: run", 3, 12)],
    }


def test_a_firing_whose_cause_is_gone_stands_alone():
    assert drawn(firing(7, 0, 1, parent_id=3)) == {"plugins": [("hook7", 0, 1)]}
    assert drawn(firing(1, 0, 2), firing(2, 0.5, 1, parent_id=1))["plugins"][0][0] == "hook1"


def test_no_firings_are_an_empty_file():
    assert drawn() == {}


def test_skipped_steps_did_not_run():
    found = drawn(firing(1, 0, 1, step(0, 0, outcome="skipped")))
    assert found == {"plugins": [("hook1", 0, 1)]}


@pytest.mark.parametrize("seed", range(20))
def test_clocks_that_disagree_still_nest(seed: int):
    source = random.Random(seed)
    firings = [
        firing(
            number,
            source.uniform(0, 10),
            source.uniform(0, 10),
            *(step(source.uniform(0, 10), source.uniform(0, 10)) for _ in range(3)),
            parent_id=source.choice([None, *range(1, number)]),
        )
        for number in range(1, 30)
    ]
    (paths,) = drawn(*firings).values()
    assert len(paths) == 29 * 4
