"""What a view of the timing shows, computed from firings at hand, away from any front end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from escalated_core.analysis import timing
from escalated_core.analysis.query import Query, Term
from escalated_core.analysis.timing import By, Timing, TimingChange
from escalated_core.records import Firing, Plugin
from escalated_core.sessions.session import read
from escalated_workbench.saving import Tell, telling

Order = Literal["own", "p95", "max", "count"]

BYS: tuple[By, ...] = get_args(By)
ORDERS: tuple[Order, ...] = get_args(Order)
BUDGETS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""The budgets of a step to choose from."""
BUCKETS = 10
"""Stretches of time that a sparkline tells apart."""
BARS = "▁▂▃▄▅▆▇█"
HEAVY_NS = 20_000_000
"""From here on the import of a module is worth the guide's hint."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What something cost, and its median own time over the session, None where it did not run."""

    timing: Timing
    line: tuple[float | None, ...]


def measured(firings: Sequence[Firing], by: By, slow_ns: int) -> list[Measured]:
    """What each callback, plugin or hook cost, the costliest first."""
    if not firings:
        return []
    ends = [
        min(firings, key=lambda firing: firing.started_at),
        max(firings, key=lambda firing: firing.started_at),
    ]
    groups: dict[object, list[Firing]] = {}
    for firing in firings:
        for group in dict.fromkeys(_groups(firing, by)):
            groups.setdefault(group, []).append(firing)
    found: list[Measured] = []
    for each in timing.timings(firings, by, slow_ns):
        group = groups[_group(by, each.hook, each.plugin, each.callback)]
        # The first and the last of all make every line as long as the session.
        missing = [end for end in ends if all(end is not one for one in group)]
        line = timing.sparkline([*group, *missing], each.key, by, BUCKETS)
        found.append(Measured(each, tuple(line)))
    return found


def in_order(found: Iterable[Measured], order: Order) -> list[Measured]:
    """The costliest first, by own time, a quantile, the greatest or the number."""

    def cost(each: Measured) -> int:
        costs = {
            "own": each.timing.own_ns,
            "p95": each.timing.p95_ns,
            "max": each.timing.max_ns,
            "count": each.timing.count,
        }
        return -costs[order]

    return sorted(found, key=cost)


def since_reload(firings: Sequence[Firing]) -> dict[str, list[TimingChange]]:
    """By plugin: how its two newest generations that ran compare; without those of one only."""
    generations: dict[str, set[int]] = {}
    for firing in firings:
        for step in firing.steps:
            if step.plugin is not None:
                generations.setdefault(step.plugin, set()).add(step.generation)
    return {
        slug: timing.compare_generations(firings, slug)
        for slug, ran in sorted(generations.items())
        if len(ran) > 1
    }


def since_session(path: str, firings: Iterable[Firing], tell: Tell) -> list[TimingChange]:
    """How another run, in a session file, compares with this one.

    Raises:
        UsageError: the file cannot be read, or is no session.
    """
    with read(path) as before:
        return timing.compare(telling(before, tell), firings)


def following(by: By) -> By:
    """What comes after it in the round."""
    return BYS[(BYS.index(by) + 1) % len(BYS)]


def following_order(order: Order) -> Order:
    """What comes after it in the round."""
    return ORDERS[(ORDERS.index(order) + 1) % len(ORDERS)]


def query_for(by: By, timing: Timing) -> str:
    """The query that finds the firings of a line."""
    hook, plugin = Term("hook", (timing.hook,)), Term("plugin", (timing.plugin or "host",))
    terms = {
        "hook": (hook,),
        "plugin": (plugin,),
        "callback": (Term("callback", (timing.callback,)), hook, plugin),
    }
    return str(Query(terms[by]))


def spark(line: Iterable[float | None]) -> str:
    """The line as bars, the highest for its greatest value; a blank where nothing ran."""
    values = list(line)
    greatest = max((value for value in values if value is not None), default=0) or 1
    top = len(BARS) - 1
    return "".join(
        " " if value is None else BARS[round(value / greatest * top)] for value in values
    )


def bar(share: float, width: int) -> str:
    """A share of 0..1 as a bar of at most `width` columns; what is not nothing is seen."""
    eighths = max(round(share * width * 8), 1 if share else 0)
    rest = " ▏▎▍▌▋▊▉"[eighths % 8].strip()
    return "█" * (eighths // 8) + rest


def importing(plugins: Iterable[Plugin]) -> list[Plugin]:
    """The plugins that were loaded, the slowest to load first."""
    return sorted((p for p in plugins if p.load_ns), key=lambda plugin: -plugin.load_ns)


def is_heavy(plugin: Plugin) -> bool:
    """Whether an import of a plugin is worth being put off until it is needed."""
    return any(each.duration_ns >= HEAVY_NS for each in plugin.imports)


def next_budget(slow_ns: int, direction: int) -> int:
    """The next greater (1) or smaller (-1) budget, in nanoseconds; the same at an end."""
    budgets = [ms * 1_000_000 for ms in BUDGETS_MS]
    further = [each for each in budgets if (each - slow_ns) * direction > 0]
    return min(further, key=lambda each: abs(each - slow_ns), default=slow_ns)


def _groups(firing: Firing, by: By) -> Iterable[object]:
    return (_group(by, firing.hook, step.plugin, step.callback) for step in firing.steps)


def _group(by: By, hook: str, plugin: str | None, callback: str) -> object:
    """What the firings that a line is about have in common."""
    if by == "hook":
        return hook
    return plugin if by == "plugin" else (hook, plugin, callback)
