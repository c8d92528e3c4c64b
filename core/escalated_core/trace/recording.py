"""A firing and its steps while they happen, and the records made of them when they are read.

What is kept here is cheap to write on the hot path; `record()` builds the immutable record, with
diffs computed at that time, so that output of threads that outlive a step is still seen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter_ns, time
from typing import Any, NamedTuple

from escalated_core.hooks.registration import Registration
from escalated_core.records import ErrorRecord, Firing, Kind, Outcome, Step
from escalated_core.scope import Scope
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.snapshot import same


class OpenStep(Scope):
    """A callback's part in a firing, being run or finished."""

    __slots__ = (
        "_on_given_up",
        "after",
        "before",
        "error",
        "mutated",
        "outcome",
        "registration",
        "returned_none",
        "surplus",
    )

    def __init__(
        self,
        registration: Registration,
        firing: OpenFiring,
        on_given_up: Callable[[OpenStep], None],
    ) -> None:
        super().__init__(registration.owner, registration.name, firing)
        self.registration = registration
        self.before: Any = None
        self.after: Any = None
        self.outcome: Outcome = "ok"
        self.error: ErrorRecord | None = None
        self.mutated = self.returned_none = False
        self.surplus = 0
        self._on_given_up = on_given_up

    def given_up(self) -> None:
        self._on_given_up(self)

    @property
    def changed(self) -> bool:
        return self.mutated or (self.before is not self.after and not same(self.before, self.after))

    def record(self) -> Step:
        registration, said = self.registration, self.said
        return Step(
            plugin=registration.slug,
            callback=registration.name,
            file=registration.file,
            line=registration.line,
            priority=registration.priority,
            outcome=self.outcome,
            duration_ns=self.duration_ns,
            before=self.before,
            after=self.after,
            changes=changes(self.before, self.after),
            mutated=self.mutated,
            returned_none=self.returned_none,
            error=self.error,
            output=said.output if said else "",
            logs=tuple(said.logs) if said else (),
            dropped=said.dropped if said else 0,
            surplus=self.surplus,
            generation=registration.owner.generation if registration.owner else 0,
            defined_at=registration.defined_at,
            at_ns=max(self.started_ns - self.firing.started_ns, 0),
            own_ns=max(self.own_ns, 0),
        )


class Row(NamedTuple):
    """A firing in one line of the timeline."""

    id: int
    parent_id: int | None
    depth: int
    hook: str
    kind: Kind
    cause: str
    outcome: Outcome
    steps: int
    changed: bool
    duration_ns: int
    started_at: float
    plugins: tuple[str, ...]


class OpenFiring:
    """One dispatch of one hook, under way or finished."""

    __slots__ = (
        "args",
        "cause",
        "depth",
        "duration_ns",
        "hook",
        "id",
        "kind",
        "kwargs",
        "parent",
        "result",
        "started_at",
        "started_ns",
        "steps",
        "thread",
    )

    def __init__(
        self, number: int, kind: Kind, hook: str, cause: str, parent: OpenFiring | None
    ) -> None:
        self.id = number
        self.kind: Kind = kind
        self.hook = hook
        self.cause = cause
        self.parent = parent
        self.depth = parent.depth + 1 if parent else 0
        self.thread = threading.current_thread().name
        self.args: tuple[Any, ...] = ()
        self.kwargs: Any = None
        self.steps: list[OpenStep] = []
        self.result: Any = None
        self.started_at = time()
        self.started_ns = perf_counter_ns()
        self.duration_ns = -1

    @property
    def finished(self) -> bool:
        return self.duration_ns >= 0

    def finish(self, result: Any) -> None:
        self.result = result
        self.duration_ns = perf_counter_ns() - self.started_ns

    @property
    def outcome(self) -> Outcome:
        outcomes = [step.outcome for step in self.steps]
        if "interrupted" in outcomes:
            return "interrupted"
        return "error" if "error" in outcomes else "ok"

    def row(self) -> Row:
        return Row(
            id=self.id,
            parent_id=self.parent.id if self.parent else None,
            depth=self.depth,
            hook=self.hook,
            kind=self.kind,
            cause=self.cause,
            outcome=self.outcome,
            steps=len(self.steps),
            changed=any(step.changed for step in self.steps),
            duration_ns=self.duration_ns,
            started_at=self.started_at,
            plugins=tuple(dict.fromkeys(s.registration.slug or "host" for s in self.steps)),
        )

    def record(self) -> Firing:
        return Firing(
            id=self.id,
            hook=self.hook,
            kind=self.kind,
            cause=self.cause,
            parent_id=self.parent.id if self.parent else None,
            depth=self.depth,
            thread=self.thread,
            args=self.args,
            kwargs=self.kwargs,
            steps=tuple(step.record() for step in self.steps),
            result=self.result,
            started_at=self.started_at,
            duration_ns=max(self.duration_ns, 0),
        )
