"""The recorder: runs chains by the rules of the hook API and keeps what happened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from itertools import count
from types import AsyncGeneratorType, CoroutineType
from typing import Any, Literal

from escalated_core.errors import Abandoned, Interrupted, NestedTooDeep, Unwind
from escalated_core.hooks.registration import Registration
from escalated_core.hooks.registry import Chain
from escalated_core.records import ErrorRecord, Finding, Frame, Kind
from escalated_core.scope import CURRENT, Scope, refuse_abandoned
from escalated_core.snapshots.pictures import same
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.snapshots.static import kind_of, type_name
from escalated_core.trace import live
from escalated_core.trace.nesting import check_depth, check_stack
from escalated_core.trace.recording import OpenFiring, OpenStep
from escalated_core.trace.trace import Trace
from escalated_core.trace.tracebacks import error_record, source_around, traceback_text

Profile = Literal["guide", "escalated-django"]

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
            check_depth(firing)
        return firing

    def _step(
        self, step: OpenStep, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run one callback; returns the value that the chain goes on with."""
        is_filter = step.firing.kind == "filter"
        incoming = (value, *args[1:]) if is_filter else args
        returned = value
        try:
            passed = self._fit(step, incoming, kwargs)
            answer = step.run(step.registration.callback, *passed, **kwargs)
            self._refuse_async(step, answer)
            returned = answer if is_filter else None
        except Unwind as unwind:
            self._unwound(step, unwind)
        except BaseException as error:  # noqa: BLE001 - whatever a callback raises ends its step only
            check_stack(step.firing, error)
            self._failed(step, self._described(step, error))
        finally:
            if is_filter and not step.abandoned:
                self._picture(step, value, returned)
        self._judge(step)
        return returned

    def _fit(
        self, step: OpenStep, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, ...]:
        """The arguments a callback is called with; raises `TypeError` when it needs more."""
        if self._profile != "guide":
            return args
        registration = step.registration
        required, limit, _ = registration.arity
        fitting = args if limit is None else args[:limit]
        if required > len(fitting) + len(kwargs):
            raise TypeError(self._arity_message(registration, len(args)))
        step.surplus = len(args) - len(fitting)
        return fitting

    def _arity_message(self, registration: Registration, given: int) -> str:
        needed = registration.arity.required
        documented = self._signature(registration.hook)
        call = documented or f"{registration.hook} with {_arguments(given)}"
        return (
            f"{registration.signature} needs {_arguments(needed)}, "
            f"but {registration.hook} passes {given}: {call}."
        )

    def _refuse_async(self, step: OpenStep, answer: object) -> None:
        if type(answer) is CoroutineType:
            answer.close()
        elif type(answer) is not AsyncGeneratorType:
            return
        raise TypeError(
            f"{step.registration.name} is an async function: Escalated does not await "
            "callbacks, so its body never ran. Make it a plain function."
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
            self._failed(step, replace(error_record(unwind), type=type(unwind).__name__))
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
        frames = error_record(error).frames if error else (_blamed_frame(step.registration),)
        return ErrorRecord("Interrupted", f"{step.registration.name} was {how}", frames)

    def _described(self, step: OpenStep, error: BaseException) -> ErrorRecord:
        """Picture an error; in a scope, as its `__str__` may be a plugin's and never end."""
        scope = Scope(step.owner, f"the text of what {step.doing} raised", step.firing)
        try:
            return scope.run(error_record, error, outside=step.owner is None)
        except Interrupted:
            return ErrorRecord(type_name(kind_of(error)), "(its text never came to an end)")

    def _failed(self, step: OpenStep, record: ErrorRecord) -> None:
        registration = step.registration
        if not record.frames:
            record = replace(record, frames=(_blamed_frame(registration),))
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
                traceback_text(record),
            )
        finally:
            CURRENT.reset(token)

    def _judge(self, step: OpenStep) -> None:
        if step.error or step.returned_none or step.surplus:
            for finding in live.findings(step, self._signature(step.registration.hook)):
                self._report(finding)


def _arguments(count: int) -> str:
    return f"{count} argument{'s' * (count != 1)}"


def _blamed_frame(registration: Registration) -> Frame:
    place = registration.blamed
    return Frame(place.file, place.line, registration.name, source_around(place.file, place.line))
