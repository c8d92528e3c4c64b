"""Signal receivers by owner, so that they go when the plugin that connected them goes."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal
from django.utils import inspect


@dataclass(frozen=True, slots=True)
class _Receiver:
    """One call of `Signal.connect`; `target` is a weak reference if Django's is."""

    owner: object
    signal: Signal
    target: Any
    sender: Any
    weak: bool
    uid: Any

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

    Args:
        current_owner: whose code runs right now; None for nobody's.
    """

    def __init__(self, current_owner: Callable[[], object | None]) -> None:
        self._current_owner = current_owner
        self._connect = Signal.connect
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
                receivers._hold(_Receiver(owner, self, target, sender, weak, dispatch_uid))

        def undo() -> None:
            Signal.connect = self._connect
            for owner in {id(held.owner): held.owner for held in self._held}.values():
                self.disconnect_owner(owner)

        self._connect = Signal.connect
        Signal.connect = connect
        return undo

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


def _reference(receiver: Any) -> Any:
    """A weak reference as Django makes it."""
    bound = hasattr(receiver, "__self__") and hasattr(receiver, "__func__")
    return weakref.WeakMethod(receiver) if bound else weakref.ref(receiver)


def _forget_signatures() -> None:
    """Django remembers the signatures of receivers, and with them their modules."""
    for function in vars(inspect).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()
