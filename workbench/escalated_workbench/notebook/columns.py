"""The columns of a table of records, by kind of record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from escalated_core.analysis.blame import Pair
from escalated_core.analysis.moments import Link, Stand
from escalated_core.analysis.rows import PastRow
from escalated_core.analysis.timing import Timing, TimingChange
from escalated_core.plugins.ui import UiItem
from escalated_core.records import (
    Call,
    Callback,
    Difference,
    Effect,
    Event,
    Finding,
    Firing,
    Hook,
    Import,
    LogLine,
    Parameter,
    Plugin,
    Rehearsed,
    Reload,
    Standing,
    Trial,
    Turnover,
    WhatIf,
)
from escalated_core.stories.result import StepResult
from escalated_workbench.notebook import cells, moment_cells


class Column(NamedTuple):
    """A column: what it is called, the HTML of a cell, and the class of its cells."""

    title: str
    cell: Callable[[Any], str]
    kind: str | None = None


COLUMNS: dict[Any, tuple[Column, ...]] = {
    Firing: (
        Column("#", cells.number("id"), "id"),
        Column("Hook", cells.fired),
        Column("Kind", cells.named("kind")),
        Column("Outcome", cells.went),
        Column("Steps", cells.length("steps"), "number"),
        Column("Plugins", cells.owners),
        Column("ms", cells.ms("duration_ns"), "number"),
    ),
    Plugin: (
        Column("Plugin", cells.named("slug"), "strong"),
        Column("Version", cells.named("version")),
        Column("Status", cells.status),
        Column("From", cells.named("source")),
        Column("Loads", cells.number("generation"), "number"),
        Column("ms", cells.loaded, "number"),
        Column("Problems", cells.problems),
    ),
    Hook: (
        Column("Hook", cells.hook),
        Column("Kind", cells.named("kind")),
        Column("Callbacks, in their order", cells.listeners, "short"),
    ),
    Callback: (
        Column("Callback", cells.owned),
        Column("Registered at", cells.line),
    ),
    Finding: (
        Column("Severity", cells.severity),
        Column("What, and the cure", cells.said),
        Column("Where, and its code", cells.found_at, "short"),
    ),
    Reload: (
        Column("#", cells.number("number"), "id"),
        Column("At", cells.clock),
        Column("Plugin", cells.named("plugin"), "strong"),
        Column("Because of", cells.because),
        Column("Added and removed", cells.reloaded),
        Column("ms", cells.ms("duration_ns"), "number"),
    ),
    Timing: (
        Column("What", cells.subject),
        Column("Runs", cells.number("count"), "number"),
        Column("Failed", cells.number("errors"), "number"),
        Column("p50 ms", cells.ms("p50_ns"), "number"),
        Column("p95 ms", cells.ms("p95_ns"), "number"),
        Column("Max ms", cells.ms("max_ns"), "number"),
        Column("Own ms", cells.ms("own_ns"), "number"),
        Column("Share", cells.share, "number"),
    ),
    TimingChange: (
        Column("Callback", cells.named("key")),
        Column("Before ms", cells.side("before"), "number"),
        Column("After ms", cells.side("after"), "number"),
        Column("Ratio", cells.ratio, "number"),
        Column("Verdict", cells.verdict),
    ),
    Pair: (
        Column("Callback", cells.named("callback")),
        Column("Plugin", cells.owner),
        Column("Is", cells.named("status")),
        Column("What differs", cells.differs),
    ),
    Difference: (
        Column("Verdict", cells.judged),
        Column("Where", cells.where_differs),
        Column("Plugin", cells.owner),
        Column("Follows", cells.follows),
        Column("What differs", cells.came_out),
    ),
    LogLine: (
        Column("Level", cells.named("level")),
        Column("Logger", cells.named("logger")),
        Column("Message", cells.named("message")),
        Column("Where", cells.line),
    ),
    Call: (
        Column("Kind", cells.named("kind")),
        Column("Call", cells.code("text")),
        Column("At ms", cells.ms("at_ns"), "number"),
        Column("ms", cells.ms("duration_ns"), "number"),
    ),
    Effect: (
        Column("At", cells.clock),
        Column("Kind", cells.named("kind")),
        Column("To", cells.code("target")),
        Column("Plugin", cells.owner),
        Column("Became", cells.answered, "short"),
        Column("ms", cells.ms("duration_ns"), "number"),
    ),
    Rehearsed: (
        Column("Hook", cells.named("hook"), "strong"),
        Column("Kind", cells.named("kind")),
        Column("Would get", cells.passed),
        Column("Would be called", cells.listeners, "short"),
    ),
    Import: (
        Column("Module", cells.named("name")),
        Column("ms", cells.ms("duration_ns"), "number"),
        Column("Own ms", cells.ms("own_ns"), "number"),
    ),
    StepResult: (
        Column("#", cells.number("number"), "id"),
        Column("Step", cells.named("name"), "strong"),
        Column("Status", cells.step_status),
        Column("Fired", cells.length("firings"), "number"),
        Column("As expected", cells.met, "number"),
        Column("ms", cells.ms("duration_ns"), "number"),
    ),
    UiItem: (
        Column("Item", cells.named("label"), "strong"),
        Column("Kind", cells.named("kind")),
        Column("Where", cells.where),
        Column("Plugin", cells.owner),
        Column("Priority", cells.number("priority"), "number"),
        Column("Registered at", cells.at("place")),
    ),
    Event: (
        Column("Event", cells.named("name"), "strong"),
        Column("What happens", cells.named("title")),
        Column("Takes", cells.takes),
        Column("Fires", cells.causes),
    ),
    Standing: (
        Column("Plugin", cells.named("slug"), "strong"),
        Column("Version", cells.named("version")),
        Column("Status", cells.status),
        Column("Loads", cells.number("generation"), "number"),
    ),
    Stand: (
        Column("Plugin", cells.named("slug"), "strong"),
        Column("Then", moment_cells.stood("then")),
        Column("Now", moment_cells.stood("now")),
    ),
    Link: (
        Column("Callback", moment_cells.linked),
        Column("What became of it", moment_cells.fate),
    ),
    PastRow: (
        Column("Row", moment_cells.rowed, "strong"),
        Column("As seen in", cells.named("seen")),
        Column("Fields", moment_cells.pictured("fields")),
    ),
    Turnover: (
        Column("#", cells.number("number"), "id"),
        Column("At", cells.clock),
        Column("After", moment_cells.after),
        Column("Came", cells.length("came"), "number"),
        Column("Went", cells.length("went"), "number"),
        Column("Plugins", moment_cells.standings, "short"),
    ),
    WhatIf: (
        Column("#", cells.number("number"), "id"),
        Column("What if", cells.said_of_it, "strong"),
        Column("Callbacks", cells.number("matches"), "number"),
    ),
    Trial: (
        Column("Way", cells.way, "strong"),
        Column("Who does something else", cells.affected, "short"),
        Column("What differs", cells.ends),
    ),
    Parameter: (
        Column("Parameter", cells.code("name")),
        Column("Type", cells.named("type")),
        Column("What it is", cells.named("description")),
    ),
}
"""By kind of record."""
