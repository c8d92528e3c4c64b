"""What became of a recorded firing that was run again, as HTML for a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from escalated_core.records import Comparison, Difference, Pace, Run
from escalated_workbench.notebook import cells
from escalated_workbench.notebook.sheet import facts, part, title
from escalated_workbench.notebook.tables import listed
from escalated_workbench.report.firings import firing_section
from escalated_workbench.report.markup import tag, text
from escalated_workbench.wording import counted, milliseconds


def _comparison(comparison: Comparison) -> str:
    firing = comparison.old.firing
    told = facts(
        cells.judged(comparison),
        text(firing.kind),
        _pace(comparison.pace) if comparison.pace is not None else "",
    )
    why = tag("p", text(comparison.why), class_="note") if comparison.why else ""
    found = listed(Difference, comparison.differences) if comparison.differences else ""
    said = (*comparison.notes, *comparison.uncontrolled)
    notes = "".join(tag("p", text(note), class_="quiet") for note in said)
    return title(f"#{firing.id} ", tag("bdi", text(firing.hook))) + told + why + found + notes


def _pace(pace: Pace) -> str:
    before, after = milliseconds(pace.old_ns), milliseconds(pace.new_ns)
    return text(f"{before} before, {after} now, in {counted(pace.pairs, 'pair')} of runs")


def _run(run: Run) -> str:
    nested = part("Caused", listed(type(run.firing), run.nested)) if run.nested else ""
    return firing_section(run.firing, linked=False) + nested


REPLAYS: dict[Any, Callable[[Any], str]] = {Comparison: _comparison, Pace: _pace, Run: _run}
"""By the class of what is shown."""
