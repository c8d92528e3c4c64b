"""Firings that were run again, put together where they differ alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from escalated_core.records import Comparison, LeftOut

Judged = TypeVar("Judged", bound=Comparison | LeftOut)


def alike(judged: Iterable[Judged]) -> list[list[Judged]]:
    """Those that differ alike together, each lot where the first of it stood."""
    found: dict[tuple[object, ...], list[Judged]] = {}
    for each in judged:
        found.setdefault(each.likeness(), []).append(each)
    return [*found.values()]
