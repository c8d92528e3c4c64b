"""What is to be seen of a walk where it has stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

from escalated_core.snapshots.snapshot import snapshot, snapshot_names
from escalated_core.stepping.breakpoint import Place
from escalated_core.stepping.stops import Level, Line, Stop
from escalated_core.stepping.walk import Walk
from escalated_core.trace.readout import record_of
from escalated_core.trace.recording import OpenFiring

LOCALS_ROOM = 2_000
"""Values pictured of the locals at a line."""


def stop_of(
    walk: Walk, reason: str, frame: FrameType | None, number: int, *, in_transaction: bool
) -> Stop:
    """The stop of a walk, at the line that `frame` is at if there is one."""
    firing, record = walk.firing, record_of(walk.firing)
    if frame is not None:
        # The last one is under way, and has come to nothing yet.
        record = replace(record, steps=record.steps[:-1])
    return Stop(
        number=number,
        firing=record,
        args=tuple(map(snapshot, walk.args)),
        kwargs=snapshot(walk.kwargs),
        coming=tuple(each.record() for each in walk.coming),
        reason=reason,
        thread=firing.thread,
        around=_around(firing),
        line=_line(frame) if frame is not None else None,
        doing=walk.running.record() if frame is not None and walk.running is not None else None,
        in_transaction=in_transaction,
    )


def names_at(
    walk: Walk, place: Place, parameters: Sequence[str], frame: FrameType | None = None
) -> dict[str, Any]:
    """What code can name where a walk is: the same in conditions and in what is run at a stop.

    At a line it is what the function can; of the rest there what has an underscore is sure.
    """
    value = walk.args[0] if walk.firing.kind == "filter" and walk.args else None
    step = walk.newest
    told = {"value": value, "args": walk.args, "kwargs": walk.kwargs, "hook": place.hook}
    plain = dict(zip(parameters, walk.args, strict=False)) | told
    plain |= {"plugin": place.plugin, "callback": place.callback}
    names = {f"_{name}": each for name, each in told.items()} | {
        "_before": step.before if step is not None else snapshot(value),
        "_after": step.after if step is not None else snapshot(value),
    }
    if frame is None:
        return plain | names
    return {**plain, **frame.f_globals, **names, **frame.f_locals}


def _line(frame: FrameType) -> Line:
    code = frame.f_code
    names = snapshot_names(dict(frame.f_locals), LOCALS_ROOM)
    return Line(code.co_filename, frame.f_lineno, code.co_qualname, names)


def _around(firing: OpenFiring) -> tuple[Level, ...]:
    levels: list[Level] = []
    scope = firing.parent
    while scope is not None:
        around: OpenFiring | None = scope.firing
        if around is scope and around is not None:
            levels.append(Level(around.id, around.hook, around.doing))
        scope = scope.parent
    return tuple(reversed(levels))
