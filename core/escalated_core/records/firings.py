"""What happened: firings and their steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from escalated_core.records.effects import Effect
from escalated_core.records.findings import ErrorRecord, Location, Snapshot

Kind = Literal["action", "filter"]
"""Of a hook."""
FiringKind = Literal["action", "filter", "event"]
"""An event is recorded like a firing: the firings it causes are inside of it."""
Outcome = Literal["ok", "error", "skipped", "interrupted"]
Profile = Literal["guide", "escalated-django"]
"""Which contract judges a plugin: that of the guide, or of the published package."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One logging record made while plugin code ran."""

    level: str
    logger: str
    message: str
    at: float
    file: str
    line: int
    thread: str = ""
    after: int = 0
    """How many characters of the output were written before it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two snapshots: `path` holds keys, indices and `id=` selectors."""

    kind: Literal["added", "removed", "changed"]
    path: tuple[str | int, ...]
    before: Snapshot = None
    after: Snapshot = None


@dataclass(frozen=True, slots=True)
class Call:
    """A database query or an HTTP request of a step; `at_ns` counts from the step's start."""

    kind: Literal["query", "http"]
    text: str
    at_ns: int
    duration_ns: int


@dataclass(frozen=True, slots=True)
class Step:
    """One callback's part in a firing."""

    plugin: str | None
    callback: str
    file: str
    line: int
    priority: float
    outcome: Outcome
    duration_ns: int
    before: Snapshot = None
    after: Snapshot = None
    changes: tuple[Change, ...] = ()
    touched: tuple[Change, ...] = ()
    """What it changed in place of the arguments after the value; of all of them for an action."""
    mutated: bool = False
    """Whether the value that came in was changed in place."""
    returned_none: bool = False
    """Whether a filter answered None for a value that was not None."""
    error: ErrorRecord | None = None
    output: str = ""
    logs: tuple[LogLine, ...] = ()
    dropped: int = 0
    """Characters of output and log lines that were over the cap."""
    surplus: int = 0
    """How many positional arguments the hook passed that the callback does not take."""
    generation: int = 0
    defined_at: Location | None = None
    at_ns: int = 0
    """When it began, counted from the start of the firing."""
    own_ns: int = 0
    """What of the duration was not spent in firings that the callback caused."""
    calls: tuple[Call, ...] = ()
    effects: tuple[Effect, ...] = ()
    """What it sent out of the process's memory, or would have."""
    note: str = ""
    """What somebody did in its place, or had be otherwise about it, if anything."""

    def __repr__(self) -> str:
        # What a line of a terminal holds: values can be of any size.
        owner = self.plugin or "host"
        return f"Step({owner} {self.callback}, {self.outcome}, {self.duration_ns / 1e6:.2f} ms)"


@dataclass(frozen=True, slots=True)
class Firing:
    """One dispatch of one hook."""

    id: int
    hook: str
    kind: FiringKind
    cause: str
    parent_id: int | None
    depth: int
    thread: str
    args: tuple[Snapshot, ...]
    kwargs: Snapshot
    steps: tuple[Step, ...]
    result: Snapshot
    started_at: float
    duration_ns: int
    profile: Profile = "guide"
    """What documents the hook, and with it the names of the arguments."""
    parent_step: int | None = None
    """In which step of its parent it was fired, from 0; None for one that has no parent."""

    def __repr__(self) -> str:
        steps = f"{len(self.steps)} step{'s' * (len(self.steps) != 1)}"
        took = f"{self.duration_ns / 1e6:.2f} ms"
        return f"Firing(#{self.id} {self.kind} {self.hook}, {self.outcome}, {steps}, {took})"

    @property
    def outcome(self) -> Outcome:
        """The worst outcome among the steps."""
        found = {step.outcome for step in self.steps}
        if "interrupted" in found:
            return "interrupted"
        return "error" if "error" in found else "ok"

    @property
    def error(self) -> ErrorRecord | None:
        """The first error among the steps."""
        return next((step.error for step in self.steps if step.error), None)

    @property
    def changed(self) -> bool:
        """Whether any step changed the value."""
        return any(step.changes or step.mutated or step.touched for step in self.steps)

    def row(self) -> Row:
        """The firing in one line of the timeline."""
        return Row(
            id=self.id,
            parent_id=self.parent_id,
            depth=self.depth,
            hook=self.hook,
            kind=self.kind,
            cause=self.cause,
            outcome=self.outcome,
            steps=len(self.steps),
            changed=self.changed,
            duration_ns=self.duration_ns,
            started_at=self.started_at,
            plugins=tuple(dict.fromkeys(step.plugin or "host" for step in self.steps)),
        )


class Row(NamedTuple):
    """A firing in one line of the timeline."""

    id: int
    parent_id: int | None
    depth: int
    hook: str
    kind: FiringKind
    cause: str
    outcome: Outcome
    steps: int
    changed: bool
    duration_ns: int
    started_at: float
    plugins: tuple[str, ...]
