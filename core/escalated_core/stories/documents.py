"""The result of a story as JSON-ready builtins, as JUnit XML, and as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final, cast
from xml.etree import ElementTree as Xml

from escalated_core.records import Firing
from escalated_core.snapshots.plain import to_plain
from escalated_core.snapshots.redaction import masked_firing, masked_text
from escalated_core.snapshots.secrets import MASK, is_secret

if TYPE_CHECKING:
    from escalated_core.stories.result import Expectation, StepResult, StoryResult

_DURATIONS: Final = frozenset({"duration_ns", "own_ns", "at_ns"})
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def failures(result: StoryResult) -> Iterator[str]:
    """One text for each thing that went otherwise."""
    for step in result.steps:
        if step.failure:
            yield f"{_title(result, step)}: {step.failure}"
        for each in step.expectations:
            if not each.ok:
                told = f"{_title(result, step, each)}: {_told(each)}"
                yield f"{told}\n{_indented(each.diff)}" if each.diff else told


def _title(result: StoryResult, step: StepResult, each: Expectation | None = None) -> str:
    place = each if each is not None and each.line else step
    where = f"{result.file}:{place.line}:{place.column}: " if place.line else ""
    times = f" (time {step.repetition})" if step.repetition > 1 else ""
    line = f" in line {step.line}" if place.line < step.line else ""
    return f"{where}step {step.number}{line}, {step.id or step.name}{times}"


def _told(each: Expectation) -> str:
    if "\n" in each.expected or "\n" in each.actual:
        return f"{each.what} is not as expected"
    return masked_text(f"{each.what}: expected {each.expected}, got {each.actual}")


def _indented(diff: str) -> str:
    return "\n".join(f"    {line}" for line in masked_text(diff).splitlines())


# --- JSON


def document(result: StoryResult, *, timed: bool) -> dict[str, Any]:
    """Everything, without secrets."""
    result = result if timed else _timeless(result)
    numbers = _Numbers()
    secrets = {name: MASK if is_secret(name) else value for name, value in result.settings.items()}
    found: dict[str, Any] = {
        "story": result.name,
        "file": result.file,
        "profile": result.profile,
        "seed": result.seed,
        "settings": to_plain(secrets),
        "started_at": _moment(result.started_at),
        "ended_at": _moment(result.ended_at),
        "ok": result.ok,
        "duration_ns": result.duration_ns,
        "failures": list(failures(result)),
        "steps": [_step(step, numbers) for step in result.steps],
    }
    return found if timed else _untimed(found)


class _Numbers(dict[int, int]):
    """Firings by their turn in the story: their ids count those before it, too."""

    def __init__(self) -> None:
        super().__init__()
        self._next = count(1)

    def __missing__(self, firing_id: int) -> int:
        self[firing_id] = next(self._next)
        return self[firing_id]


def _step(step: StepResult, numbers: _Numbers) -> dict[str, Any]:
    return {
        "number": step.number,
        "name": step.name,
        "id": step.id,
        "repetition": step.repetition,
        "by_clock": step.by_clock,
        "at": _moment(step.at),
        "line": step.line,
        "column": step.column,
        "status": step.status,
        "failure": step.failure,
        "outcome": step.happened.outcome if step.happened is not None else None,
        "duration_ns": step.duration_ns,
        "errors": [masked_text(each) for each in step.errors],
        "expectations": [_expectation(each) for each in step.expectations],
        "firings": [_firing(firing, numbers) for firing in step.firings],
    }


def _expectation(each: Expectation) -> dict[str, Any]:
    return {
        "what": each.what,
        "ok": each.ok,
        "expected": masked_text(each.expected),
        "actual": masked_text(each.actual),
        "diff": masked_text(each.diff),
        "line": each.line,
        "column": each.column,
    }


def _firing(firing: Firing, numbers: _Numbers) -> dict[str, Any]:
    found: dict[str, Any] = to_plain(masked_firing(firing))
    found["id"] = numbers[firing.id]
    found["parent_id"] = None if firing.parent_id is None else numbers[firing.parent_id]
    for step in found["steps"]:
        # How often the code had been loaded before the story tells nothing about the story.
        del step["generation"]
        for effect in step["effects"]:
            effect["firing_id"] = found["id"]
    return found


def _timeless(result: StoryResult) -> StoryResult:
    """Without what was measured."""
    steps = (
        replace(step, expectations=tuple(_unmeasured(each) for each in step.expectations))
        for step in result.steps
    )
    return replace(result, steps=tuple(steps))


def _unmeasured(each: Expectation) -> Expectation:
    return replace(each, actual="", diff="") if each.what == "time" else each


def _untimed(value: Any) -> Any:
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: 0 if key in _DURATIONS else _untimed(item) for key, item in entries.items()}
    if isinstance(value, list):
        return [_untimed(item) for item in cast("list[Any]", value)]
    return value


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


# --- JUnit


def junit(result: StoryResult) -> str:
    """A suite with a case for each step, by the schema that Jenkins and others read."""
    return junit_of([result])


def junit_of(results: Sequence[StoryResult]) -> str:
    """The results of several stories, with a suite for each."""
    tallies = _tallies(results)
    root = Xml.Element("testsuites", {"name": "escalated-workbench", **tallies})
    for result in results:
        _suite(root, result)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, "unicode") + "\n"


def _tallies(results: Sequence[StoryResult]) -> dict[str, str]:
    counts = [step.status for result in results for step in result.steps]
    return {
        "tests": str(len(counts)),
        "failures": str(counts.count("failed")),
        "errors": str(counts.count("broken")),
        "skipped": str(counts.count("skipped")),
        "time": f"{sum(result.duration_ns for result in results) / 1e9:.6f}",
    }


def _suite(root: Any, result: StoryResult) -> None:
    stamp = datetime.fromtimestamp(result.started_at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    facts = {"name": _xml(result.name), **_tallies([result]), "timestamp": stamp}
    suite = Xml.SubElement(root, "testsuite", facts)
    known = Xml.SubElement(suite, "properties")
    for name, value in (("profile", result.profile), ("seed", str(result.seed))):
        Xml.SubElement(known, "property", {"name": name, "value": value})
    for step in result.steps:
        _case(suite, result, step)


def _case(suite: Any, result: StoryResult, step: StepResult) -> None:
    times = f" (time {step.repetition})" if step.repetition > 1 else ""
    name = f"{step.number} {step.id + ' ' if step.id else ''}{step.name}{times}"
    case = Xml.SubElement(
        suite,
        "testcase",
        {
            "name": _xml(name),
            "classname": _xml(result.name),
            "time": f"{step.duration_ns / 1e9:.6f}",
        },
    )
    if step.status == "skipped":
        Xml.SubElement(case, "skipped", {"message": "A step before could not happen."})
    elif step.status == "broken":
        broken = {"type": "broken", "message": _xml(step.failure)}
        Xml.SubElement(case, "error", broken).text = _xml(f"{result.file}:{step.line}")
    elif step.status == "failed":
        unmet = [each for each in step.expectations if not each.ok]
        message = "; ".join(_told(each) for each in unmet)
        texts = (
            f"{_title(result, step, each)}: {_told(each)}\n{each.diff}".rstrip() for each in unmet
        )
        failure = Xml.SubElement(case, "failure", {"type": "unmet", "message": _xml(message)})
        failure.text = _xml(masked_text("\n\n".join(texts)))
    output = "".join(each.output for firing in step.firings for each in firing.steps)
    if output:
        Xml.SubElement(case, "system-out").text = _xml(masked_text(output))


def _xml(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return _NOT_XML.sub("�", text)
