"""A breakpoint: before a callback, or after one that did what was waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from glob import escape
from types import CodeType
from typing import Final, Literal, get_args

from escalated_core.errors import UsageError, meant
from escalated_core.records import Step
from escalated_core.snapshots.paths import MISSING, parse_path, path_text, value_at
from escalated_core.snapshots.pictures import same

When = Literal["before", "changed", "none", "error", "slow", "mutated"]
WHEN: Final[tuple[When, ...]] = get_args(When)

PLACES: Final = ("hook", "category", "event", "plugin", "callback")
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
