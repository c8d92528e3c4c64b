"""Durations and moments as stories write them: `+1d 2h`, `5 ms`, `2026-01-05 12:30`, `12:30`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from escalated_core.stories.story import At

_UNITS: Final = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(ms|[smhdw])", re.ASCII)
_DURATION: Final = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?\s*(?:ms|[smhdw])\s*)+", re.ASCII)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)

LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""A story ends before."""


def duration(text: str) -> timedelta | None:
    """`1d 2h`, `30m`, `1.5 s`, `5ms`; None if it is none, or longer than a century."""
    if not _DURATION.fullmatch(text.strip()):
        return None
    parts = _PART.findall(text)
    if sum(float(number) * _UNITS[unit].total_seconds() for number, unit in parts) > 3.2e9:
        return None
    return sum((float(number) * _UNITS[unit] for number, unit in parts), timedelta())


def moment(text: str) -> datetime | None:
    """`2026-01-05`, `2026-01-05 12:30`, with or without an offset; UTC if it says nothing."""
    try:
        found = datetime.fromisoformat(text.strip())
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if datetime(1990, 1, 1, tzinfo=UTC) <= found < LAST else None


def at(text: str) -> At | None:
    """When a step happens; None if it cannot be read."""
    text = text.strip()
    if text.startswith("+"):
        after = duration(text[1:].replace("+", " "))
        return None if after is None else At(after=after, text=text)
    if _CLOCK.fullmatch(text):
        return At(text=text)
    found = moment(text)
    return None if found is None else At(moment=found, text=text)


def reached(at: At, now: datetime) -> datetime:
    """The moment that is meant, seen from `now`; a time of the day is one of the same day."""
    if at.after is not None:
        return now + at.after
    if at.moment is not None:
        return at.moment
    clock = _CLOCK.fullmatch(at.text)
    if clock is None:
        return now
    hour, minute, second = (int(part or 0) for part in clock.groups())
    return now.replace(hour=hour, minute=minute, second=second, microsecond=0)


def spelt(length: timedelta) -> str:
    """A duration as it can be read again, in whole seconds: `1d 2h 5s`."""
    left, parts = int(length.total_seconds()), list[str]()
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
