"""The recorder: runs chains by the rules of the hook API and keeps what happened."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count as counting
from time import perf_counter_ns
from types import AsyncGeneratorType, CoroutineType
from typing import Any, Literal

from escalated_core.hooks.registration import Registration
from escalated_core.hooks.registry import Chain
from escalated_core.records import Finding, Kind
from escalated_core.scope import AT_BOUNDARIES, CURRENT, RUNNING, Scope, crossed, refuse_abandoned
from escalated_core.snapshots.static import kind_of
from escalated_core.trace import live
from escalated_core.trace.endings import interrupted, record_error, refusal, settle
from escalated_core.trace.nesting import check_depth
from escalated_core.trace.recording import OpenFiring
from escalated_core.trace.trace import Trace
from escalated_core.trace.values import NO_KEYWORDS, NOT_RECORDED, Pictures

Profile = Literal["guide", "escalated-django"]


NO_NUMBER = -1
"""Of arguments: no callback is known to take keywords as they are."""


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
        self._drops_surplus = profile == "guide"
        self._ids = counting(1)
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
        outer = CURRENT.get()
        if outer is not None:
            refuse_abandoned()
        firing = self._open(kind, hook, outer)
        thread = firing.thread_id
        running = RUNNING.get(thread)
        if running is not None:
            crossed()
        token = CURRENT.set(firing)
        RUNNING[thread] = firing
        try:
            return self._pass_through(firing, chain, args, kwargs)
        finally:
            CURRENT.reset(token)
            if running is None:
                RUNNING.pop(thread, None)
            elif not firing.abandoned:
                RUNNING[thread] = running
            self._close(firing, chain)
            if outer is not None:
                outer.nested_ns += firing.took_ns

    def _open(self, kind: Kind, hook: str, outer: Scope | None) -> OpenFiring:
        cause = self._cause.get()
        owner = outer.owner if outer is not None else None
        text = cause.text if cause is not None else "workbench"
        if owner is not None:
            text = f"plugin:{owner.slug}"
        firing = OpenFiring(next(self._ids), (kind, hook), text, outer, self._given_up)
        if firing.parent_id is not None:
            check_depth(firing)
        elif cause is not None:
            cause.firings.append(firing)
        return firing

    def _close(self, firing: OpenFiring, chain: Chain = ()) -> None:
        if firing.took_ns < 0:
            firing.finish(chain)
            self.trace.add(firing)

    def _pass_through(
        self, firing: OpenFiring, chain: Chain, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run the callbacks one after another; returns the value that comes out of a filter."""
        is_filter = firing.kind == "filter"
        value = args[0] if is_filter else None
        pictures = self._pictures(firing, args, kwargs)
        is_watched = pictures is not None or bool(AT_BOUNDARIES)
        given = NO_NUMBER if kwargs else len(args)
        now = firing.started_ns
        for registration in chain:
            if not registration.alive:
                continue
            firing.begin(registration, now)
            error = None
            try:
                firing.ended = False
                if given in registration.fits:
                    answer = registration.callback(*args)
                else:
                    answer = registration.callback(*self._fit(firing, args, kwargs), **kwargs)
                kind = kind_of(answer)
                if kind is CoroutineType or kind is AsyncGeneratorType:
                    raise refusal(registration, answer)
                firing.ended = True
                if firing.armed:
                    firing.settle()
            except BaseException as raised:  # noqa: BLE001 - it ends its step only
                firing.ended = True
                answer, error = value, raised
                settle(firing)
            now = perf_counter_ns()
            firing.moments.append(now)
            is_odd = error is not None or firing.nested_ns or firing.noted or firing.abandoned
            if is_watched or is_odd:
                now = self._look(firing, pictures, (value, answer if is_filter else None), error)
            if is_filter and answer is not value:
                value = answer
                args = (value, *args[1:])
        return value

    def _look(
        self,
        firing: OpenFiring,
        pictures: Pictures | None,
        passed: tuple[Any, Any],
        error: BaseException | None,
    ) -> int:
        """Record what else there is about a step that has ended; returns what time it is then.

        Args:
            passed: the value that the callback got, and the one that goes on.
        """
        firing.leave_step()
        if pictures is not None:
            pictures.take(*passed)
        if error is not None:
            record_error(firing, error)
        if firing.noted:
            self._judge(firing)
        return perf_counter_ns()

    def _pictures(
        self, firing: OpenFiring, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Pictures | None:
        # Whoever fires a hook from outside gets its values, recorded or not.
        is_asked_for = firing.parent is None and self._cause.get() is not None
        if self.trace.values and (self.trace.recording or is_asked_for):
            return Pictures(firing, args, kwargs)
        firing.args = (NOT_RECORDED,) * len(args)
        firing.kwargs = NO_KEYWORDS
        firing.pictures = [NOT_RECORDED] if firing.kind == "filter" else []
        return None

    def _fit(
        self, firing: OpenFiring, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, ...]:
        """The arguments a callback is called with; raises `TypeError` when it needs more."""
        registration = firing.ran[-1]
        if not self._drops_surplus:
            return args
        required, limit, _ = registration.arity
        fitting = args if limit is None else args[:limit]
        if required > len(fitting) + len(kwargs):
            raise TypeError(self._arity_message(registration, len(args)))
        if len(args) > len(fitting):
            firing.notes().surplus = len(args) - len(fitting)
        return fitting

    def _arity_message(self, registration: Registration, given: int) -> str:
        needed = registration.arity.required
        documented = self._signature(registration.hook)
        call = f" Documented: {documented}." if documented else ""
        return (
            f"{registration.signature} needs {_arguments(needed)}, "
            f"but {registration.hook} was fired with {_arguments(given)}.{call}"
        )

    def _given_up(self, firing: OpenFiring) -> None:
        """Record a step whose thread was given up, from another thread."""
        if firing.ran and not firing.finished:
            notes = firing.notes()
            notes.outcome = "interrupted"
            notes.error = interrupted(firing.ran[-1], "given up: it was stuck outside Python")
            self._judge(firing)
        self._close(firing)

    def _judge(self, firing: OpenFiring) -> None:
        """Report what the newest step shows about its plugin."""
        notes = firing.noted.get(len(firing.ran) - 1)
        if notes is not None and (notes.error or notes.returned_none or notes.surplus):
            for finding in live.findings(firing, notes, self._signature(firing.hook)):
                self._report(finding)


def _arguments(count: int) -> str:
    return f"{count} argument{'s' * (count != 1)}"
