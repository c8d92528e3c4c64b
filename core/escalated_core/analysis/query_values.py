"""How the values of a query are read: each becomes a test, or is a `ValueError`."""

from __future__ import annotations

import logging
import operator
import re
from collections.abc import Callable
from datetime import date, datetime
from datetime import time as clock_time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from escalated_core.records import Change
from escalated_core.snapshots.paths import parts
from escalated_core.snapshots.pictures import same

Holds = Callable[[Any], bool]
"""Whether a value holds for what it is put to, a part of a firing."""


def glob(value: str) -> Holds:
    """`ticket_*`: any characters for `*`, any one for `?`, in either case."""
    pattern = re.escape(re.sub(r"\*+", "*", value)).replace(r"\*", ".*").replace(r"\?", ".")
    match = re.compile(pattern, re.IGNORECASE | re.DOTALL).fullmatch
    return lambda name: match(name) is not None


def contains(value: str) -> Holds:
    """Of texts: the value is a part of it, in either case."""
    needle = value.casefold()
    return lambda text: needle in text.casefold()


def choice(meanings: dict[str, Any]) -> Callable[[str], Holds]:
    """Reads one of the keys of `meanings`: equal to what it means."""

    def read(value: str) -> Holds:
        if value not in meanings:
            raise ValueError
        meaning = meanings[value]
        return lambda found: found == meaning

    return read


def number_range(value: str) -> Holds:
    """`12`, `10..20`, `10..` or `..20`; never None."""
    match = re.fullmatch(r"([0-9]{0,18})(?:(\.\.)([0-9]{0,18}))?", value)
    if match is None or not (match[1] or match[3]):
        raise ValueError
    low = int(match[1] or 0)
    high = int(match[3]) if match[3] else None if match[2] else low
    if high is None:
        return lambda number: number is not None and low <= number
    if high < low:
        raise ValueError
    return lambda number: number is not None and low <= number <= high


_COMPARISONS: Final = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_NANOSECONDS: Final = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9}


def duration(value: str) -> Holds:
    """Of nanoseconds: `>5ms`; no operator is at least, no unit is milliseconds."""
    match = re.fullmatch(r"([<>]=?)?([0-9]{1,12}(?:\.[0-9]{1,12})?)(ns|us|µs|ms|s)?", value)
    if match is None:
        raise ValueError
    compare = _COMPARISONS[match[1] or ">="]
    limit = int(Decimal(match[2]) * _NANOSECONDS[match[3] or "ms"])
    return lambda duration: compare(duration, limit)


def moment(compare: Callable[[float, float], bool]) -> Callable[[str], Holds]:
    """Reads `12:30`, on the day that it is now, or `-5m`: of pairs of a moment and now."""

    def read(value: str) -> Holds:
        limit = _before(value) or _today(value)
        return lambda pair: compare(pair[0], limit(pair[1]))

    return read


def _before(value: str) -> Callable[[float], float] | None:
    match = re.fullmatch(r"-([0-9]{1,9}(?:\.[0-9]{1,9})?)([smh])", value)
    if match is None:
        return None
    seconds = float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]
    return lambda now: now - seconds


def _today(value: str) -> Callable[[float], float]:
    match = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?", value)
    if match is None:
        raise ValueError
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    clock = clock_time(hour, minute, second, int((match[4] or "").ljust(6, "0")))

    @lru_cache(maxsize=4)
    def at(quarter: int) -> float:
        return datetime.combine(date.fromtimestamp(quarter * 900), clock).timestamp()

    # Days begin at quarters of an hour everywhere: a million rows do not ask the calendar.
    return lambda now: at(int(now // 900))


LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}


def level(value: str) -> Holds:
    """Of steps: one of its log lines has at least this level."""
    least = LEVELS.get(value)
    if least is None:
        raise ValueError
    return lambda step: any(_severity(line.level) >= least for line in step.logs)


def _severity(name: str) -> int:
    """The number of a level by its name; of one without a name, `Level 25`, what it says."""
    known = logging.getLevelNamesMapping().get(name)
    number = name.rpartition(" ")[2]
    return known if known is not None else int(number) if number.isdecimal() else 0


_PARTS = re.compile(r"\[([^]]+)]|([^][.]+)")


def path(value: str) -> Holds:
    """Of changes: `tags[0].name`, each part a glob, is what was changed, or has that below it."""
    # The quotes of `data["a.b"]` are gone here: they are the query's, too.
    pattern = [glob(one or other) for one, other in _PARTS.findall(value)]
    if not pattern or _PARTS.sub("", value).strip("."):
        raise ValueError
    return lambda change: _touches(change, pattern)


def _touches(change: Change, pattern: list[Holds]) -> bool:
    """Whether the change is at the path, below it, or above it and differs there."""
    if not change.path and len(pattern) == 1 and pattern[0]("value"):
        return True
    if not all(holds(str(part)) for holds, part in zip(pattern, change.path, strict=False)):
        return False
    rest = pattern[len(change.path) :]
    if not rest:
        return True
    before, after = _at(change.before, rest), _at(change.after, rest)
    return len(before) != len(after) or not all(map(same, before, after))


def _at(picture: Any, pattern: list[Holds]) -> list[Any]:
    """The values at a path below a picture; several where a part has a `*`."""
    found = [picture]
    for holds in pattern:
        found = [held for each in found for part, held in parts(each).items() if holds(str(part))]
    return found
