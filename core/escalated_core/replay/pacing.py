"""Whether new code is slower than old, told from several runs of both in turns."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Final

from escalated_core.analysis.timing import NOTICEABLE, NOTICEABLE_NS, quantile
from escalated_core.records import Pace

CHANCE: Final = 0.005
"""How likely so many pairs may be slower by chance alone to be believed: of eight, all of them."""


def pace(old_ns: Sequence[int], new_ns: Sequence[int]) -> Pace:
    """How two codes compare in runs that took turns: old, new, old, new.

    What the machine does besides comes and goes, but meets both runs of a pair alike: so it is
    counted in how many pairs the new one took longer. It is slower if these are more than chance
    gives (the sign test), and if its median is longer by a quarter and by 20 us.

    Args:
        old_ns: durations in nanoseconds, in the order they were taken.
        new_ns: as many, each taken right after its counterpart.

    Raises:
        ValueError: they are not as many, or none.
    """
    pairs = [*zip(old_ns, new_ns, strict=True)]
    if not pairs:
        raise ValueError("There is nothing to compare.")
    slower = sum(new > old for old, new in pairs)
    equal = sum(new == old for old, new in pairs)
    old, new = quantile(old_ns, 0.5), quantile(new_ns, 0.5)
    chance = chance_of(slower, len(pairs) - equal)
    noticeable = new - old >= NOTICEABLE_NS and new >= NOTICEABLE * old
    return Pace(
        old_ns=old,
        new_ns=new,
        slower_share=(slower + equal / 2) / len(pairs),
        pairs=len(pairs),
        chance=chance,
        is_slower=noticeable and chance < CHANCE,
    )


def chance_of(slower: int, pairs: int) -> float:
    """How likely at least so many of the pairs are slower if either is as likely, 0..1."""
    return sum(comb(pairs, count) for count in range(slower, pairs + 1)) / 2**pairs
