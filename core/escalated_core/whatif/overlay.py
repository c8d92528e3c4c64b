"""The overlay: what is other than registered, in every chain that is run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from escalated_core.hooks.registration import Registration, left_out
from escalated_core.hooks.registry import Chain, Dispatcher, HookRegistry, Key
from escalated_core.records import Kind, WhatIf

ChangeChain = Callable[[Chain], Chain]
MUTED = "muted"
ANSWERED = "answered for"


@dataclass(frozen=True)
class Entry:
    """One what-if as it is applied; `make` gives what is answered, anew each time."""

    told: WhatIf
    make: Callable[[], Any] | None = None

    def fits(self, registration: Registration, is_lifecycle: Callable[[str], bool]) -> bool:
        """Whether it is about this callback."""
        told, hook, name = self.told, registration.hook, registration.name
        if told.does == "answer" and registration.kind == "action":
            return False
        if not told.hook and is_lifecycle(hook):
            return False
        return (
            fits(told.hook, hook)
            and fits(told.plugin, registration.slug or "host")
            and fits(told.callback, name, name.rpartition(".")[2])
        )


class Laid:
    """Entries that stand together. Of those about one callback the newest counts.

    A priority counts besides: one that is moved may be muted or answered for, too.
    """

    def __init__(
        self, entries: tuple[Entry, ...] = (), is_lifecycle: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.entries = entries
        self._is_lifecycle = is_lifecycle
        self._known: dict[Key, tuple[Chain, Chain]] = {}

    def __call__(self, chain: Chain) -> Chain:
        """The chain as it is to run: the very same if nothing is about it."""
        if not chain:
            return chain
        key = chain[0].kind, chain[0].hook
        known = self._known.get(key)
        if known is not None and known[0] is chain:
            return known[1]
        changed = tuple(sorted(map(self._changed, chain), key=lambda each: each.order))
        made = chain if changed == chain else changed
        self._known[key] = chain, made
        return made

    def _changed(self, registration: Registration) -> Registration:
        about = [each for each in self.entries if each.fits(registration, self._is_lifecycle)]
        moves = [each for each in about if each.told.priority is not None]
        others = [each for each in about if each.told.priority is None]
        made = registration
        if moves and moves[-1].told.priority != registration.priority:
            made = moved(registration, moves[-1].told.priority or 0)
        if others:
            made = _played(made, others[-1].make)
        return made


class Overlay:
    """Lays what-ifs over the chains of a registry, on their way to what runs them.

    While there are none it is not in the way. Safe to use from any thread.
    """

    def __init__(
        self, registry: HookRegistry, runner: Dispatcher, is_lifecycle: Callable[[str], bool]
    ) -> None:
        self._registry = registry
        self._runner = runner
        self._is_lifecycle = is_lifecycle
        self._laid = Laid()
        self._lock = threading.Lock()
        self._apart = 0
        self._instead: ContextVar[ChangeChain | None] = ContextVar("whatif", default=None)
        self._last = 0
        self.revision = 0
        """Goes up with every change, for whoever polls."""

    def run(
        self, kind: Kind, hook: str, chain: Chain, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Have the chain run as it is laid over it."""
        return self._runner.run(kind, hook, self.over(chain), args, kwargs)

    def over(self, chain: Chain) -> Chain:
        """The chain as it is to run in this context."""
        return (self._instead.get() or self._laid)(chain)

    @property
    def laid(self) -> Laid:
        """What stands now."""
        return self._laid

    def add(self, told: WhatIf, make: Callable[[], Any] | None = None) -> WhatIf:
        """Lay something over it; returns it with its number."""
        with self._lock:
            self._last += 1
            numbered = replace(told, number=self._last)
            self._lay((*self._laid.entries, Entry(numbered, make)))
        return numbered

    def remove(self, *numbers: int) -> bool:
        """Take these away; False if none of them stood."""
        with self._lock:
            kept = tuple(each for each in self._laid.entries if each.told.number not in numbers)
            is_any = kept != self._laid.entries
            self._lay(kept)
        return is_any

    def clear(self) -> None:
        """Take all of them away."""
        with self._lock:
            self._lay(())

    @contextmanager
    def instead(self, change: ChangeChain) -> Generator[None]:
        """In this context, and threads started in it, chains are run as changed by this."""
        with self._lock:
            self._apart += 1
            self._lay(self._laid.entries)
        token = self._instead.set(change)
        try:
            yield
        finally:
            self._instead.reset(token)
            with self._lock:
                self._apart -= 1
                self._lay(self._laid.entries)

    @property
    def heard(self) -> list[Registration]:
        """All callbacks that are registered."""
        return [registration for _, _, chain in self._registry for registration in chain]

    def stands(self) -> list[WhatIf]:
        """What stands, oldest first, with how many callbacks each is about."""
        heard = self.heard
        return [
            replace(entry.told, matches=sum(entry.fits(each, self._is_lifecycle) for each in heard))
            for entry in self._laid.entries
        ]

    def _lay(self, entries: tuple[Entry, ...]) -> None:
        if entries != self._laid.entries:
            self._laid = Laid(entries, self._is_lifecycle)
            self.revision += 1
        is_needed = bool(entries or self._apart)
        self._registry.dispatcher = self if is_needed else self._runner


def moved(registration: Registration, priority: float) -> Registration:
    """The callback in the place that another priority gives it."""
    note = f"moved from priority {registration.priority:g}"
    made = registration.played_by(registration.callback, note)
    made.priority = priority
    made.order = priority, *registration.order[1:]
    return made


def muted(registration: Registration) -> Registration:
    """The callback left out."""
    return _played(registration, None)


def _played(registration: Registration, make: Callable[[], Any] | None) -> Registration:
    note = ", ".join(filter(None, (registration.note, ANSWERED if make else MUTED)))
    return registration.played_by(_answering(make) if make else left_out, note)


def _answering(make: Callable[[], Any]) -> Callable[..., Any]:
    def answer(*_: object, **__: object) -> Any:
        return make()

    return answer


def fits(pattern: str, *names: str) -> bool:
    """Whether one of the names is meant by a pattern; one that is empty means all."""
    return not pattern or any(fnmatchcase(name, pattern) for name in names)
