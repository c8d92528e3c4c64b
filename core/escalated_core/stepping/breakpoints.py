"""Where to stop: before a callback, or after one that did what was waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from glob import escape
from itertools import count
from types import CodeType
from typing import Any, Final, Literal, get_args

from escalated_core.errors import UsageError, meant
from escalated_core.records import Step
from escalated_core.snapshots.paths import MISSING, parse_path, path_text, value_at
from escalated_core.snapshots.pictures import same

When = Literal["before", "changed", "none", "error", "slow", "mutated"]
WHEN: Final[tuple[When, ...]] = get_args(When)

PLACES: Final = ("hook", "category", "event", "plugin", "callback")
CLOSED: Final = ("category", "event")
"""Those of whose names no others come to be."""

_WORDS: Final[Mapping[When, str]] = {
    "before": "",
    "changed": "when {path} has changed",
    "none": "when it has answered None",
    "error": "when it has failed",
    "slow": "when it has taken more than {limit_ms:g} ms",
    "mutated": "when it has changed its input in place",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A callback that is about to run, or has just run, and what fires it.

    `event` is the name of the event that it is a part of, `category` that of its hook; empty
    where there is none. `is_event` is true of the help desk itself, which makes the event happen.
    """

    hook: str
    category: str
    event: str
    plugin: str
    callback: str
    is_event: bool = False


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Stops at callbacks that fit all that is said of them; what is empty fits any.

    Args:
        hook: a name or a pattern such as `ticket_*`.
        category: of the hook in the catalogue, such as `lifecycle`.
        event: a name or a pattern such as `ticket.*`; with nothing else, it stops at its
            beginning, else at what happens in its course.
        plugin: a slug or a pattern.
        callback: a name or a pattern.
        when: `before` a callback runs; or after it, when it has changed the value at `path`,
            answered None for a value, failed, taken longer than `limit_ms`, or changed in place
            what it was given.
        path: such as `tags[0]`; empty for the whole value.
        limit_ms: milliseconds.
        condition: a Python expression over `value`, `args`, `kwargs`, `hook`, `plugin`,
            `callback` and the documented names of the arguments; it stops where that is true.
        once: whether it is gone after the first stop.

    Raises:
        UsageError: there is no such moment, or the path or the condition cannot be read.
    """

    hook: str = ""
    category: str = ""
    event: str = ""
    plugin: str = ""
    callback: str = ""
    when: When = "before"
    path: str = ""
    limit_ms: float = 0.0
    condition: str = ""
    once: bool = False

    def __post_init__(self) -> None:
        if self.when not in WHEN:
            raise UsageError(
                f"There is no moment {self.when!r} to stop at.", meant(self.when, WHEN)
            )
        parse_path(self.path)
        compiled(self.condition)

    def fits(self, place: Place) -> bool:
        """Whether it is about a callback."""
        names = self.hook, self.category, self.plugin, self.callback
        if self.event and not any(names):
            return place.is_event and fnmatchcase(place.event, self.event)
        there = place.hook, place.category, place.plugin, place.callback, place.event
        asked = zip((*names, self.event), there, strict=True)
        return not place.is_event and all(
            not pattern or fnmatchcase(name, pattern) for pattern, name in asked
        )

    def shows(self, step: Step) -> bool:
        """Whether what a step has done is what was waited for."""
        return _SHOWS[self.when](self, step)

    @property
    def place(self) -> Breakpoint:
        """The same without what is waited for there."""
        return Breakpoint(self.hook, self.category, self.event, self.plugin, self.callback)

    def __str__(self) -> str:
        named = {"category": self.category, "event": self.event, "plugin": self.plugin}
        words = [self.hook, *(f"{what} {name}" for what, name in named.items() if name)]
        path = path_text(parse_path(self.path))
        condition = self.condition and f"if {self.condition}"
        what = _WORDS[self.when].format(path=path, limit_ms=self.limit_ms)
        said = [each for each in (*words, self.callback) if each] or ["any callback"]
        return " ".join(each for each in (*said, what, condition) if each)


def _has_changed(breakpoint: Breakpoint, step: Step) -> bool:  # noqa: A002 - it is
    path = parse_path(breakpoint.path)
    before, after = value_at(step.before, path), value_at(step.after, path)
    if before is MISSING or after is MISSING:
        return before is not after
    return not same(before, after)


_SHOWS: Final[Mapping[When, Callable[[Breakpoint, Step], bool]]] = {
    "before": lambda _, __: False,
    "changed": _has_changed,
    "none": lambda _, step: step.returned_none,
    "error": lambda _, step: step.outcome in ("error", "interrupted"),
    "slow": lambda asked, step: step.own_ns > asked.limit_ms * 1e6,
    "mutated": lambda _, step: step.mutated or bool(step.touched),
}


Names = Callable[[str, str], Iterable[str]]
"""The names that there are so far for a field of a breakpoint; of `callback`, those of the plugins
that fit a pattern."""


class Breakpoints(Mapping[int, Breakpoint]):
    """All breakpoints by number, changed from any thread; read as they are at one moment."""

    def __init__(self, changed: Callable[[], None], names: Names) -> None:
        self._all: dict[int, Breakpoint] = {}
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._changed = changed
        self._names = names

    def add(self, breakpoint: Breakpoint | str | None = None, **what: Any) -> int:  # noqa: A002 - it is
        """Stop there from now on; returns the number that removes it.

        Args:
            breakpoint: where, also as `spelling` reads it, such as `triage:tag_*`; other values
                of it may be given besides.
            what: where, see `Breakpoint`.

        Raises:
            UsageError: it cannot be meant, or there is no such category or event. Other names may
                come to be, see `unknown`.
        """
        unknown = [name for name in what if name not in Breakpoint.__dataclass_fields__]
        if unknown:
            known = meant(unknown[0], Breakpoint.__dataclass_fields__)
            raise UsageError(f"A breakpoint has no {unknown[0]!r}.", known)
        if isinstance(breakpoint, str):
            # Only here: it makes breakpoints.
            from escalated_core.stepping.spelling import read_breakpoint

            breakpoint = read_breakpoint(breakpoint)  # noqa: A001 - it is
        made = replace(breakpoint, **what) if breakpoint is not None else Breakpoint(**what)
        for field, near in self._unknown(made, CLOSED).items():
            raise UsageError(f"There is no {field} {getattr(made, field)!r}.", near)
        with self._lock:
            number = next(self._numbers)
            self._all = {**self._all, number: made}
        self._changed()
        return number

    def unknown(self, asked: Breakpoint) -> dict[str, str]:
        """The fields with a name that there is not so far, such as `callback`.

        With each goes the cure: the nearest name, or else all there are.
        """
        return self._unknown(asked, PLACES)

    def told(self, asked: Breakpoint) -> str:
        """In words: `plugin cleaner tagg (no such callback so far)`."""
        unknown = " and ".join(self.unknown(asked))
        return f"{asked}{unknown and f' (no such {unknown} so far)'}"

    def remove(self, number: int) -> None:
        """Do not stop there any more; raises `UsageError` for a number that there is not."""
        if not self.discard(number):
            cure = meant(number, map(str, self._all)) or "There is none."
            raise UsageError(f"There is no breakpoint {number}.", cure)

    def discard(self, number: int) -> bool:
        """Do not stop there any more; whether it was there until now."""
        with self._lock:
            was_there = number in self._all
            self._all = {key: each for key, each in self._all.items() if key != number}
        self._changed()
        return was_there

    def clear(self) -> None:
        """Stop nowhere any more."""
        with self._lock:
            self._all = {}
        self._changed()

    def items(self) -> ItemsView[int, Breakpoint]:
        return self._all.items()

    def __getitem__(self, number: int) -> Breakpoint:
        return self._all[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return f"Breakpoints({', '.join(f'{n}: {self.told(each)}' for n, each in self.items())})"

    def _unknown(self, asked: Breakpoint, fields: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for field in fields:
            pattern = getattr(asked, field)
            plugin = "*" if "plugin" in found else asked.plugin or "*"
            names = sorted({*self._names(field, plugin)}) if pattern else []
            if pattern and not any(fnmatchcase(name, pattern) for name in names):
                found[field] = meant(pattern, names)
        return found


def exactly(
    *, hook: str = "", category: str = "", event: str = "", plugin: str = "", callback: str = ""
) -> Breakpoint:
    """A breakpoint at names that may look like patterns, and are none."""
    hook, category, event = map(escape, (hook, category, event))
    return Breakpoint(hook, category, event, escape(plugin), escape(callback))


@lru_cache(maxsize=256)
def compiled(condition: str) -> CodeType | None:
    """The code of an expression, None for an empty one; raises `UsageError` for what is none."""
    if not condition.strip():
        return None
    try:
        return compile(condition.strip(), "<condition>", "eval")
    except (SyntaxError, ValueError) as error:
        why = error.msg if isinstance(error, SyntaxError) else error
        raise UsageError(
            f"The condition {condition!r} is no expression: {why}.",
            "Write Python such as value['priority'] == 'urgent'.",
        ) from None
