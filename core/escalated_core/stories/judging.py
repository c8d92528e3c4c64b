"""Whether a step went as expected, and what there was instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import unified_diff
from enum import Enum
from typing import Any, Final, cast

from escalated_core.helpdesk.references import Reference
from escalated_core.records import Firing, Happened, Step
from escalated_core.snapshots.pictures import ObjectSnapshot, plain
from escalated_core.stories.failing import failing
from escalated_core.stories.result import Expectation
from escalated_core.stories.story import Expected, What


@dataclass(frozen=True)
class Evidence:
    """What there is to judge a step by.

    `row` gives the value of a field that was expected; it raises `LookupError` where the row is
    gone.
    """

    happened: Happened
    firings: tuple[Firing, ...]
    """The event and everything that it caused, nested ones too."""
    row: Callable[[Expected], Any]

    @property
    def hooks(self) -> tuple[Firing, ...]:
        """The firings of hooks."""
        return tuple(firing for firing in self.firings if firing.kind != "event")

    @property
    def steps(self) -> Iterator[tuple[Firing, Step]]:
        """The callbacks that ran."""
        return ((firing, step) for firing in self.hooks for step in firing.steps)


def judge(expected: Iterable[Expected], evidence: Evidence) -> tuple[Expectation, ...]:
    """What became of what was expected of a step; values hold no references any more.

    What fails is not as expected, too, where nothing is said about failures.
    """
    due = list(expected)
    judged = [_JUDGES[each.what](each, evidence) for each in due]
    if not any(map(_allows_errors, due)):
        unsaid = _errors(Expected("errors", "", 0), evidence)
        judged += [] if unsaid.ok else [unsaid]
    return tuple(judged)


def _allows_errors(expected: Expected) -> bool:
    """Whether it says itself what may fail."""
    return expected.what == "errors" or (expected.what == "outcome" and expected.value != "ok")


def mutations(firing: Firing, step: Step) -> bool:
    """Whether a callback changed in place what it was not given to change.

    That is an argument after the value of a filter, or a dict or a list that an action got. Rows
    that an action changes are its job, and what a row has read meanwhile is no change.
    """
    for change in step.touched:
        place = change.path[0] if change.path else 0
        is_row = isinstance(firing.args[int(place)], ObjectSnapshot)
        if not is_row or (firing.kind == "filter" and change.kind == "changed"):
            return True
    return False


# --- each kind of expectation


def _counted(expected: Expected, what: str, found: Sequence[str]) -> Expectation:
    ok = len(found) == expected.value
    there = str(len(found)) if ok or not found else f"{len(found)} ({'; '.join(found)})"
    return Expectation(what, ok, str(expected.value), there, "", expected.line, expected.column)


def _fired(expected: Expected, evidence: Evidence) -> Expectation:
    found = [firing.hook for firing in evidence.hooks]
    count, fired = found.count(expected.subject), ", ".join(dict.fromkeys(found)) or "nothing"
    what, place = f"{expected.subject} fired", (expected.line, expected.column)
    if expected.value is None:
        return Expectation(what, count > 0, expected.subject, fired, "", *place)
    ok, what = count == expected.value, f"{what} {times(expected.value)}"
    there = str(count) if count or not found else f"0, but {fired}"
    return Expectation(what, ok, str(expected.value), str(count) if ok else there, "", *place)


def _errors(expected: Expected, evidence: Evidence) -> Expectation:
    return _counted(expected, "errors", list(failing(evidence.happened, evidence.firings)))


def _nones(expected: Expected, evidence: Evidence) -> Expectation:
    found = [f"{_who(step)} on {f.hook}" for f, step in evidence.steps if step.returned_none]
    return _counted(expected, "filters that answer None", found)


def _mutations(expected: Expected, evidence: Evidence) -> Expectation:
    found = [f"{_who(step)} on {f.hook}" for f, step in evidence.steps if mutations(f, step)]
    return _counted(expected, "arguments changed in place", found)


def _effects(expected: Expected, evidence: Evidence) -> Expectation:
    effects = [effect for _, step in evidence.steps for effect in step.effects]
    chosen = [each for each in effects if expected.subject in ("", each.kind)]
    what = f"effects ({expected.subject})" if expected.subject else "effects"
    return _counted(expected, what, [each.target for each in chosen])


def _outcome(expected: Expected, evidence: Evidence) -> Expectation:
    return _compared(expected, "outcome", evidence.happened.outcome)


def _under(expected: Expected, evidence: Evidence) -> Expectation:
    """Every hook took less, all of its callbacks together."""
    slowest = max(evidence.hooks, key=lambda firing: firing.duration_ns, default=None)
    took = slowest.duration_ns / 1e9 if slowest else 0.0
    due, there = f"under {_milliseconds(expected.value)}", _milliseconds(took)
    ok = took < expected.value
    if slowest is not None:
        there = f"{there} ({slowest.hook})"
    return Expectation("time", ok, due, there, "", expected.line, expected.column)


def _result(expected: Expected, evidence: Evidence) -> Expectation:
    return _valued(expected, evidence, f"result of {expected.subject}", lambda a, b: a == b)


def _contains(expected: Expected, evidence: Evidence) -> Expectation:
    return _valued(expected, evidence, f"part of the result of {expected.subject}", contains)


def _valued(
    expected: Expected, evidence: Evidence, what: str, fits: Callable[[Any, Any], bool]
) -> Expectation:
    found = [firing for firing in evidence.hooks if firing.hook == expected.subject]
    if not found:
        hooks = ", ".join(dict.fromkeys(f.hook for f in evidence.hooks)) or "nothing"
        missing = f"{expected.subject} was not fired, but {hooks}"
        due = _shown(simple(expected.value))
        diff = _diff(due, missing)
        return Expectation(what, False, due, missing, diff, expected.line, expected.column)
    return _compared(expected, what, plain(found[-1].result), fits)


def _row(expected: Expected, evidence: Evidence) -> Expectation:
    what = f"{expected.subject} of {expected.of}" if expected.of else expected.subject
    try:
        actual = evidence.row(expected)
    except LookupError as gone:
        due, there = _shown(expected.value), str(gone.args[0])
        diff = _diff(due, there)
        return Expectation(what, False, due, there, diff, expected.line, expected.column)
    return _compared(expected, what, actual)


def _compared(
    expected: Expected,
    what: str,
    actual: Any,
    fits: Callable[[Any, Any], bool] = lambda due, there: bool(due == there),
) -> Expectation:
    due, there = simple(expected.value), simple(actual)
    ok = fits(due, there)
    texts = _shown(due), _shown(there)
    if texts[0] == texts[1] and not ok:  # a text, and what is none but looks the same
        texts = json.dumps(due), json.dumps(there)
    diff = "" if ok else _diff(*texts)
    return Expectation(what, ok, *texts, diff, expected.line, expected.column)


_JUDGES: Final[dict[What, Callable[[Expected, Evidence], Expectation]]] = {
    "outcome": _outcome,
    "errors": _errors,
    "nones": _nones,
    "mutations": _mutations,
    "under": _under,
    "fired": _fired,
    "result": _result,
    "contains": _contains,
    "row": _row,
    "effects": _effects,
}


# --- values


def contains(due: Any, there: Any) -> bool:
    """Whether everything of one value is in the other: entries, items, a part of a text."""
    if isinstance(due, dict) and isinstance(there, dict):
        wanted, found = cast("dict[Any, Any]", due), cast("dict[Any, Any]", there)
        return all(key in found and contains(item, found[key]) for key, item in wanted.items())
    if isinstance(there, list):
        wanted_items: list[Any] = cast("list[Any]", due) if isinstance(due, list) else [due]
        found_items = cast("list[Any]", there)
        return all(any(contains(item, each) for each in found_items) for item in wanted_items)
    if isinstance(due, str) and isinstance(there, str):
        return due in there
    return bool(due == there)


def simple(value: Any) -> Any:
    """What JSON has for a value, as a story would write it."""
    if value is None or (isinstance(value, _ITSELF) and not isinstance(value, Enum)):
        return value
    make = next((make for kinds, make in _SIMPLE if isinstance(value, kinds)), str)
    return make(value)


def _entries(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(simple(key)): simple(item) for key, item in value.items()}


def _items(value: Iterable[Any]) -> list[Any]:
    return [simple(item) for item in value]


def _object(value: ObjectSnapshot) -> Any:
    return value.text if value.of is None else simple(value.of)


_ITSELF: Final = (bool, str, int, float)
_SIMPLE: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (Enum, lambda value: simple(value.value)),
    (Reference, lambda value: value.key),
    (Mapping, _entries),
    ((list, tuple), _items),
    ((set, frozenset), lambda value: sorted(_items(value), key=repr)),
    ((datetime, date, time), lambda value: value.isoformat()),
    (timedelta, timedelta.total_seconds),
    (ObjectSnapshot, _object),
)


def times(count: int) -> str:
    return f"{count} time{'s' * (count != 1)}"


def _who(step: Step) -> str:
    return f"{step.plugin or 'host'}: {step.callback}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return json.dumps(value)


def _diff(due: str, there: str) -> str:
    """The lines in which two texts differ; empty where each has but one."""
    if "\n" not in due and "\n" not in there:
        return ""
    lines = unified_diff(due.splitlines(), there.splitlines(), lineterm="", n=3)
    found = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    return "\n".join(found) or f"-{due!r}\n+{there!r}"
