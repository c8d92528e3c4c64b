"""The records that are made of firings when they are read: diffs are computed then, not before.

So output of threads that outlive a step is still seen.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from time import perf_counter_ns
from typing import Any, Literal, cast

from escalated_core.hooks.registration import Registration
from escalated_core.records import Call, Change, Firing, FiringKind, Row, Step
from escalated_core.sink import Sink
from escalated_core.snapshots.diff import changes
from escalated_core.trace.recording import ORDINARY, OpenFiring


def row_of(firing: OpenFiring) -> Row:
    """The firing in one line of the timeline."""
    # By position, as this runs for every firing that is shown.
    return Row(
        firing.id,
        firing.parent_id,
        firing.depth,
        firing.hook,
        firing.kind,
        firing.cause,
        firing.outcome,
        len(firing.ran),
        _has_changed(firing),
        firing.took_ns,
        firing.started_at,
        _plugins(firing.ran),
    )


def _has_changed(firing: OpenFiring) -> bool:
    pictures = firing.pictures
    if not firing.noted and len(pictures) < 2:
        return False
    return any(a is not b for a, b in pairwise(pictures)) or any(
        notes.mutated or notes.arguments for notes in [*firing.noted.values()]
    )


@lru_cache(maxsize=256)
def _plugins(ran: tuple[Registration, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(registration.slug or "host" for registration in ran))


def record_of(firing: OpenFiring) -> Firing:
    """The record of a firing as it is by now."""
    return Firing(
        id=firing.id,
        hook=firing.hook,
        kind=firing.kind,
        cause=firing.cause,
        parent_id=firing.parent_id,
        depth=firing.depth,
        thread=firing.thread,
        args=firing.args,
        kwargs=firing.kwargs,
        steps=tuple(step_of(firing, index) for index in range(len(firing.ran))),
        result=firing.pictures[-1] if firing.pictures else None,
        started_at=firing.started_at,
        duration_ns=max(firing.took_ns, 0),
        profile=firing.profile,
        parent_step=firing.parent_step,
    )


def step_of(firing: OpenFiring, index: int) -> Step:
    """The record of one step."""
    registration, notes = firing.ran[index], firing.noted.get(index, ORDINARY)
    began, ended = (*firing.moments[1 + 2 * index : 3 + 2 * index], 0, 0)[:2]
    duration = max((ended or perf_counter_ns()) - began, 0) if began else 0
    # A step that is under way, or whose values are not recorded, has no picture of its own.
    newest = firing.pictures[-1] if firing.pictures else None
    before, after = (*firing.pictures[index : index + 2], newest, newest)[:2]
    said = notes.sink
    return Step(
        plugin=registration.slug,
        callback=registration.name,
        file=registration.file,
        line=registration.line,
        priority=registration.priority,
        outcome=notes.outcome,
        duration_ns=duration,
        before=before,
        after=after,
        changes=changes(before, after),
        touched=_touched(firing.kind, *notes.arguments) if notes.arguments else (),
        mutated=notes.mutated,
        returned_none=notes.returned_none,
        error=notes.error,
        output=said.output if said else "",
        logs=tuple(said.logs) if said else (),
        dropped=said.dropped if said else 0,
        surplus=notes.surplus,
        generation=registration.owner.generation if registration.owner else 0,
        defined_at=registration.defined_at,
        at_ns=max(began - firing.moments[0], 0),
        own_ns=max(duration - notes.nested_ns, 0),
        calls=_calls(said, began),
        effects=tuple([effect.record() for effect in said.effects]) if said else (),
        note=registration.note,
    )


def _touched(kind: FiringKind, before: Any, after: Any) -> tuple[Change, ...]:
    """Changes inside arguments; paths begin with the argument's position."""
    first = 1 if kind == "filter" else 0
    return tuple(
        replace(change, path=(position, *change.path))
        for position, (one, other) in enumerate(zip(before, after, strict=True), first)
        for change in changes(one, other)
    )


def _calls(said: Sink | None, began: int) -> tuple[Call, ...]:
    return tuple(
        Call(cast("Literal['query', 'http']", kind), text, max(at - began, 0), end - at)
        for kind, text, at, end in (said.calls if said else ())
    )
