"""Signal receivers by owner: run as its code, and gone when it goes."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable, Generator, Hashable, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

from django.dispatch import Signal
from django.utils import inspect

from escalated_core.helpdesk.receiving import Report, Turn, turn_of

_silent: ContextVar[bool] = ContextVar("receivers_silent", default=False)


@dataclass(frozen=True, slots=True)
class _Receiver:
    """One call of `Signal.connect`; `target` is a weak reference if Django's is."""

    owner: object
    signal: Signal
    target: Any
    sender: Any
    weak: bool
    uid: Any
    turn: Turn

    def live(self) -> Any:
        """The receiver itself; None when nobody else holds it any more."""
        return self.target() if self.weak else self.target

    def same_place(self, other: _Receiver) -> bool:
        """Whether Django, which keeps one receiver per place, would refuse one of the two."""
        if self.signal is not other.signal or self.sender is not other.sender:
            return False
        if self.uid or other.uid:
            return self.uid == other.uid
        return self.live() == other.live()

    def is_connected(self) -> bool:
        """Whether Django's signal holds this receiver and not another one in its place."""
        if not self.uid:
            return True
        place = (self.uid, id(self.sender))
        entries: list[Any] = self.signal.receivers
        held: Any = next((entry[1] for entry in entries if entry[0] == place), None)
        weak = issubclass(type(held), weakref.ref)
        return (held() if weak else held) == self.live()


class Receivers:
    """Every receiver that is connected while an owner's code runs.

    What is sent by code of nobody, or of somebody else, it gets in a scope of its owner. What it
    raises reaches code of nobody as a `PluginError`.

    Args:
        current_owner: whose code runs right now; None for nobody's.
        report: is told of a receiver that did not come to an end in somebody else's code.
    """

    def __init__(self, current_owner: Callable[[], Any], report: Report = lambda _: None) -> None:
        self._current_owner = current_owner
        self._report = report
        self._connect, self._live = Signal.connect, vars(Signal)["_live_receivers"]
        self._held: list[_Receiver] = []
        self._lock = threading.Lock()

    def install(self) -> Callable[[], None]:
        """Attribute receivers from now on; the undo disconnects all that are left."""
        receivers = self

        def connect(
            self: Signal,
            receiver: Callable[..., Any],
            sender: object = None,
            weak: bool = True,
            dispatch_uid: Hashable | None = None,
        ) -> None:
            receivers._connect(self, receiver, sender, weak, dispatch_uid)
            owner = receivers._current_owner()
            if owner is not None:
                target = _reference(receiver) if weak else receiver
                turn = turn_of(owner, self, receiver, receivers._report)
                receivers._hold(_Receiver(owner, self, target, sender, weak, dispatch_uid, turn))

        def live_receivers(self: Signal, sender: object) -> Any:
            found = receivers._live(self, sender)
            return receivers._in_turn(self, found) if receivers._held else found

        def undo() -> None:
            Signal.connect = self._connect
            setattr(Signal, "_live_receivers", self._live)  # noqa: B010 - it is Django's own
            for owner in {id(held.owner): held.owner for held in self._held}.values():
                self.disconnect_owner(owner)

        self._connect, self._live = Signal.connect, vars(Signal)["_live_receivers"]
        Signal.connect = connect
        setattr(Signal, "_live_receivers", live_receivers)  # noqa: B010
        return undo

    @contextmanager
    def silenced(self) -> Generator[None]:
        """What is sent in this context reaches no receiver of any owner."""
        token = _silent.set(True)
        try:
            yield
        finally:
            _silent.reset(token)

    def _in_turn(self, signal: Signal, found: Any) -> Any:
        """What Django is to call, for the receivers that it found."""
        if isinstance(found, list):  # of Django 4.2, which has no others
            return self._turns(signal, cast("list[Any]", found), Turn.plain)
        plain, awaited = found
        first = self._turns(signal, plain, Turn.plain)
        if _is_in_loop():
            return first, self._turns(signal, awaited, Turn.awaited)
        # Waited for one by one, on this thread: nothing else could tell that one is stuck.
        foreign = [each for each in awaited if self._foreign(signal, each)]
        own = [each for each in awaited if each not in foreign]
        return first + self._turns(signal, foreign, Turn.waited_for), own

    def _turns(
        self, signal: Signal, receivers: Iterable[Any], made: Callable[[Turn, Any], Any]
    ) -> list[Any]:
        calls: list[Any] = []
        for receiver in receivers:
            held = self._foreign(signal, receiver)
            if held is None:
                calls.append(receiver)
            elif not _silent.get():
                calls.append(made(held.turn, receiver))
        return calls

    def _foreign(self, signal: Signal, receiver: Any) -> _Receiver | None:
        """Whose receiver it is, unless it is that of the code that runs."""
        owner = self._current_owner()
        held = [h for h in self._held if h.signal is signal and h.live() == receiver]
        return next(iter(held), None) if all(h.owner is not owner for h in held) else None

    def disconnect_owner(self, owner: object) -> None:
        """Disconnect what `owner` connected.

        A receiver of somebody else that Django refused, because the same `dispatch_uid` was
        taken by `owner`, is connected now: this is how a reloaded plugin succeeds its old self.
        """
        with self._lock:
            leaving = [held for held in self._held if held.owner is owner]
            self._held = [held for held in self._held if held.owner is not owner]
            staying = list(self._held)
        for held in leaving:
            receiver = held.live()
            if receiver is None or not held.is_connected():
                continue
            if Signal.disconnect(held.signal, receiver, held.sender, held.uid):
                self._succeed(held, staying)
        _forget_signatures()

    def _succeed(self, gone: _Receiver, staying: list[_Receiver]) -> None:
        for held in staying:
            receiver = held.live()
            if receiver is not None and held.same_place(gone):
                self._connect(held.signal, receiver, held.sender, held.weak, held.uid)
                return

    def _hold(self, new: _Receiver) -> None:
        with self._lock:
            alive = [held for held in self._held if held.live() is not None]
            known = any(h.owner is new.owner and h.same_place(new) for h in alive)
            self._held = alive if known else [*alive, new]


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _reference(receiver: Any) -> Any:
    """A weak reference as Django makes it."""
    bound = hasattr(receiver, "__self__") and hasattr(receiver, "__func__")
    return weakref.WeakMethod(receiver) if bound else weakref.ref(receiver)


def _forget_signatures() -> None:
    """Django remembers the signatures of receivers, and with them their modules."""
    for function in vars(inspect).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()
