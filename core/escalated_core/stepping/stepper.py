"""The stepper: stops firings at breakpoints, and shows what is there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from time import perf_counter_ns
from types import FrameType
from typing import Any

from escalated_core.hooks.registration import Registration
from escalated_core.hooks.registry import Chain
from escalated_core.scope import APART, CURRENT, RUNNING, Scope
from escalated_core.snapshots.pictures import same
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.stepping.breakpoint import Breakpoint, Place, compiled
from escalated_core.stepping.breakpoints import Breakpoints, Names
from escalated_core.stepping.commands import (
    Command,
    Continue,
    Down,
    Edit,
    Finish,
    Into,
    Out,
)
from escalated_core.stepping.console import Console, GivenUp, OnlookerScope
from escalated_core.stepping.gate import Gate, Question
from escalated_core.stepping.lines import bind, by_line
from escalated_core.stepping.sight import names_at, stop_of
from escalated_core.stepping.stops import Answer
from escalated_core.stepping.walk import Walk
from escalated_core.trace.recorder import Cause, Recorder
from escalated_core.trace.recording import OpenFiring


@dataclass(frozen=True, slots=True)
class Known:
    """What the host knows: of a hook the names of its arguments and its category, of the thread
    that asks whether it has a transaction of the database open, and all names there are."""

    parameters: Callable[[str], tuple[str, ...]]
    category: Callable[[str], str]
    in_transaction: Callable[[], bool]
    names: Names


class Stepper:
    """Stops firings at breakpoints while somebody attends; one at a time, see `Gate`."""

    def __init__(self, recorder: Recorder, known: Known) -> None:
        self.gate = Gate(self._arm)
        self.breakpoints = Breakpoints(self._arm, known.names)
        self._recorder = recorder
        self._arming = threading.Lock()
        self._known = known
        self._down: Walk | None = None
        """In whose course the next firing stops before its first callback."""
        self._deaf: set[int] = set()
        """Threads that run code of somebody who looks on: no firing of theirs stops."""

    # --- for the threads that fire

    def enter(
        self, firing: OpenFiring, chain: Chain, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Walk | Chain:
        """The walk of a firing that may be stopped; its chain as it is for one that cannot be."""
        if firing.thread_id in self._deaf or APART.get():
            return chain
        walk = Walk(self, firing, chain, args, kwargs)
        firing.walk = walk
        down = self._down
        if chain and down is not None and down.firing.thread_id == firing.thread_id:
            walk.stepping = True
            self._down = None
        return walk

    def reason(self, walk: Walk) -> str:
        """Why a firing is to stop here; empty if it is not."""
        if not self.gate.is_attended or walk.outermost.finishing:
            return ""
        found = self._at(walk, walk.last, after=True) if walk.last is not None else None
        if found is None and walk.coming:
            found = self._at(walk, walk.coming[0], after=False)
        if found is not None:
            return found
        if not walk.stepping or walk.firing.kind == "event":
            return ""
        return "step" if walk.coming else "the end of the chain"

    def hold(self, walk: Walk, reason: str) -> Command:
        """Wait between two callbacks until somebody says how to go on."""
        with _watched(walk, "changed while it was stopped"):
            return self._hold(walk, reason)

    @contextmanager
    def looking_on(self, firing: OpenFiring) -> Generator[None]:
        """Nothing of it is time of plugin code, and nothing can be interrupted."""
        thread_id = threading.get_ident()
        running = RUNNING.get(thread_id)
        with running.unreachable() if running is not None else nullcontext():
            RUNNING.pop(thread_id, None)
            token = CURRENT.set(None)
            began = perf_counter_ns()
            try:
                yield
            finally:
                CURRENT.reset(token)
                (running or firing).postpone(perf_counter_ns() - began)
                if running is not None and not running.abandoned:
                    RUNNING[thread_id] = running

    def ended(self, walk: Walk) -> None:
        """Go on with what is around it, as far as that is stepped through."""
        if self._down is walk:
            self._down = None
        outer = walk.outer
        if outer is None or not walk.returning:
            return
        if outer.firing.kind == "event":
            # Its own chain has nothing to stop at but the help desk: the next hook it fires has.
            outer.returning = True
            self._step_down(outer)
        else:
            outer.stepping = outer.returning = True

    def by_line(self, walk: Walk, registration: Registration) -> Registration:
        """A callback as one that stops at its lines; what the host does has none of interest."""
        if registration.owner is None:
            self._step_down(walk)
            return registration
        return by_line(registration, walk.firing, partial(self._hold_line, walk))

    @contextmanager
    def unheard(self) -> Generator[None]:
        """What this thread fires meanwhile does not stop, and is not what it fires for."""
        thread_id = threading.get_ident()
        self._deaf.add(thread_id)
        try:
            with self._recorder.because(Cause("stepper")):
                yield
        finally:
            self._deaf.discard(thread_id)

    # --- inside

    def _hold_line(self, walk: Walk, frame: FrameType) -> Command:
        # A firing around it may have gone on meanwhile, and a thread that was given up does.
        goes_on = not walk.stepping or walk.firing.abandoned
        if goes_on or not self.gate.is_attended:
            return Continue()
        with self.looking_on(walk.firing):
            return self._hold(walk, "line", frame)

    def _hold(self, walk: Walk, reason: str, frame: FrameType | None = None) -> Command:
        parameters = self._known.parameters(walk.firing.hook)
        coming = walk.coming[0] if walk.coming and frame is None else walk.running
        names = names_at(walk, self._place(walk.firing, coming), parameters, frame)
        console = Console(names, self._given_up(walk.firing))
        # At a line they may be names of the function.
        passed = ("_value", "value", *parameters[:1]) if frame is None else ()

        def answer(question: Question) -> tuple[Answer, Command | None]:
            with self.unheard():
                return _answer(walk, console, question, passed)

        in_transaction = self._known.in_transaction()
        make = partial(stop_of, walk, reason, frame, in_transaction=in_transaction)
        command = self.gate.hold(make, answer)
        self._down = None
        at_line = frame is not None
        if isinstance(command, Down) or (at_line and isinstance(command, Into)):
            self._step_down(walk)
        _resume(walk, command, at_line=at_line)
        if frame is not None:
            bind(frame, names, console.names)
        return command

    def _step_down(self, walk: Walk) -> None:
        self._down = walk
        self._arm()

    def _place(self, firing: OpenFiring, registration: Registration | None) -> Place:
        outermost = _outermost(firing)
        event = outermost.hook if outermost.kind == "event" else ""
        return Place(
            hook=firing.hook,
            category=self._known.category(firing.hook),
            event=event,
            plugin=(registration.slug or "") if registration is not None else "",
            callback=registration.name if registration is not None else "",
            is_event=firing.kind == "event",
        )

    def _at(self, walk: Walk, registration: Registration, *, after: bool) -> str | None:
        """The reason to stop at a callback that is about to run, or that has just run."""
        place = self._place(walk.firing, registration)
        for number, each in self.breakpoints.items():
            if (each.when == "before") is after or not each.fits(place):
                continue
            if after and walk.newest is not None and not each.shows(walk.newest):
                continue
            held = self._holds(each, walk, place)
            # Once: another thread may have come to it just before.
            if held is not None and (not each.once or self.breakpoints.discard(number)):
                return f"{each}{held}"
        return None

    def _holds(self, breakpoint: Breakpoint, walk: Walk, place: Place) -> str | None:  # noqa: A002
        """None if its condition is false here; else empty, or why the condition failed."""
        code = compiled(breakpoint.condition)
        if code is None:
            return ""
        names = names_at(walk, place, self._known.parameters(place.hook))
        aside = OnlookerScope(f"the condition {breakpoint.condition}", self._given_up(walk.firing))
        with self.unheard(), _watched(walk, "changed by a condition"):
            # What it gives may be a plugin's, also whether that counts as true.
            is_true, raised = aside.attempt(lambda: bool(eval(code, names)))
        if raised:
            return f", which raised {raised}"
        return "" if is_true else None

    def _given_up(self, firing: OpenFiring) -> GivenUp:
        """Gives up what waits for code of somebody who looks on that got stuck for good."""

        def give_up(stuck: Scope) -> None:
            self.gate.leave(firing.thread_id, f"{stuck.doing} was stuck outside Python.")
            firing.abandon(stuck)

        return give_up

    def _arm(self) -> None:
        with self._arming:
            wanted = self.gate.is_attended and (bool(self.breakpoints) or self._down is not None)
            self._recorder.stepping = self if wanted else None


@contextmanager
def _watched(walk: Walk, note: str) -> Generator[None]:
    """What changes meanwhile in place of what is passed on is no callback's doing."""
    before = snapshot(walk.args)
    yield
    if not same(snapshot(walk.args), before):
        walk.meddled = note


def _resume(walk: Walk, command: Command, *, at_line: bool) -> None:
    """Have a walk, and those around it, stop again or not."""
    if isinstance(command, Finish):
        walk.outermost.finishing = True
    if isinstance(command, Continue | Finish):
        each: Walk | None = walk
        while each is not None:
            each.stepping = each.returning = False
            each = each.outer
        return
    walk.returning = True
    walk.stepping = at_line or not isinstance(command, Out)


def _answer(
    walk: Walk, console: Console, question: Question, passed: Collection[str]
) -> tuple[Answer, Command | None]:
    """Run code of somebody who looks on; a value that it has changed is gone on with.

    `passed` are the names by which a filter's value can be bound anew.
    """
    if question.then is not None:
        value, error = console.value_of(question.text)
        if error:
            return Answer(error=error), None
        return Answer(snapshot(value)), question.then(value)
    value = console.names.get("_value")
    before = snapshot(value)
    answer = console.run(question.text)
    if not passed or walk.firing.kind != "filter":
        return answer, None
    now = [console.names.get(name, value) for name in passed]
    value = next((each for each in now if each is not value), value)
    console.names.update(dict.fromkeys(passed, value))
    if same(snapshot(value), before):
        return answer, None
    return answer, Edit(value, "changed in the console")


def _outermost(firing: OpenFiring) -> OpenFiring:
    scope: Scope | None = firing
    found = firing
    while scope is not None:
        found = scope.firing or found
        scope = scope.parent
    return found
