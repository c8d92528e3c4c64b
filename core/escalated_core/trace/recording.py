"""A firing while it happens: columns for what all steps have, notes for what few have."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from time import perf_counter_ns, time
from typing import Any, Protocol

from escalated_core.errors import Abandoned
from escalated_core.hooks.registration import Registration
from escalated_core.hooks.registry import Chain
from escalated_core.records import ErrorRecord, FiringKind, Outcome, Profile
from escalated_core.scope import RUNNING, Owner, Scope, crossed
from escalated_core.sink import Sink

OWN_BYTES, STEP_BYTES, NODE_BYTES = 900, 120, 90
"""What a firing, a step and a value of a picture take in memory, about."""


class Walk(Protocol):
    """A chain that somebody may stop between two callbacks."""

    def went_on(self, answer: Any) -> None:
        """A step has come to its end; `answer` is the value that goes on from a filter."""
        ...


Grew = Callable[[int, int], None]
"""Is told the id of a firing and how many bytes it takes more."""


class Notes:
    """What is out of the ordinary about a step."""

    __slots__ = (
        "arguments",
        "error",
        "mutated",
        "nested_ns",
        "outcome",
        "returned_none",
        "sink",
        "surplus",
    )

    def __init__(self) -> None:
        self.outcome: Outcome = "ok"
        self.error: ErrorRecord | None = None
        self.sink: Sink | None = None
        self.arguments: tuple[Any, Any] | None = None
        """Pictures of the other arguments before and after, when it changed one in place."""
        self.mutated = self.returned_none = False
        self.surplus = self.nested_ns = 0


_NOTHING: dict[int, Notes] = {}
_NO_PICTURES: list[Any] = []
"""Shared by all firings that have no notes, or no pictures: never written to."""
ORDINARY = Notes()
"""Of a step with nothing out of the ordinary."""


class OpenFiring(Scope):
    """One dispatch of one hook, under way or finished: the scope of one callback after another.

    Args:
        called: of the hook its kind, its name, and the profile that documents it.
        outer: the scope in which the hook is fired, if any.
        on_given_up: called on another thread when the callback that runs will never return.
    """

    __slots__ = (
        "_on_given_up",
        "args",
        "at",
        "bytes",
        "cause",
        "depth",
        "grew",
        "hook",
        "id",
        "kind",
        "kwargs",
        "moments",
        "nodes",
        "noted",
        "order",
        "parent_id",
        "parent_step",
        "pictures",
        "profile",
        "ran",
        "started_at",
        "thread",
        "took_ns",
        "walk",
    )
    kind: FiringKind
    profile: Profile

    def __init__(
        self,
        number: int,
        called: tuple[FiringKind, str, Profile],
        cause: str,
        outer: Scope | None,
        on_given_up: Callable[[OpenFiring, Scope], None],
    ) -> None:
        self.id, self.cause = number, cause
        self.kind, self.hook, self.profile = called
        around: OpenFiring | None = outer.firing if outer is not None else None
        self.parent_id = around.id if around is not None else None
        self.parent_step = outer.step if outer is not None else None
        self.depth = around.depth + 1 if around is not None else 0
        self.parent = outer
        self.at: Registration | None = None
        """The callback that runs, or ran last."""
        self.ran: Any = []
        """The callbacks that ran: a list, and a tuple once it is finished."""
        self.pictures: list[Any] = _NO_PICTURES
        """Of a filter's value at first and after each step; none when values are not recorded."""
        self.args: tuple[Any, ...] = ()
        self.kwargs: Any = None
        self.noted = _NOTHING
        self._on_given_up = on_given_up
        self.grew: Grew | None = None  # for steps that first say something after it was kept
        self.abandoned, self.armed, self.ended = False, False, True
        self._lock = None
        self.nested_ns = self.ended_ns = 0
        self.walk: Walk | None = None
        self.took_ns = -1
        self.nodes = self.order = self.bytes = 0
        """About how many values its pictures have, its turn among the finished, about its size."""
        self.thread_id = threading.get_ident()
        self.thread = threading.current_thread().name
        self.started_at = time()
        self.started_ns = perf_counter_ns()
        self.moments: list[int] = [self.started_ns]
        """When it began, then the beginning and the end of each step."""

    @property
    def firing(self) -> OpenFiring:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self

    @property
    def doing(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.ran[-1].name if self.ran else f"firing {self.hook}"

    @property
    def step(self) -> int | None:
        return len(self.ran) - 1 if self.ran else None

    @property
    def turn(self) -> object:
        return self.at

    @property
    def owner(self) -> Owner | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.at.owner if self.at is not None else None

    @property
    def own_ns(self) -> int:
        return 0 if self.ended else perf_counter_ns() - self.started_ns - self.nested_ns

    @property
    def sink(self) -> Sink:
        return self.sink_of(len(self.ran) - 1)

    def sink_of(self, index: int) -> Sink:
        """Where output and logs of a step go."""
        notes = self.notes(index)
        if notes.sink is None:
            notes.sink = Sink()
            if self.grew is not None:
                notes.sink.grew = partial(self.grew, self.id)
        return notes.sink

    def pinned(self) -> Scope:
        return StepScope(self, len(self.ran) - 1)

    def given_up(self, innermost: Scope) -> None:
        self._on_given_up(self, innermost)

    def notes(self, index: int = -1) -> Notes:
        """What is noted about a step, the newest one if not told, to be added to."""
        place = index if index >= 0 else len(self.ran) - 1
        found = self.noted.get(place)
        if found is None:
            if self.noted is _NOTHING:
                self.noted = {}
            found = self.noted[place] = Notes()
        return found

    def begin(self, registration: Registration, now: int) -> None:
        """The callback is about to be called."""
        self.ran.append(registration)
        self.moments.append(now)
        self.at = registration
        self.started_ns = now
        self.nested_ns = 0
        self.armed = False

    def leave_step(self) -> None:
        """The callback has come to its end, and with it what it may have done besides.

        Raises:
            Abandoned: the thread was given up meanwhile; nothing it does counts any more.
        """
        if self.nested_ns:
            self.notes().nested_ns = self.nested_ns
        crossed()
        if self.abandoned:
            raise Abandoned(f"{self.doing} was given up")

    def postpone(self, nanoseconds: int) -> None:
        """Have it all happened later: somebody looked on, and that is nobody's time."""
        super().postpone(nanoseconds)
        self.moments = [moment + nanoseconds for moment in self.moments]
        for notes in [*self.noted.values()]:
            if notes.sink is not None:
                notes.sink.postpone(nanoseconds)

    @property
    def finished(self) -> bool:
        return self.took_ns >= 0

    def finish(self, chain: Chain = ()) -> None:
        """The chain has come to its end: let go of everything that only its running needed.

        What is kept is in tuples, of which Python's garbage collector has the least to do.
        """
        now = perf_counter_ns()
        if len(self.moments) % 2 == 0:  # the last step was given up
            self.moments.append(now)
        in_order = self.walk is None and len(self.ran) == len(chain)
        ran: Any = chain if in_order else tuple(self.ran)
        # A callback that was given up may still come to an end, which is noted here.
        moments: Any = self.moments if self.abandoned else tuple(self.moments)
        pictures: Any = tuple(self.pictures)
        self.ran, self.moments, self.pictures = ran, moments, pictures
        self.took_ns = now - self.moments[0]
        self.parent = self.at = self.walk = None
        self._lock = None
        self.bytes = OWN_BYTES + STEP_BYTES * len(self.ran) + NODE_BYTES * self.nodes
        if self.noted:
            sinks = [notes.sink for notes in [*self.noted.values()] if notes.sink is not None]
            self.bytes += sum(sink.size for sink in sinks)

    @property
    def outcome(self) -> Outcome:
        if not self.noted:
            return "ok"
        # A copy: a thread that a callback started may say something meanwhile.
        outcomes = [notes.outcome for notes in [*self.noted.values()]]
        if "interrupted" in outcomes:
            return "interrupted"
        return "error" if "error" in outcomes else "ok"


def tell(firing: OpenFiring, grew: Grew) -> None:
    """Have it told what is said in the steps from now on, as by threads that go on."""
    for notes in [*firing.noted.values()]:
        if notes.sink is not None:
            notes.sink.grew = partial(grew, firing.id)


class StepScope(Scope):
    """One step for code that it started and that goes on by itself, such as a thread."""

    __slots__ = ("_index",)

    def __init__(self, firing: OpenFiring, index: int) -> None:
        owner: Owner | None = firing.ran[index].owner if firing.ran else None
        super().__init__(owner, firing.doing, firing)
        self._index = index
        self.abandoned = firing.abandoned

    @property
    def step(self) -> int | None:
        return self._index if self._index >= 0 else None

    def postpone(self, nanoseconds: int) -> None:
        """Have those begun later that may wait for this thread, as far as their limit goes.

        Whether they do wait cannot be told, so what is recorded of them stays as it is.
        """
        scope: Scope | None = self.firing
        while scope is not None:
            if scope.firing is scope:
                scope.started_ns += nanoseconds
            scope = scope.parent

    def unpinned(self) -> Scope:
        firing: OpenFiring = self.firing
        runs = RUNNING.get(threading.get_ident()) is firing and not firing.ended
        return firing if runs and len(firing.ran) - 1 == self._index else self

    @property
    def sink(self) -> Sink:
        firing: OpenFiring = self.firing
        return firing.sink_of(self._index)
