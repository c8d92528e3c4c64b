"""Whether code has become slower, told from runs that took turns."""

from __future__ import annotations

import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalated_core.replay.pacing import CHANCE, chance_of, pace

MS = 1_000_000

durations = st.lists(
    st.tuples(st.integers(1, 100 * MS), st.integers(1, 100 * MS)), min_size=1, max_size=40
)


def unzip(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [old for old, _ in pairs], [new for _, new in pairs]


@given(durations)
def test_never_both_ways(pairs: list[tuple[int, int]]) -> None:
    old, new = unzip(pairs)
    there, back = pace(old, new), pace(new, old)
    assert not (there.is_slower and back.is_slower)
    assert there.slower_share + back.slower_share == pytest.approx(1)
    assert (there.pairs, there.old_ns) == (len(pairs), back.new_ns)


@given(durations)
def test_the_same_code_is_not_slower(pairs: list[tuple[int, int]]) -> None:
    old, _ = unzip(pairs)
    assert not pace(old, old).is_slower
    assert pace(old, old).slower_share == 0.5


@given(durations)
def test_what_is_called_slower_is_so_in_all_three_respects(pairs: list[tuple[int, int]]) -> None:
    old, new = unzip(pairs)
    found = pace(old, new)
    if found.is_slower:
        assert found.chance < CHANCE
        assert found.new_ns >= 1.25 * found.old_ns
        assert found.new_ns - found.old_ns >= 20_000
        assert len(pairs) >= 8


@given(st.lists(st.integers(MS, 2 * MS), min_size=8, max_size=30), st.integers(0, 2**32))
def test_what_takes_twice_as_long_in_every_pair_is_slower(times: list[int], seed: int) -> None:
    # A machine that is slow for a while is so for both runs of a pair.
    load = random.Random(seed)
    loads = [load.choice((1, 1, 1, 4)) for _ in times]
    old = [each * factor for each, factor in zip(times, loads, strict=True)]
    new = [2 * each for each in old]
    found = pace(old, new)
    assert found.is_slower
    assert median(new) / 2 <= found.new_ns * 2


def test_chance_alone_is_seldom_believed() -> None:
    chance = random.Random(1)
    slower = 0
    for _ in range(2_000):
        old, new = ([chance.lognormvariate(13, 1) for _ in range(8)] for _ in range(2))
        slower += pace([int(each) for each in old], [int(each) for each in new]).is_slower
    assert slower <= 20


def test_little_is_not_noticed() -> None:
    assert not pace([1_000] * 20, [10_000] * 20).is_slower
    assert not pace([100 * MS] * 20, [110 * MS] * 20).is_slower
    assert not pace([MS] * 7, [3 * MS] * 7).is_slower


@pytest.mark.parametrize(("old", "new"), [([], []), ([1], []), ([1, 2], [1])])
def test_pairs_are_needed(old: list[int], new: list[int]) -> None:
    with pytest.raises(ValueError, match=r"nothing to compare|shorter"):
        pace(old, new)


def test_the_sign_test() -> None:
    assert chance_of(0, 0) == chance_of(0, 5) == 1
    assert chance_of(8, 8) == 1 / 256
    assert chance_of(9, 10) == 11 / 1024
