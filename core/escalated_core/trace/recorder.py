"""The recorder: runs chains by the rules of the hook API and keeps what happened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from time import perf_counter_ns
from types import AsyncGeneratorType, CoroutineType
from typing import Any, Protocol, TypeVar

from escalated_core.errors import Interrupted
from escalated_core.hooks.registration import Registration
from escalated_core.hooks.registry import Chain
from escalated_core.records import Finding, FiringKind, Profile
from escalated_core.scope import AT_BOUNDARIES, CURRENT, RUNNING, Scope, crossed, refuse_abandoned
from escalated_core.snapshots.static import kind_of
from escalated_core.trace import live
from escalated_core.trace.endings import given_up, record_error, refusal, settle
from escalated_core.trace.nesting import check_depth
from escalated_core.trace.numbers import firing_ids
from escalated_core.trace.recording import OpenFiring
from escalated_core.trace.trace import Trace
from escalated_core.trace.values import Pictures, pictures_of

AWAITED = frozenset(map(id, (CoroutineType, AsyncGeneratorType)))
"""Types of what an `async def` callback answers."""
NO_NUMBER = -1
"""Of arguments: no callback is known to take keywords as they are."""


Steps = Iterable[Registration]
"""The callbacks of a firing as they are to run."""


Held = TypeVar("Held")

_aside: ContextVar[Recorder | None] = ContextVar("recorder_aside", default=None)
_asides: list[Recorder] = []
"""The newest of them: as long as there was none, no firing need ask."""


def recorded_aside(recorder: Recorder) -> AbstractContextManager[None]:
    """Have firings of this context, and of threads it starts, recorded by another recorder."""
    _asides[:] = [recorder]
    return _holding(_aside, recorder)


@contextmanager
def _holding(variable: ContextVar[Held], value: Held) -> Generator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


class Cause:
    """Why firings happen, and the outermost ones that happened because of it.

    After an event come those that it caused, as it is a firing itself.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.firings: list[OpenFiring] = []


class Stepping(Protocol):
    """Stops firings between their callbacks."""

    def enter(
        self, firing: OpenFiring, chain: Chain, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Steps:
        """The callbacks of a firing as they are to run: a walk that is its `walk`, or its chain."""
        ...


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
        self._drops_surplus = profile == "guide"
        self.stepping: Stepping | None = None
        self.ids = firing_ids()
        self._closing = threading.Lock()
        self._cause: ContextVar[Cause | None] = ContextVar("cause", default=None)

    def because(self, cause: Cause) -> AbstractContextManager[None]:
        """Give firings of this context a cause, which collects the outermost ones."""
        return _holding(self._cause, cause)

    def run(
        self,
        kind: FiringKind,
        hook: str,
        chain: Chain,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Fire a hook; returns the filter's value, or None for an action.

        Raises:
            NestedTooDeep: the hook fired itself too often; ends at the outermost firing of it.
        """
        if _asides and (other := _aside.get()) not in (None, self):
            return other.run(kind, hook, chain, args, kwargs)
        outer = CURRENT.get()
        if outer is not None:
            refuse_abandoned()
            outer = outer.unpinned()
        firing = self._open(kind, hook, outer)
        thread = firing.thread_id
        running = RUNNING.get(thread)
        if running is not None:
            crossed()
        token = CURRENT.set(firing)
        RUNNING[thread] = firing
        try:
            stepping = self.stepping
            steps = chain if stepping is None else stepping.enter(firing, chain, args, kwargs)
            return self._pass_through(firing, steps, args, kwargs)
        finally:
            CURRENT.reset(token)
            if running is None:
                RUNNING.pop(thread, None)
            elif not firing.abandoned:
                RUNNING[thread] = running
            self._close(firing, chain)
            if outer is not None:
                # Until now: to keep it, and to wait for the screen, is nobody's own time.
                outer.nested_ns += perf_counter_ns() - firing.moments[0]

    def _open(self, kind: FiringKind, hook: str, outer: Scope | None) -> OpenFiring:
        cause = self._cause.get()
        owner = outer.owner if outer is not None else None
        text = cause.text if cause is not None else "workbench"
        if owner is not None:
            text = f"plugin:{owner.slug}"
        called = kind, hook, self._profile
        firing = OpenFiring(next(self.ids), called, text, outer, self._given_up)
        if firing.parent_id is not None:
            check_depth(firing)
        if cause is not None and (not cause.firings or firing.depth == 0 or is_event(outer)):
            cause.firings.append(firing)
        return firing

    def _close(self, firing: OpenFiring, chain: Chain = ()) -> None:
        # It may come to its end just as it is given up.
        with self._closing:
            if firing.finished:
                return
            firing.took_ns = 0
        firing.finish(chain)
        self.trace.add(firing)

    def _pass_through(
        self, firing: OpenFiring, steps: Steps, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run the callbacks one after another; returns the value that comes out of a filter."""
        is_filter = firing.kind == "filter"
        value = args[0] if is_filter else None
        pictures = self._pictures(firing, args, kwargs)
        watched = pictures is not None or bool(AT_BOUNDARIES)
        given, now = NO_NUMBER if kwargs else len(args), firing.started_ns
        for registration in steps:
            if not registration.alive:
                continue
            # A walk may have been stopped since.
            firing.begin(registration, now if firing.walk is None else perf_counter_ns())
            error = None
            try:
                firing.ended = False
                if given in registration.fits:
                    answer = registration.callback(*args)
                else:
                    answer = registration.callback(*self._fit(firing, args, kwargs), **kwargs)
                if id(kind_of(answer)) in AWAITED:
                    raise refusal(registration, answer)
                firing.ended = True
                if firing.armed:
                    firing.settle()
            except BaseException as raised:  # noqa: BLE001 - it ends its step only
                firing.ended = True
                answer, error = value, raised
                try:
                    settle(firing)
                except Interrupted:  # it came on the way there
                    settle(firing)
            firing.moments.append(now := perf_counter_ns())
            if watched or error is not None or firing.nested_ns or firing.noted or firing.abandoned:
                now = self._look(firing, pictures, (value, answer if is_filter else None), error)
            if is_filter and answer is not value:
                value, args = answer, (answer, *args[1:])
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
        if firing.walk is not None:
            firing.walk.went_on(passed[1])
        if error is not None:
            record_error(firing, error)
        if firing.noted:
            self._judge(firing)
        return perf_counter_ns()

    def _pictures(
        self, firing: OpenFiring, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Pictures | None:
        # Whoever fires a hook from outside gets its values, recorded or not.
        asked = firing.parent is None and self._cause.get() is not None
        wanted = self.trace.values and (self.trace.recording or asked)
        return pictures_of(firing, args, kwargs, wanted=wanted)

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
            documented = self._signature(registration.hook)
            raise TypeError(_too_few(registration, len(args), documented))
        if len(args) > len(fitting):
            firing.notes().surplus = len(args) - len(fitting)
        return fitting

    def _given_up(self, firing: OpenFiring, innermost: Scope) -> None:
        """Record a step whose thread was given up, from another thread."""
        if firing.ran and not firing.finished and given_up(firing, innermost):
            self._judge(firing)
        self._close(firing)

    def _judge(self, firing: OpenFiring) -> None:
        """Report what the newest step shows about its plugin, unless somebody else played it."""
        if firing.kind == "event" or firing.ran[-1].note:
            return
        notes = firing.noted.get(len(firing.ran) - 1)
        if notes is not None and (notes.error or notes.returned_none or notes.surplus):
            for finding in live.findings(firing, notes, self._signature(firing.hook)):
                self._report(finding)


def _too_few(registration: Registration, given: int, documented: str | None) -> str:
    call = f" Documented: {documented}." if documented else ""
    return (
        f"{registration.signature} needs {_arguments(registration.arity.required)}, "
        f"but {registration.hook} was fired with {_arguments(given)}.{call}"
    )


def is_event(scope: Scope | None) -> bool:
    """Whether it is the help desk itself that fires, in the course of an event."""
    around: OpenFiring | None = scope.firing if scope is not None else None
    return around is not None and around.kind == "event"


def _arguments(count: int) -> str:
    return f"{count} argument{'s' * (count != 1)}"
