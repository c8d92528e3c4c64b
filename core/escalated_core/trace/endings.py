"""How steps end that do not return: what is recorded of what they raised or were stopped by."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import CoroutineType
from typing import Any, cast

from escalated_core.errors import Abandoned, Interrupted, NestedTooDeep, Skipped, Unwind
from escalated_core.hooks.registration import Registration
from escalated_core.records import ErrorRecord, Frame
from escalated_core.scope import Scope
from escalated_core.snapshots.static import kind_of, type_name
from escalated_core.trace.nesting import check_stack
from escalated_core.trace.readout import step_of
from escalated_core.trace.recording import OpenFiring
from escalated_core.trace.tracebacks import error_record, source_around, traceback_text

logger = logging.getLogger("escalated.hooks")


def record_error(firing: OpenFiring, error: BaseException) -> None:
    """Record what ended the callback; raises again what is meant for a callback further out."""
    # Not isinstance: a plugin's exception may answer that with code of its own.
    if issubclass(kind_of(error), Unwind):
        _unwound(firing, cast("Unwind", error))
    else:
        check_stack(firing, error)
        _failed(firing, _described(firing, error))


def _unwound(firing: OpenFiring, unwind: Unwind) -> None:
    """End a step from outside: here if it is the one meant, else further out."""
    notes = firing.notes()
    if isinstance(unwind, Skipped):
        notes.outcome = "skipped"
        return
    notes.outcome = "interrupted"
    if isinstance(unwind, NestedTooDeep) and unwind.firing_id == firing.id:
        _failed(firing, replace(error_record(unwind), type=type(unwind).__name__))
    elif isinstance(unwind, Interrupted) and firing.armed:
        seconds = step_of(firing, len(firing.ran) - 1).own_ns / 1e9
        notes.error = interrupted(firing.ran[-1], f"was stopped after {seconds:.1f} s", unwind)
    else:
        raise unwind
    if firing.abandoned:
        raise Abandoned from unwind


def _described(firing: OpenFiring, error: BaseException) -> ErrorRecord:
    """Picture an error; in a scope, as its `__str__` may be a plugin's and never end."""
    owner = firing.ran[-1].owner
    scope = Scope(owner, f"the text of what {firing.doing} raised", firing)
    try:
        return scope.run(error_record, error, outside=owner is None)
    except Interrupted:
        return ErrorRecord(type_name(kind_of(error)), "(its text never came to an end)")


def _failed(firing: OpenFiring, record: ErrorRecord) -> None:
    registration, notes = firing.ran[-1], firing.notes()
    if not record.frames and registration.blamed.file:
        record = replace(record, frames=(_blamed_frame(registration),))
    notes.outcome = "error"
    notes.error = record
    logger.error(
        "%s %r: callback %s of %s (priority %s%s) raised %s",
        registration.kind.capitalize(),
        registration.hook,
        registration.name,
        registration.slug or "the host",
        registration.priority,
        f", {registration.file}:{registration.line}" if registration.file else "",
        traceback_text(record),
    )


def settle(firing: OpenFiring) -> None:
    """Take back an interruption that comes late; what it raises until then says nothing new."""
    while firing.armed:
        try:
            firing.settle()
            return
        except Interrupted:
            continue


def refusal(registration: Registration, answer: Any) -> TypeError:
    """Why nobody awaits what an `async def` callback answers; closes it."""
    if type(answer) is CoroutineType:
        answer.close()
    return TypeError(
        f"{registration.name} is an async function: Escalated does not await "
        "callbacks, so its body never ran. Make it a plain function."
    )


def given_up(firing: OpenFiring, innermost: Scope) -> bool:
    """Note that the newest step was given up; returns whether it is what was stuck.

    Args:
        innermost: the scope whose code was stuck.
    """
    if len(firing.moments) % 2:  # what is stuck runs between two steps
        return False
    is_stuck = innermost.firing is firing and innermost.owner is firing.owner
    stuck = "was given up: it was stuck outside Python"
    how = stuck if is_stuck else f"ended with {innermost.doing}"
    notes = firing.notes()
    notes.outcome = "interrupted"
    notes.error = interrupted(firing.ran[-1], how)
    return is_stuck


def interrupted(registration: Registration, how: str, error: Unwind | None = None) -> ErrorRecord:
    frames = error_record(error).frames if error else (_blamed_frame(registration),)
    return ErrorRecord("Interrupted", f"{registration.name} {how}", frames)


def _blamed_frame(registration: Registration) -> Frame:
    place = registration.blamed
    return Frame(place.file, place.line, registration.name, source_around(place.file, place.line))
