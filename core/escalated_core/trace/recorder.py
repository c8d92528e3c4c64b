"""The recorder: runs chains by the rules of the hook API and keeps what happened."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any, Literal

from escalated_core.errors import Abandoned, Interrupted, NestedTooDeep, Unwind
from escalated_core.hooks.registration import Registration, signature_text
from escalated_core.hooks.registry import Chain
from escalated_core.records import ErrorRecord, Finding, Frame, Kind
from escalated_core.scope import CURRENT, refuse_abandoned
from escalated_core.trace import live
from escalated_core.trace.recording import OpenFiring, OpenStep
from escalated_core.trace.snapshot import same, snapshot
from escalated_core.trace.trace import Trace
from escalated_core.trace.tracebacks import error_record, source_around

Profile = Literal["guide", "escalated-django"]

MAX_NESTING = 64
"""How deep one hook may fire itself."""

logger = logging.getLogger("escalated.hooks")


class Cause:
    """Why firings happen, and the outermost ones that happened because of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.firings: list[OpenFiring] = []


class Recorder:
    """Dispatches hooks and records every firing into a trace.

    Args:
        trace: where finished firings go.
        report: is told each live finding.
        signature: the documented call of a hook for messages, e.g. `ticket_created(ticket, user)`.
        profile: `guide` drops surplus arguments, `escalated-django` passes all of them.
    """

    def __init__(
        self,
        trace: Trace,
        report: Callable[[Finding], None],
        signature: Callable[[str], str | None],
        profile: Profile,
    ) -> None:
        self.trace = trace
        self._report = report
        self._signature = signature
        self._profile: Profile = profile
        self._ids = count(1)
        self._cause: ContextVar[Cause | None] = ContextVar("cause", default=None)

    @contextmanager
    def because(self, cause: Cause) -> Generator[None]:
        """Give firings of this context a cause, which collects the outermost ones."""
        token = self._cause.set(cause)
        try:
            yield
        finally:
            self._cause.reset(token)

    def run(
        self, kind: Kind, hook: str, chain: Chain, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Fire a hook; returns the filter's value, or None for an action.

        Raises:
            NestedTooDeep: the hook fired itself too often; ends at the outermost firing of it.
        """
        refuse_abandoned()
        firing = self._open(kind, hook)
        firing.args = tuple(snapshot(arg) for arg in args)
        firing.kwargs = snapshot(kwargs)
        value = args[0] if kind == "filter" else None
        picture = firing.args[0] if kind == "filter" else None
        try:
            for registration in chain:
                if registration.alive:
                    step = OpenStep(registration, firing, self._given_up)
                    step.before = step.after = picture
                    firing.steps.append(step)
                    value = self._step(step, value, args, kwargs)
                    picture = step.after
        finally:
            if not firing.finished:
                firing.finish(picture)
                self.trace.add(firing)
        return value

    def _open(self, kind: Kind, hook: str) -> OpenFiring:
        scope = CURRENT.get()
        parent: OpenFiring | None = scope.firing if scope else None
        cause = self._cause.get() or Cause("workbench")
        owner = scope.owner if scope else None
        text = f"plugin:{owner.slug}" if owner else cause.text
        firing = OpenFiring(next(self._ids), kind, hook, text, parent)
        if parent is None:
            cause.firings.append(firing)
        else:
            self._check_nesting(firing)
        return firing

    def _check_nesting(self, firing: OpenFiring) -> None:
        levels = [outer for outer in ancestors(firing) if outer.hook == firing.hook]
        if len(levels) >= MAX_NESTING:
            names = ", ".join(
                dict.fromkeys(f.steps[-1].registration.name for f in levels if f.steps)
            )
            message = f"{firing.hook} fired itself {MAX_NESTING} levels deep, through {names}."
            raise NestedTooDeep(levels[-1].id, message)

    def _step(
        self, step: OpenStep, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run one callback; returns the value that the chain goes on with."""
        is_filter = step.firing.kind == "filter"
        incoming = (value, *args[1:]) if is_filter else args
        returned = value
        try:
            passed = self._fit(step, incoming)
            answer = step.run(step.registration.callback, *passed, **kwargs)
            if inspect.iscoroutine(answer):
                answer.close()
                raise TypeError(
                    f"{step.registration.name} is an async function: Escalated does not await "
                    "callbacks, so its body never ran. Make it a plain function."
                )
            returned = answer if is_filter else None
        except Unwind as unwind:
            self._unwound(step, unwind)
        except BaseException as error:  # noqa: BLE001 - whatever a callback raises ends its step only
            self._failed(step, error_record(error), error)
        finally:
            if is_filter and not step.abandoned:
                self._picture(step, value, returned)
        self._judge(step)
        return returned

    def _fit(self, step: OpenStep, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments a callback is called with; raises `TypeError` when it needs more."""
        registration = step.registration
        if self._profile != "guide":
            return args
        if registration.required > len(args):
            raise TypeError(self._arity_message(registration, len(args)))
        if registration.limit is not None and len(args) > registration.limit:
            step.surplus = len(args) - registration.limit
            return args[: registration.limit]
        return args

    def _arity_message(self, registration: Registration, given: int) -> str:
        documented = self._signature(registration.hook)
        call = documented or f"{registration.hook} with {given} argument{'s' * (given != 1)}"
        return (
            f"{signature_text(registration.callback)} needs {registration.required} arguments, "
            f"but {registration.hook} passes {given}: {call}."
        )

    def _picture(self, step: OpenStep, value: Any, returned: Any) -> None:
        """Snapshots after the callback; unchanged values are stored once."""
        incoming = snapshot(value)
        step.mutated = not same(step.before, incoming)
        after = incoming if returned is value else snapshot(returned)
        step.after = step.before if same(step.before, after) else after
        step.returned_none = returned is None and value is not None and step.outcome == "ok"

    def _unwound(self, step: OpenStep, unwind: Unwind) -> None:
        """End a step from outside: here if it is the one meant, else further out."""
        step.outcome = "interrupted"
        if isinstance(unwind, NestedTooDeep) and unwind.firing_id == step.firing.id:
            step.outcome = "error"
            self._failed(step, error_record(unwind), unwind)
        elif isinstance(unwind, Interrupted) and step.interrupted:
            seconds = step.own_ns / 1e9
            step.error = self._interrupted(step, f"stopped after {seconds:.1f} s", unwind)
        else:
            raise unwind
        if step.abandoned:
            raise Abandoned from unwind

    def _given_up(self, step: OpenStep) -> None:
        """Record a step whose thread was given up, from another thread."""
        step.outcome = "interrupted"
        step.error = self._interrupted(step, "given up: it was stuck outside Python")
        self._judge(step)
        if not step.firing.finished:
            step.firing.finish(step.before)
            self.trace.add(step.firing)

    def _interrupted(self, step: OpenStep, how: str, error: Unwind | None = None) -> ErrorRecord:
        frames = error_record(error).frames if error else (_definition_frame(step.registration),)
        return ErrorRecord("Interrupted", f"{step.registration.name} was {how}", frames)

    def _failed(self, step: OpenStep, record: ErrorRecord, error: BaseException) -> None:
        registration = step.registration
        if not record.frames:
            frame = _definition_frame(registration)
            record = ErrorRecord(record.type, record.message, (frame,), record.cause)
        if step.outcome == "ok":
            step.outcome = "error"
        step.error = record
        token = CURRENT.set(step)
        try:
            logger.error(
                "%s %r: callback %s of %s (priority %s, %s:%s) raised %s",
                registration.kind.capitalize(),
                registration.hook,
                registration.name,
                registration.slug or "the host",
                registration.priority,
                registration.file,
                registration.line,
                record,
                exc_info=error if logger.isEnabledFor(logging.DEBUG) else None,
            )
        finally:
            CURRENT.reset(token)

    def _judge(self, step: OpenStep) -> None:
        for finding in live.findings(step, self._signature(step.registration.hook)):
            self._report(finding)


def ancestors(firing: OpenFiring) -> Iterator[OpenFiring]:
    """The firings around a firing, innermost first."""
    outer = firing.parent
    while outer is not None:
        yield outer
        outer = outer.parent


def _definition_frame(registration: Registration) -> Frame:
    place = registration.record().defined_at
    file, line = (place.file, place.line) if place else (registration.file, registration.line)
    return Frame(file, line, registration.name, source_around(file, line))
