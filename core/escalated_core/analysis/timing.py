"""Where the time of recorded firings went, and whether a callback became slower.

Everything here is computed from records. A callback's *own* time is its duration without the
firings that it caused; quantiles, the greatest and what is over the budget are of own time, so
that a callback is never blamed for another. Steps that were skipped did not run and do not count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from escalated_core.records import Firing, Step

By = Literal["callback", "plugin", "hook"]
Verdict = Literal["slower", "faster", "same", "unsure"]

SLOW_NS = 50_000_000
"""The budget of a step when nobody says otherwise."""
ENOUGH = 8
"""Fewer successful steps than this on one side, and a comparison is not sure of anything."""
CHANCE = 0.001
"""How likely a difference may be by chance alone to be believed."""
NOTICEABLE = 1.25
"""The ratio of two medians from which on a difference is worth a word."""
NOTICEABLE_NS = 20_000
"""The difference of two medians from which on it is."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What one callback, plugin or hook cost.

    `count` and `over` are numbers of steps; of a hook, numbers of firings, whose time is the sum
    of their steps. `total_ns` counts time once, also where a callback fired itself.
    """

    key: str
    """`ticket_created ← triage:on_created`, a plugin's slug, `host`, or the name of a hook."""
    plugin: str | None
    callback: str
    hook: str
    file: str
    line: int
    count: int
    errors: int
    """How many raised or were interrupted."""
    total_ns: int
    own_ns: int
    p50_ns: int
    p95_ns: int
    max_ns: int
    share: float
    """Of the own time of everything, 0..1."""
    over: int
    """How many took longer than the budget."""


@dataclass(frozen=True, slots=True)
class TimingChange:
    """A callback before and after; a side without any step of it is None."""

    key: str
    before: Timing | None
    after: Timing | None
    verdict: Verdict
    ratio: float | None = None
    """The median own time of successful steps after, per that before."""
    chance: float | None = None
    """How likely so great a difference is if nothing changed, 0..1 (Mann-Whitney U)."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """A step, or all steps of one firing of a hook."""

    key: str
    steps: tuple[Step, ...]
    hook: str
    started_at: float
    outermost: bool
    """Whether it did not happen inside another one with the same key."""

    @property
    def own_ns(self) -> int:
        return sum(step.own_ns for step in self.steps)

    @property
    def total_ns(self) -> int:
        return sum(step.duration_ns for step in self.steps) if self.outermost else 0

    @property
    def ok(self) -> bool:
        return all(step.outcome == "ok" for step in self.steps)


def timings(firings: Iterable[Firing], by: By = "callback", slow_ns: int = SLOW_NS) -> list[Timing]:
    """What each callback, plugin or hook cost, the costliest first; events are not of plugins."""
    hooks = [firing for firing in firings if firing.kind != "event"]
    return _timed(_samples(hooks, by), by, slow_ns)


def quantile(durations: Sequence[int], q: float) -> int:
    """The nearest rank: the shortest of `durations` that a share `q` of them do not exceed.

    Always one of the durations, so a step that took this long can be found.
    """
    return sorted(durations)[max(math.ceil(q * len(durations)) - 1, 0)]


def sparkline(
    firings: Iterable[Firing], key: str, by: By = "callback", buckets: int = 24
) -> list[float | None]:
    """The median own time of `key`, in nanoseconds, in each of equal stretches of time.

    The stretches cover all of the firings, whatever their key, so that the lines of several keys
    stand below each other; None where `key` did not run.
    """
    given = list(firings)
    if not given:
        return [None] * buckets
    first = min(firing.started_at for firing in given)
    last = max(firing.started_at for firing in given)
    stretch = (last - first) / buckets
    times: list[list[int]] = [[] for _ in range(buckets)]
    for sample in _samples(given, by):
        if sample.key == key:
            index = int((sample.started_at - first) / stretch) if stretch else 0
            times[min(index, buckets - 1)].append(sample.own_ns)
    return [float(quantile(each, 0.5)) if each else None for each in times]


def compare(before: Iterable[Firing], after: Iterable[Firing]) -> list[TimingChange]:
    """Which callbacks became slower or faster between two runs; slower ones first.

    A difference counts if the medians differ by a quarter and by 20 us, if the own times of
    successful steps would differ so much by chance less than once in a thousand comparisons, and
    if each third of them on one side differs from each on the other.
    `unsure` where there are fewer than eight of them on one side, or where the medians differ
    but not beyond doubt.
    """
    return _compared(_samples(list(before), "callback"), _samples(list(after), "callback"))


def compare_generations(firings: Iterable[Firing], slug: str) -> list[TimingChange]:
    """`compare` the newest generation of a plugin that ran with the one that ran before it.

    Empty when only one generation of it is among the firings.
    """
    samples = [s for s in _samples(list(firings), "callback") if s.steps[0].plugin == slug]
    ran = sorted({sample.steps[0].generation for sample in samples})
    if len(ran) < 2:
        return []
    old, new = ([s for s in samples if s.steps[0].generation == n] for n in ran[-2:])
    return _compared(old, new)


def causing_step(firing: Firing, parent: Firing) -> int | None:
    """The index of the step of `parent` that caused `firing`; None if it has no steps.

    Older sessions do not say: then it is the last that had begun by then, of the plugin that the
    cause names.
    """
    if firing.parent_step is not None:
        return firing.parent_step if firing.parent_step < len(parent.steps) else None
    since = (firing.started_at - parent.started_at) * 1e9
    indices = range(len(parent.steps))
    named = [i for i in indices if firing.cause == f"plugin:{parent.steps[i].plugin}"]
    found = named or list(indices)
    begun = [i for i in found if parent.steps[i].at_ns <= since]
    return begun[-1] if begun else next(iter(found), None)


def _samples(firings: list[Firing], by: By) -> list[_Sample]:
    by_id = {firing.id: firing for firing in firings}
    name = _namer(firings, by)
    inside: dict[int, frozenset[str]] = {}
    samples: list[_Sample] = []
    # A firing has a greater number than the one that it is nested in, so that one comes first.
    for firing in sorted(firings, key=lambda firing: firing.id):
        around: frozenset[str] = frozenset()
        parent = by_id.get(firing.parent_id) if firing.parent_id is not None else None
        index = causing_step(firing, parent) if parent else None
        if parent is not None and index is not None:
            around = inside.get(parent.id, around) | {name(parent.hook, parent.steps[index])}
        inside[firing.id] = around
        ran = [step for step in firing.steps if step.outcome != "skipped"]
        for steps in [tuple(ran)] if by == "hook" and ran else [(step,) for step in ran]:
            key = name(firing.hook, steps[0])
            samples.append(
                _Sample(key, steps, firing.hook, firing.started_at, outermost=key not in around)
            )
    return samples


def _namer(firings: Iterable[Firing], by: By) -> Callable[[str, Step], str]:
    """What gives the key of a step on a hook."""
    if by == "hook":
        return lambda hook, _: hook
    if by == "plugin":
        return lambda _, step: step.plugin or "host"
    lines: dict[tuple[object, ...], set[tuple[str, int]]] = {}
    for firing in firings:
        for step in firing.steps:
            lines.setdefault(_alike(firing.hook, step), set()).add((step.file, step.line))
    places = {alike: sorted(found) for alike, found in lines.items()}

    def name(hook: str, step: Step) -> str:
        """Callbacks of one name are numbered by line, as lines move from save to save."""
        number = places[_alike(hook, step)].index((step.file, step.line)) + 1
        twin = f" #{number}" if number > 1 else ""
        return f"{hook} ← {step.plugin or 'host'}:{step.callback}{twin}"

    return name


def _alike(hook: str, step: Step) -> tuple[object, ...]:
    return hook, step.plugin, step.callback, step.generation


def _grouped(samples: Iterable[_Sample]) -> dict[str, list[_Sample]]:
    groups: dict[str, list[_Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.key, []).append(sample)
    return groups


def _timed(samples: list[_Sample], by: By, slow_ns: int) -> list[Timing]:
    everything = sum(sample.own_ns for sample in samples)
    found = [_timing(group, by, slow_ns, everything) for group in _grouped(samples).values()]
    return sorted(found, key=lambda timing: (-timing.own_ns, timing.key))


def _timing(group: list[_Sample], by: By, slow_ns: int, everything: int) -> Timing:
    own = [sample.own_ns for sample in group]
    latest = group[-1]
    step = latest.steps[0]
    one = by == "callback"
    return Timing(
        key=latest.key,
        plugin=step.plugin if by != "hook" else None,
        callback=step.callback if one else "",
        hook=latest.hook if by != "plugin" else "",
        file=step.file if one else "",
        line=step.line if one else 0,
        count=len(group),
        errors=sum(not sample.ok for sample in group),
        total_ns=sum(sample.total_ns for sample in group),
        own_ns=sum(own),
        p50_ns=quantile(own, 0.5),
        p95_ns=quantile(own, 0.95),
        max_ns=max(own),
        share=sum(own) / everything if everything else 0.0,
        over=sum(time > slow_ns for time in own),
    )


def _compared(before: list[_Sample], after: list[_Sample]) -> list[TimingChange]:
    old, new = _grouped(before), _grouped(after)
    timed_old = {timing.key: timing for timing in _timed(before, "callback", SLOW_NS)}
    timed_new = {timing.key: timing for timing in _timed(after, "callback", SLOW_NS)}
    changes = [
        _change(
            TimingChange(key, timed_old.get(key), timed_new.get(key), "unsure"),
            [sample.own_ns for sample in old.get(key, ()) if sample.ok],
            [sample.own_ns for sample in new.get(key, ()) if sample.ok],
        )
        for key in dict.fromkeys((*new, *old))
    ]
    order: list[Verdict] = ["slower", "faster", "unsure", "same"]
    return sorted(changes, key=lambda change: (order.index(change.verdict), change.key))


def _change(change: TimingChange, before: list[int], after: list[int]) -> TimingChange:
    """The verdict on two lists of own times."""
    if not before or not after:
        return change
    old, new = quantile(before, 0.5), quantile(after, 0.5)
    chance = chance_of(before, after)
    ratio = new / old if old else None
    verdict: Verdict = "slower" if new > old else "faster"
    if min(len(before), len(after)) < ENOUGH:
        verdict = "unsure"
    elif abs(new - old) < NOTICEABLE_NS or max(new, old) < NOTICEABLE * min(new, old):
        verdict = "same"
    elif chance >= CHANCE or not _throughout(before, after):
        verdict = "unsure"
    return replace(change, verdict=verdict, ratio=ratio, chance=chance)


def _throughout(before: list[int], after: list[int]) -> bool:
    """Whether times in order differ in the same direction at the beginning, middle and end.

    What else the machine does comes and goes, and would make any number of samples differ.
    """
    old, new = (
        [quantile(times[len(times) * n // 3 : len(times) * (n + 1) // 3], 0.5) for n in range(3)]
        for times in (before, after)
    )
    return max(old) < min(new) or max(new) < min(old)


def chance_of(before: Sequence[int], after: Sequence[int]) -> float:
    """How likely two samples differ this much, either way, if they come from the same source.

    The Mann-Whitney U test: it looks at the order of the values only, so outliers and skewed
    times do no harm. Normal approximation, corrected for ties and continuity; both are not empty.
    """
    n, m = len(before), len(after)
    values = sorted([(value, False) for value in before] + [(value, True) for value in after])
    ranks_after, ties, rank = 0.0, 0, 0
    for _, group in groupby(values, key=lambda pair: pair[0]):
        sides = [is_after for _, is_after in group]
        ranks_after += sum(sides) * (rank + (len(sides) + 1) / 2)
        ties += len(sides) ** 3 - len(sides)
        rank += len(sides)
    u = ranks_after - m * (m + 1) / 2
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    if variance <= 0:
        return 1.0
    z = max(abs(u - n * m / 2) - 0.5, 0) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))
