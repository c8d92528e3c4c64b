"""What every front end tells of a stop: why it is, the arguments, the source; and of a place."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Iterator
from typing import Any

from escalated_core.analysis.arguments import names_of
from escalated_core.records import Location
from escalated_core.stepping.breakpoint import Breakpoint
from escalated_core.stepping.breakpoints import Breakpoints
from escalated_core.stepping.stops import Stop
from escalated_workbench.wording import safe

LISTED = 80
"""Lines of a callback at most."""

Numbered = list[tuple[int, str]]
"""Lines of source with their numbers."""


def reason(stop: Stop) -> str:
    """Why it stopped; empty where that goes without saying."""
    hook = stop.firing.hook
    evident = ("step", "line", "the end of the chain", hook, f"event {hook}")
    return "" if stop.reason in evident else stop.reason


def arguments(stop: Stop) -> Iterator[tuple[str, Any]]:
    """What the next callback gets, by name; that of a filter's value is `value`."""
    names = names_of(stop.firing.hook, stop.firing.profile)
    for index, picture in enumerate(stop.args):
        name = names[index] if index < len(names) else f"argument {index + 1}"
        yield ("value" if index == 0 and stop.firing.kind == "filter" else name), picture
    yield from stop.kwargs.items()


def source(stop: Stop, around: int = 2, head: int = LISTED) -> Numbered:
    """The source as it was loaded; nothing where there is none.

    Args:
        around: how many lines on both sides of the one that runs next.
        head: how many lines at most of a callback that runs next.
    """
    if stop.line is not None:
        first = max(stop.line.line - around, 1)
        lines = linecache.getlines(stop.line.file)[first - 1 : stop.line.line + around]
        return _numbered(lines, first)
    if stop.at is None or not stop.at.file:
        return []
    place = stop.at.defined_at or Location(stop.at.file, stop.at.line)
    rest = linecache.getlines(place.file)[place.line - 1 :]
    return _numbered(inspect.getblock(rest)[:head] if rest else [], place.line)


def notes(breakpoints: Breakpoints, asked: Breakpoint) -> Iterator[str]:
    """Which names of a breakpoint there are not, or not yet."""
    for what, near in breakpoints.unknown(asked).items():
        # There are too many names to list them all.
        told = near if near.startswith("Did") else ""
        name: str = getattr(asked, what)
        yield safe(f"Note: there is no {what} {name!r} so far. {told}".rstrip())


def _numbered(lines: list[str], first: int) -> Numbered:
    return list(enumerate((line.rstrip("\n") for line in lines), first))
