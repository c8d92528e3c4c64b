"""The keys of a query: which values they take, and what a row or a firing is asked."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from time import time
from typing import Any, Final

from escalated_core.analysis.arguments import touched
from escalated_core.analysis.query_values import (
    LEVELS,
    Holds,
    choice,
    contains,
    duration,
    glob,
    level,
    moment,
    number_range,
    path,
)
from escalated_core.records import Change, ErrorRecord, Firing, Row, Step
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
)

Test = Callable[[Any, float | None], bool | None]
"""Whether a row or a firing meets a term at a moment; None where only the firing tells."""
Tests = tuple[Test, Test]
"""The test of a row, and the test of a firing, which always tells."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key: `takes` says which values, `example` is one, `offers` are values to choose from.

    `read` makes a test of a value and raises `ValueError` for one that the key does not take.
    """

    takes: str
    example: str
    read: Callable[[str], Holds]
    ask: Callable[[Holds], Tests]
    offers: tuple[str, ...] = ()

    def tests(self, values: Sequence[str], negated: bool) -> Tests:
        """The tests of a term: at least one of the values holds, or none if it is negated."""
        row, firing = self.ask(_any([self.read(value) for value in values]))
        return (_not(row), _not(firing)) if negated else (row, firing)


def _any(tests: list[Holds]) -> Holds:
    return tests[0] if len(tests) == 1 else lambda found: any(holds(found) for holds in tests)


def _not(test: Test) -> Test:
    def negated(fact: Any, now: float | None) -> bool | None:
        found = test(fact, now)
        return None if found is None else not found

    return negated


# What is asked of a row and of a firing: rows have their facts under the names of firings.


def _remembered(holds: Holds) -> Holds:
    """For names, of which there are few: a million rows are filtered by what is known of them."""
    return lru_cache(maxsize=4096)(holds)


def _name(name: str) -> Callable[[Holds], Tests]:
    return lambda holds: _fact(name)(_remembered(holds))


def _fact(name: str) -> Callable[[Holds], Tests]:
    get = attrgetter(name)

    def ask(holds: Holds) -> Tests:
        def test(fact: Row | Firing, _: float | None) -> bool:
            return holds(get(fact))

        return test, test

    return ask


def _began(holds: Holds) -> Tests:
    def test(fact: Row | Firing, now: float | None) -> bool:
        return holds((fact.started_at, time() if now is None else now))

    return test, test


def _owner(step: Step) -> str:
    return step.plugin or "host"


def _plugin(holds: Holds) -> Tests:
    found = _among(holds)

    def row_test(row: Row, _: float | None) -> bool:
        return found(row.plugins)

    def test(firing: Firing, _: float | None) -> bool:
        return found(tuple(map(_owner, firing.steps)))

    return row_test, test


def _among(holds: Holds) -> Holds:
    return _remembered(lambda names: any(map(holds, names)))


def _outcome(holds: Holds) -> Tests:
    """A firing is never skipped itself: one of its steps is."""
    skipped = holds("skipped")

    def row_test(row: Row, _: float | None) -> bool | None:
        return holds(row.outcome) or (None if skipped and row.steps else False)

    def test(firing: Firing, _: float | None) -> bool:
        steps = firing.steps if skipped else ()
        return holds(firing.outcome) or any(step.outcome == "skipped" for step in steps)

    return row_test, test


def _step(possible: Holds = attrgetter("steps")) -> Callable[[Holds], Tests]:
    """Asks the steps of the firings for which it is possible, as far as their rows tell."""

    def ask(holds: Holds) -> Tests:
        def row_test(row: Row, _: float | None) -> bool | None:
            return None if possible(row) else False

        def test(firing: Firing, _: float | None) -> bool:
            return bool(possible(firing)) and any(map(holds, firing.steps))

        return row_test, test

    return ask


def _wrote(holds: Holds) -> Tests:
    """Asks the changes of every step; an argument goes by its name and by its position."""

    def row_test(row: Row, _: float | None) -> bool | None:
        return None if row.changed else False

    def test(firing: Firing, _: float | None) -> bool:
        return any(map(holds, _written(firing)))

    return row_test, test


def _written(firing: Firing) -> Iterator[Change]:
    for step in firing.steps:
        yield from step.changes
        if step.touched:
            yield from step.touched
            yield from touched(firing, step)


def _anywhere(holds: Holds) -> Tests:
    hook, plugins = _remembered(holds), _among(holds)

    def row_test(row: Row, _: float | None) -> bool | None:
        return hook(row.hook) or plugins(row.plugins) or None

    def test(firing: Firing, _: float | None) -> bool:
        return any(map(holds, _texts(firing)))

    return row_test, test


# What a firing says.


def _said(step: Step) -> Iterator[str]:
    yield step.output
    yield from (line.message for line in step.logs)


def _raised(step: Step) -> Iterator[str]:
    error: ErrorRecord | None = step.error
    while error is not None:
        yield str(error)
        error = error.cause


def _texts(firing: Firing) -> Iterator[str]:
    yield firing.hook
    for step in firing.steps:
        yield step.callback
        yield _owner(step)
        yield from _said(step)
        yield from _raised(step)
    yield from _all_strings((*firing.args, firing.kwargs, firing.result))


def _strings(picture: Any) -> Iterator[str]:
    match picture:
        case str():
            yield picture
        case DictSnapshot():
            yield from _all_strings(picture.values())
        case ListSnapshot() | TupleSnapshot() | SetSnapshot():
            yield from _all_strings(picture)
        case ObjectSnapshot():
            # What a truncated text is `of` is a digest, which nobody wrote.
            of = None if picture.kind == "truncated" else picture.of
            yield from _all_strings((picture.text, picture.fields, of))
        case _:
            return


def _all_strings(pictures: Iterable[Any]) -> Iterator[str]:
    return chain.from_iterable(map(_strings, pictures))


# The keys.


def _of(get: Callable[[Any], Any], read: Callable[[str], Holds]) -> Callable[[str], Holds]:
    """Reads a value whose test is put to a part of what is asked."""

    def read_for(value: str) -> Holds:
        holds = read(value)
        return lambda found: holds(get(found))

    return read_for


def _any_of(
    get: Callable[[Any], Iterator[Any]], read: Callable[[str], Holds]
) -> Callable[[str], Holds]:
    """The same for any one of several parts."""

    def read_for(value: str) -> Holds:
        holds = read(value)
        return lambda found: any(map(holds, get(found)))

    return read_for


_GLOB: Final = "a name or a glob such as {}"
_NUMBERS: Final = "a number or a range such as 10..20"
_DURATION: Final = "a duration such as >5ms, <=0.5s or >200us"
_MOMENT: Final = "a time such as 12:30 or 12:30:05, or how long before: -10s, -5m, -1h"
_DURATIONS: Final = (">1ms", ">10ms", ">100ms", ">1s")
_MOMENTS: Final = ("-10s", "-1m", "-5m", "-1h")
_KINDS: Final = ("action", "filter", "event")
_OUTCOMES: Final = ("ok", "error", "interrupted", "skipped")


def _one_of(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"


def _chosen(choices: dict[str, Any], ask: Callable[[Holds], Tests]) -> Key:
    return Key(_one_of(choices), next(iter(choices)), choice(choices), ask, tuple(choices))


KEYS: Final = {
    "hook": Key(_GLOB.format("ticket_*"), "ticket_*", glob, _name("hook")),
    "plugin": Key(_GLOB.format("billing"), "billing", glob, _plugin, ("host",)),
    "callback": Key(_GLOB.format("on_*"), "on_*", _of(attrgetter("callback"), glob), _step()),
    "kind": _chosen({name: name for name in _KINDS}, _name("kind")),
    "outcome": _chosen({name: name for name in _OUTCOMES}, _outcome),
    "changed": _chosen({"yes": True, "no": False}, _name("changed")),
    "wrote": Key("a path such as tags[0] or meta.*", "tags[*]", path, _wrote),
    "error": Key(
        "a part of an error's type or message",
        "KeyError",
        _any_of(_raised, contains),
        _step(lambda fact: fact.outcome != "ok"),
    ),
    "says": Key(
        "a part of the output or of a log message", "done", _any_of(_said, contains), _step()
    ),
    "log": Key(_one_of(LEVELS), "warning", level, _step(), tuple(LEVELS)),
    "slow": Key(_DURATION, ">5ms", duration, _fact("duration_ns"), _DURATIONS),
    "step": Key(_DURATION, ">5ms", _of(attrgetter("duration_ns"), duration), _step(), _DURATIONS),
    "cause": Key(_GLOB.format("plugin:*"), "plugin:*", glob, _name("cause")),
    "id": Key(_NUMBERS, "10..20", number_range, _fact("id")),
    "parent": Key(_NUMBERS, "12", number_range, _fact("parent_id")),
    "depth": Key(_NUMBERS, "0", number_range, _fact("depth"), ("0",)),
    "since": Key(_MOMENT, "-5m", moment(operator.ge), _began, _MOMENTS),
    "until": Key(_MOMENT, "12:30", moment(operator.le), _began, _MOMENTS),
}
"""Every key, in the order of the documentation."""

TEXT: Final = Key("text", "printer", contains, _anywhere)
"""What a term without a key asks."""
