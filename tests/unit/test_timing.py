"""Where the time of recorded firings went, and whether a callback became slower."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalated_core.analysis.timing import (
    ENOUGH,
    causing_step,
    chance_of,
    compare,
    compare_generations,
    quantile,
    sparkline,
    timings,
)
from escalated_core.records import Firing, Step

MS = 1_000_000
START = 1_800_000_000.0


def step(own_ns: int, plugin: str | None = "triage", **more: Any) -> Step:
    fields: dict[str, Any] = {
        "plugin": plugin,
        "callback": "run",
        "file": "/p/triage/plugin.py",
        "line": 4,
        "priority": 10,
        "outcome": "ok",
        "duration_ns": own_ns,
        "own_ns": own_ns,
        **more,
    }
    return Step(**fields)


def firing(number: int, *steps: Step, **more: Any) -> Firing:
    fields: dict[str, Any] = {
        "id": number,
        "hook": "created",
        "kind": "action",
        "cause": "workbench",
        "parent_id": None,
        "depth": 0,
        "thread": "plugins",
        "args": (),
        "kwargs": {},
        "steps": steps,
        "result": None,
        "started_at": START + number,
        "duration_ns": sum(each.duration_ns for each in steps),
        **more,
    }
    return Firing(**fields)


def fired(times: Iterable[int], **more: Any) -> list[Firing]:
    return [firing(number, step(time, **more)) for number, time in enumerate(times, 1)]


# --- timings


def test_callbacks_are_told_by_own_time():
    found = timings(
        [
            firing(1, step(3 * MS), step(MS, "billing", outcome="error")),
            firing(2, step(60 * MS), step(MS, None), step(9 * MS, outcome="skipped")),
        ]
    )
    assert [timing.key for timing in found] == [
        "created ← triage:run",
        "created ← billing:run",
        "created ← host:run",
    ]
    first, second, _ = found
    assert (first.plugin, first.callback, first.hook) == ("triage", "run", "created")
    assert (first.file, first.line) == ("/p/triage/plugin.py", 4)
    assert (first.count, first.errors, first.over) == (2, 0, 1)
    assert (first.own_ns, first.total_ns, first.max_ns) == (63 * MS, 63 * MS, 60 * MS)
    assert (first.p50_ns, first.p95_ns) == (3 * MS, 60 * MS)
    assert first.share == pytest.approx(63 / 65)
    assert (second.count, second.errors) == (1, 1)
    assert timings([]) == []


def test_the_budget_is_the_callers():
    (found,) = timings(fired([MS, 2 * MS, 3 * MS]), slow_ns=MS)
    assert found.over == 2


def test_nested_time_counts_once_in_a_total():
    outer = step(2 * MS, duration_ns=10 * MS)
    inner = step(8 * MS, callback="inner", at_ns=0)
    firings = [
        firing(1, outer),
        firing(2, inner, hook="nested", parent_id=1, cause="plugin:triage", depth=1),
    ]
    (plugin,) = timings(firings, by="plugin")
    assert (plugin.key, plugin.count, plugin.hook, plugin.callback) == ("triage", 2, "", "")
    assert (plugin.own_ns, plugin.total_ns) == (10 * MS, 10 * MS)
    assert [t.total_ns for t in timings(firings)] == [8 * MS, 10 * MS]
    assert [t.total_ns for t in timings(firings, by="hook")] == [8 * MS, 10 * MS]


def test_a_callback_that_fires_itself_counts_once_in_its_total():
    chain = [
        firing(
            n,
            step(MS, duration_ns=(5 - n) * MS),
            parent_id=n - 1 if n > 1 else None,
            started_at=START,
        )
        for n in range(1, 5)
    ]
    (found,) = timings(chain)
    assert (found.count, found.own_ns, found.total_ns) == (4, 4 * MS, 4 * MS)


def test_another_plugin_in_between_does_not_hide_the_first():
    firings = [
        firing(1, step(MS, duration_ns=3 * MS)),
        firing(2, step(MS, "billing", duration_ns=2 * MS), parent_id=1, started_at=START + 1),
        firing(3, step(MS), parent_id=2, started_at=START + 1),
    ]
    found = {timing.key: timing for timing in timings(firings, by="plugin")}
    assert found["triage"].total_ns == 3 * MS
    assert found["billing"].total_ns == 2 * MS


def test_a_hook_is_timed_by_firing():
    (hook,) = timings(
        [firing(1, step(MS), step(2 * MS, "billing")), firing(2, step(4 * MS)), firing(3)],
        by="hook",
    )
    assert (hook.key, hook.hook, hook.plugin, hook.count) == ("created", "created", None, 2)
    assert (hook.p50_ns, hook.max_ns, hook.share) == (3 * MS, 4 * MS, 1.0)


def test_callbacks_of_one_name_are_told_apart_and_found_again_after_a_save():
    before = [firing(1, step(MS, line=4), step(2 * MS, line=9))]
    after = [firing(2, step(MS, line=5, generation=2), step(2 * MS, line=11, generation=2))]
    second, first = timings(before + after)
    assert (first.key, first.count, first.line) == ("created ← triage:run", 2, 5)
    assert (second.key, second.count, second.line) == ("created ← triage:run #2", 2, 11)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 10**10), st.sampled_from(["a", "b", None])), max_size=4),
        max_size=12,
    ),
    st.sampled_from(["callback", "plugin", "hook"]),
)
def test_own_time_and_shares_add_up(runs: list[list[tuple[int, str | None]]], by: Any):
    firings = [
        firing(number, *(step(time, plugin) for time, plugin in run), hook=f"h{number % 3}")
        for number, run in enumerate(runs, 1)
    ]
    found = timings(firings, by)
    everything = sum(time for run in runs for time, _ in run)
    assert sum(timing.own_ns for timing in found) == everything
    assert sum(timing.share for timing in found) == pytest.approx(1.0 if everything else 0.0)
    for timing in found:
        assert timing.p50_ns <= timing.p95_ns <= timing.max_ns <= timing.own_ns


@given(st.lists(st.integers(0, 10**12), min_size=1), st.floats(0, 1))
def test_a_quantile_is_one_of_the_durations(durations: list[int], q: float):
    found = quantile(durations, q)
    assert found in durations
    assert sum(each <= found for each in durations) >= q * len(durations)


# --- which step caused a firing


def test_the_step_that_caused_a_firing():
    parent = firing(
        1,
        step(MS, at_ns=0),
        step(MS, "billing", at_ns=10 * MS),
        step(MS, at_ns=20 * MS),
        step(MS, "billing", at_ns=30 * MS),
    )

    def caused(milliseconds: float, cause: str = "workbench") -> int | None:
        child = firing(2, started_at=parent.started_at + milliseconds / 1e3, cause=cause)
        return causing_step(child, parent)

    assert [caused(at) for at in (0, 5, 15, 25, 99)] == [0, 0, 1, 2, 3]
    assert [caused(at, "plugin:billing") for at in (5, 15, 25, 99)] == [1, 1, 1, 3]
    assert caused(-1) == 0
    assert causing_step(parent, firing(1)) is None


# --- sparklines


def test_a_sparkline_has_the_median_of_each_stretch():
    firings = [
        firing(1, step(MS), started_at=START),
        firing(2, step(3 * MS), started_at=START + 0.1),
        firing(3, step(9 * MS), started_at=START + 0.2),
        firing(4, step(5 * MS), started_at=START + 3.9),
        firing(5, step(7 * MS, "billing"), started_at=START + 4),
    ]
    assert sparkline(firings, "created ← triage:run", buckets=4) == [3e6, None, None, 5e6]
    assert sparkline(firings, "billing", "plugin", buckets=4) == [None, None, None, 7e6]
    assert sparkline(firings, "unknown", buckets=2) == [None, None]
    assert sparkline([], "unknown", buckets=3) == [None, None, None]
    assert sparkline(firings[:1], "triage", "plugin", buckets=3) == [1e6, None, None]


# --- comparing


def noisy(source: random.Random, count: int, median_ns: float) -> list[int]:
    """Times as a machine with other work has them: skewed, drifting, with rare long ones."""
    drift = source.uniform(-0.05, 0.05)
    return [
        int(
            median_ns
            * source.lognormvariate(0, 0.3)
            * (1 + drift * n / count)
            * (source.uniform(5, 50) if source.random() < 0.03 else 1)
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [8, 15, 40, 300])
@pytest.mark.parametrize("median_ns", [2_000, 80_000, 5 * MS])
def test_noise_is_no_change(count: int, median_ns: int):
    for seed in range(2_000 // count):
        source = random.Random(f"{seed} {count} {median_ns}")
        before, after = noisy(source, count, median_ns), noisy(source, count, median_ns)
        (change,) = compare(fired(before), fired(after))
        assert change.verdict in ("same", "unsure")


@pytest.mark.parametrize(("count", "factor"), [(20, 4.0), (40, 2.0), (300, 1.5)])
def test_what_became_slower_is_seen(count: int, factor: float):
    for seed in range(10):
        source = random.Random(seed)
        quick, slow = noisy(source, count, MS), noisy(source, count, factor * MS)
        (change,) = compare(fired(quick), fired(slow))
        assert change.verdict == "slower"
        assert change.ratio is not None
        assert change.ratio > 1.2
        (change,) = compare(fired(slow), fired(quick))
        assert change.verdict == "faster"


def test_a_busy_while_is_no_change():
    calm, busy = [MS + n for n in range(40)], [3 * MS + n for n in range(80)]
    (change,) = compare(fired(calm * 2), fired(busy + calm))
    assert (change.verdict, change.ratio) == ("unsure", pytest.approx(3, rel=0.01))
    assert change.chance is not None
    assert change.chance < 1e-6


def test_few_samples_are_not_sure():
    few = ENOUGH - 1
    (change,) = compare(fired([MS] * 100), fired([9 * MS] * few))
    assert (change.verdict, change.ratio) == ("unsure", 9.0)
    (change,) = compare(fired([MS] * few), fired([MS] * few))
    assert change.verdict == "unsure"


def test_a_difference_that_nobody_notices_is_none():
    (small,) = compare(fired([10 * MS] * 50), fired([11 * MS] * 50))
    (short,) = compare(fired([1_000] * 50), fired([9_000] * 50))
    assert (small.verdict, short.verdict) == ("same", "same")


def test_one_side_only_is_unsure():
    change, other = compare(fired([MS] * 9), fired([MS] * 9, plugin="billing"))
    assert (change.key, change.before, change.verdict) == ("created ← billing:run", None, "unsure")
    assert (other.key, other.after, other.ratio) == ("created ← triage:run", None, None)


def test_steps_that_failed_are_not_compared():
    failed = fired([MS] * 20, outcome="error")
    (change,) = compare(failed, fired([9 * MS] * 20))
    assert (change.verdict, change.ratio) == ("unsure", None)
    assert change.before is not None
    assert change.before.errors == 20


def test_slower_ones_come_first():
    def run(*times: int) -> list[Firing]:
        return [
            firing(n, *(step(time, slug) for slug, time in zip("abc", times, strict=True)))
            for n in range(1, 21)
        ]

    changes = compare(run(MS, 9 * MS, MS), run(MS, MS, 9 * MS))
    assert [change.verdict for change in changes] == ["slower", "faster", "same"]


def test_generations_of_one_plugin_are_compared():
    old = [firing(n, step(MS, generation=1), step(MS, "billing")) for n in range(1, 21)]
    odd = [firing(n, step(90 * MS, generation=2, outcome="skipped")) for n in range(21, 41)]
    new = [
        firing(n, step(9 * MS, generation=4, line=8), step(9 * MS, "billing"))
        for n in range(41, 61)
    ]
    (change,) = compare_generations([*old, *odd, *new], "triage")
    assert (change.key, change.verdict) == ("created ← triage:run", "slower")
    assert change.before is not None
    assert change.after is not None
    assert (change.before.count, change.after.count, change.after.line) == (20, 20, 8)
    assert compare_generations(old, "triage") == []
    assert compare_generations([], "triage") == []


def test_the_chance_is_that_of_mann_and_whitney():
    # Two separate samples of ten; the exact value is 1.1e-5, the approximation is careful.
    assert chance_of(list(range(10)), list(range(10, 20))) == pytest.approx(1.8e-4, rel=0.05)
    assert chance_of([1, 2, 3], [1, 2, 3]) == 1.0
    assert chance_of([5] * 9, [5] * 9) == 1.0
    # 18 pairs of 25 in which the second is greater: z = (18 - 12.5 - 0.5) / sqrt(25 * 11 / 12).
    assert chance_of([1, 4, 6, 8, 10], [3, 7, 9, 11, 12]) == pytest.approx(0.296, abs=0.001)


@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=30),
    st.lists(st.integers(0, 20), min_size=1, max_size=30),
)
def test_the_chance_is_a_probability_and_blind_to_units(before: list[int], after: list[int]):
    chance = chance_of(before, after)
    assert 0 <= chance <= 1
    assert chance == pytest.approx(chance_of(after, before))
    assert chance == pytest.approx(chance_of([b**2 + 1 for b in before], [a**2 + 1 for a in after]))
