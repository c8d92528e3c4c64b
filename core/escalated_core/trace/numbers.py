"""The ids of firings: given out in the order they begin, to any thread, and never twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from operator import length_hint

_END = sys.maxsize


def firing_ids() -> Iterator[int]:
    """1, 2, 3, ..., with `begun` to tell how far it is, which `itertools.count` would not."""
    return iter(range(1, _END))


def begun(ids: Iterator[int]) -> int:
    """The id that was given out last; 0 before the first."""
    return _END - 1 - length_hint(ids)
