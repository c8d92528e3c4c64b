"""Effects while they happen, and the outbox that keeps them in order."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from time import monotonic, perf_counter_ns, sleep, time
from typing import Any, cast, overload

from escalated_core.effects.policy import Plan, Policy
from escalated_core.records import Effect, EffectKind
from escalated_core.scope import CURRENT, Scope, current_owner, refuse_abandoned
from escalated_core.snapshots.pictures import DictSnapshot, ListSnapshot, TupleSnapshot

BODY_CAP = 50_000
"""Bytes kept of a body."""
LOOSE_CAP = 1_000
"""Effects kept that belong to no firing, as while a plugin is loaded."""

_EFFECT_BYTES = 1_500
"""What an effect without bodies takes in memory, about."""
_NAP = 0.01

_policy: ContextVar[Policy | None] = ContextVar("effects_policy", default=None)
_effects: ContextVar[Effects | None] = ContextVar("effects", default=None)
_inside: ContextVar[bool] = ContextVar("effects_inside", default=False)


class Body:
    """Bytes that were sent or received, capped; `size` counts all of them."""

    __slots__ = ("data", "size")

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray()
        self.size = 0
        self.add(data)

    def add(self, data: Any) -> None:
        """Add bytes, or what shows some; anything else is left out."""
        with suppress(TypeError):
            view = memoryview(data).cast("B")
            self.data += view[: max(BODY_CAP - len(self.data), 0)]
            self.size += len(view)

    def shown(self, encoding: str = "") -> str | bytes:
        """As text with a sign where it was cut, or as it is when it is no text."""
        data = bytes(self.data)
        is_cut = self.size > len(data)
        if encoding in ("gzip", "deflate", "x-gzip"):
            with suppress(zlib.error):
                data = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, BODY_CAP)
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            if not is_cut or error.start < len(data) - 4:
                return data
            text = data[: error.start].decode()
        return f"{text}… ({self.size:,} bytes)" if is_cut else text


class OpenEffect:
    """An effect under way or done: what reads it makes a record of what is known by then.

    Args:
        details: gives what the record says in detail, when it is read.
    """

    __slots__ = (
        "at",
        "began_ns",
        "bodies",
        "details",
        "ended_ns",
        "error",
        "firing",
        "kind",
        "plan",
        "plugin",
        "step",
        "target",
    )

    def __init__(
        self, kind: EffectKind, target: str, plan: Plan, details: Callable[[], Mapping[str, Any]]
    ) -> None:
        scope = CURRENT.get()
        owner = current_owner()
        self.kind: EffectKind = kind
        self.target = target
        self.plan = plan
        self.details = details
        self.bodies: list[Body] = []
        self.error: str | None = None
        self.plugin = owner.slug if owner is not None else None
        self.firing: Any = scope.firing if scope is not None else None
        self.step = scope.step if scope is not None else None
        self.at = time()
        self.began_ns = perf_counter_ns()
        self.ended_ns = 0
        if scope is not None:
            _keep(self, scope)

    def body(self, data: bytes = b"") -> Body:
        """A body that counts for the effect's size."""
        self.bodies.append(Body(data))
        return self.bodies[-1]

    def end(self, error: BaseException | str | None = None) -> None:
        """It was answered, or something was raised in place of an answer."""
        self.ended_ns = perf_counter_ns()
        if error is not None:
            self.error = error if isinstance(error, str) else type(error).__name__

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return _EFFECT_BYTES + sum(len(body.data) for body in self.bodies)

    def record(self) -> Effect:
        details = dict(self.details())
        if self.error is not None:
            details["error"] = self.error
        return Effect(
            kind=self.kind,
            verdict=self.plan.verdict,
            target=self.target,
            details=_pictured(details),
            at=self.at,
            duration_ns=max(self.ended_ns - self.began_ns, 0),
            plugin=self.plugin,
            firing_id=self.firing.id if self.firing is not None else None,
            step=self.step,
        )


class Outbox(Sequence[Effect]):
    """The effects of all firings that are kept, and those outside of firings; oldest first.

    Args:
        kept: tells which firings, given by id, are still kept.
    """

    def __init__(self, kept: Callable[[Iterable[int]], set[int]]) -> None:
        self._kept = kept
        self._effects: list[OpenEffect] = []
        self._tidy_at = LOOSE_CAP
        self._lock = threading.Lock()

    def add(self, effect: OpenEffect) -> None:
        with self._lock:
            self._effects.append(effect)
            if len(self._effects) >= self._tidy_at:
                self._effects = self._standing()
                self._tidy_at = max(LOOSE_CAP, 2 * len(self._effects))

    def __len__(self) -> int:
        return len(self._now())

    def __iter__(self) -> Iterator[Effect]:
        return (effect.record() for effect in self._now())

    @overload
    def __getitem__(self, index: int) -> Effect: ...
    @overload
    def __getitem__(self, index: slice) -> list[Effect]: ...
    def __getitem__(self, index: int | slice) -> Effect | list[Effect]:
        chosen = self._now()[index]
        return [e.record() for e in chosen] if isinstance(chosen, list) else chosen.record()

    def _now(self) -> list[OpenEffect]:
        with self._lock:
            return self._standing()

    def _standing(self) -> list[OpenEffect]:
        done = {e.firing.id for e in self._effects if e.firing is not None and e.firing.finished}
        gone = done - self._kept(done)
        loose = [effect for effect in self._effects if effect.firing is None]
        over = {id(effect) for effect in loose[:-LOOSE_CAP]}
        return [
            effect
            for effect in self._effects
            if id(effect) not in over and (effect.firing is None or effect.firing.id not in gone)
        ]


class Effects:
    """The effects of one host: what becomes of them unless a firing says otherwise."""

    def __init__(self, outbox: Outbox, policy: Policy | None = None) -> None:
        self.outbox = outbox
        self.policy = policy or Policy()
        self.is_closed = False
        """Whether the host is closed: what is sent by what it left behind is held."""

    def enter(self) -> None:
        """What is sent in this context, and in threads started in it, goes by these."""
        _effects.set(self)


_active: list[Effects] = []


def activate(effects: Effects) -> Callable[[], None]:
    """Have effects go by these from now on, those of unknown contexts too; returns the undo."""
    _active.append(effects)

    def undo() -> None:
        effects.is_closed = True
        _active.remove(effects)

    return undo


def is_active() -> bool:
    """Whether effects go by anything."""
    return bool(_active)


@contextmanager
def under(policy: Policy | None) -> Generator[None]:
    """What is sent in this context, and in threads started in it, goes by this policy."""
    token = _policy.set(policy or _policy.get())
    try:
        yield
    finally:
        _policy.reset(token)


@contextmanager
def inside() -> Generator[None]:
    """What is sent in this context is part of an effect that is seen already."""
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


def plan_for(kind: EffectKind, names: Iterable[str], is_local: bool) -> Plan | None:
    """What becomes of an effect of the code that runs; None when it is nobody's business.

    Raises:
        Abandoned: the code belongs to a thread that was given up.
    """
    effects = _responsible()
    if effects is None or CURRENT.get() is None or _inside.get():
        return None
    refuse_abandoned()
    if effects.is_closed:
        return Plan("held")
    return (_policy.get() or effects.policy).plan(kind, names, is_local)


def wait(seconds: float) -> None:
    """Sleep, but let an interruption in."""
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        sleep(min(left, _NAP))


def _keep(effect: OpenEffect, scope: Scope) -> None:
    effects = _responsible()
    if scope.sink.effect(effect) and effects is not None:
        effects.outbox.add(effect)


def _responsible() -> Effects | None:
    return _effects.get() or (_active[-1] if _active else None)


def _pictured(value: Any) -> Any:
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return DictSnapshot({key: _pictured(item) for key, item in named.items()})
    if isinstance(value, (list, tuple)):
        made = ListSnapshot if isinstance(value, list) else TupleSnapshot
        return made([_pictured(item) for item in cast("list[Any]", value)])
    return value
