"""Whose code is running: the scope that every call into a plugin is wrapped in.

A scope says who owns the code that runs, to which firing it belongs, and where its output and
logs go. It travels with the context, so threads that a plugin starts are still told apart.
It is also what a watchdog interrupts: an exception is injected into the thread while the scope
runs, and never after it ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from escalated_core.errors import Abandoned, Interrupted
from escalated_core.injection import inject, take_back
from escalated_core.sink import Sink


@dataclass(frozen=True, slots=True, eq=False)
class Owner:
    """One generation of one plugin; `place` is its turn among callbacks of equal priority."""

    slug: str
    generation: int
    place: int


class Scope:
    """One stretch of plugin code: a callback's step, or the loading of a plugin.

    Args:
        owner: the plugin generation whose code runs; None for code of the host.
        doing: what is running, in words for a person.
        firing: the recorder's open firing that the code belongs to, if any.
    """

    __slots__ = (
        "_lock",
        "_sink",
        "abandoned",
        "armed",
        "doing",
        "ended",
        "ended_ns",
        "firing",
        "nested_ns",
        "owner",
        "parent",
        "started_ns",
        "thread_id",
    )

    def __init__(self, owner: Owner | None, doing: str, firing: Any = None) -> None:
        self.owner = owner
        self.doing = doing
        self.firing = firing
        self._sink: Sink | None = None
        self.parent: Scope | None = None
        self.thread_id = 0
        self.started_ns = self.ended_ns = self.nested_ns = 0
        self.abandoned = False
        self.armed = False
        """Whether an interruption was asked for."""
        self.ended = False
        self._lock: threading.Lock | None = None

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call `function` inside this scope; whatever it raises comes out.

        Raises:
            Interrupted: the scope was interrupted while it ran.
            Abandoned: the thread was given up meanwhile; nothing it does counts any more.
        """
        parent = self.parent = surrounding()
        thread_id = self.thread_id = threading.get_ident()
        token = CURRENT.set(self)
        running = RUNNING.get(thread_id)
        if running is not None:
            crossed()
        self.started_ns = perf_counter_ns()
        RUNNING[thread_id] = self
        try:
            return function(*args, **kwargs)
        finally:
            # Order matters: from the first store on nothing is injected any more (see `inject`).
            self.ended = True
            try:
                if self.armed:
                    self.settle()
            finally:
                CURRENT.reset(token)
                self.ended_ns = perf_counter_ns()
                crossed()
                if running is None:
                    RUNNING.pop(thread_id, None)
                elif not self.abandoned:
                    RUNNING[thread_id] = running
                if parent is not None:
                    parent.nested_ns += self.ended_ns - self.started_ns
            if self.abandoned:
                raise Abandoned(f"{self.doing} was given up")

    @property
    def sink(self) -> Sink:
        """Where output and logs of this scope go, also from threads that outlive it."""
        if self._sink is None:
            self._sink = Sink()
        return self._sink

    @property
    def said(self) -> Sink | None:
        """The sink if anything was ever said."""
        return self._sink

    @property
    def duration_ns(self) -> int:
        """How long it has run so far, or ran; 0 for code that was never reached."""
        if not self.started_ns:
            return 0
        return (self.ended_ns or perf_counter_ns()) - self.started_ns

    @property
    def own_ns(self) -> int:
        """Time spent in this scope's own code so far, nested scopes not counted."""
        return self.duration_ns - self.nested_ns

    @property
    def step(self) -> int | None:
        """Which step of the firing it is, from 0; None for other code."""
        return None

    @property
    def turn(self) -> object:
        """What tells one stretch of code from the next, in a scope that runs several."""
        return None

    def pinned(self) -> Scope:
        """The scope for code that goes on by itself, whatever this one does next."""
        return self

    def unpinned(self) -> Scope:
        """The scope that was pinned, as long as this thread runs just that stretch of it."""
        return self

    def inject(self, turn: object = None) -> bool:
        """Raise `Interrupted` in the code of this scope; False when it has ended already.

        Called from another thread, again and again while the code survives it.
        """
        lock = self._lock = self._lock or threading.Lock()
        with lock:
            # In this order: the code either sees that it is armed, or has ended before that.
            before, self.armed = self.armed, True
            if self.ended or self.turn is not turn:
                self.armed = before
                return False
            inject(self.thread_id)
            return True

    def abandon(self, innermost: Scope | None = None) -> None:
        """Give up this scope and all around it, from another thread; `innermost` is stuck."""
        scope: Scope | None = self
        while scope is not None:
            # Read first: a firing that is given up comes to its end and lets go of it.
            outer = scope.parent
            scope.abandoned = True
            scope.given_up(innermost or self)
            scope = outer

    def postpone(self, nanoseconds: int) -> None:
        """Have it begun later, and all that it runs inside of: that time was nobody's."""
        self.started_ns += nanoseconds
        if self.parent is not None:
            self.parent.postpone(nanoseconds)

    def given_up(self, innermost: Scope) -> None:
        """Leave things as if the code of this scope had failed; it will never return.

        Args:
            innermost: the scope whose code is stuck: this one, or one inside of it.
        """

    @contextmanager
    def unreachable(self) -> Generator[None]:
        """Nothing is injected meanwhile; what was and has not come yet is taken back."""
        before, self.ended = self.ended, True
        try:
            self.settle()
            yield
        finally:
            self.ended = before

    def settle(self) -> None:
        """Take back an injected exception that was not delivered while the code ran."""
        while True:
            try:
                if self._lock is not None:
                    with self._lock:
                        take_back()
                return
            except Interrupted:
                continue


CURRENT: ContextVar[Scope | None] = ContextVar("escalated_core_scope", default=None)
"""The innermost scope of this context; threads that a plugin starts inherit it."""

APART: ContextVar[bool] = ContextVar("escalated_core_apart", default=False)
"""Whether code of this context, and of threads it starts, is only tried out: nothing lasts."""

RUNNING: dict[int, Scope] = {}
"""The innermost scope that each thread (by identifier) is running right now."""


AT_BOUNDARIES: list[Callable[[], None]] = []
"""Called on a scope's thread before the scope ends or another begins inside it."""


def crossed() -> None:
    for call in AT_BOUNDARIES:
        call()


def surrounding() -> Scope | None:
    """The scope that code of this context and thread runs in."""
    scope = CURRENT.get()
    return scope.unpinned() if scope is not None else None


def current_owner() -> Owner | None:
    """The plugin whose code runs in this context, if any."""
    scope = CURRENT.get()
    while scope is not None:
        if scope.owner is not None:
            return scope.owner
        scope = scope.parent
    return None


def refuse_abandoned() -> None:
    """Raise `Abandoned` when the code that asks belongs to a thread that was given up."""
    scope = surrounding()
    if scope is not None and scope.abandoned:
        raise Abandoned(f"{scope.doing} was given up")
