"""The hook registry: actions and filters in running order, changed in whole transactions.

Chains are immutable tuples, replaced at each change: a firing runs the chain it started with,
skipping what was removed meanwhile, and needs no lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from itertools import count
from typing import Any, Protocol

from escalated_core.hooks.registration import Registration, check
from escalated_core.records import Callback, Kind
from escalated_core.scope import Owner, current_owner, refuse_abandoned

Chain = tuple[Registration, ...]
Key = tuple[Kind, str]


class Dispatcher(Protocol):
    """Runs a chain. The recorder does, and keeps what happened."""

    def run(
        self, kind: Kind, hook: str, chain: Chain, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any: ...


class Stage:
    """Registrations of a plugin that is being loaded; nobody else sees them until `commit`."""

    def __init__(self, registry: HookRegistry, owner: Owner, chains: dict[Key, Chain]) -> None:
        self.owner = owner
        self.chains = chains
        self._registry = registry
        self._removed: list[Registration] = []
        self._added: list[Registration] = []

    def add(self, registration: Registration) -> None:
        insert(self.chains, registration)
        self._added.append(registration)

    def remove(self, key: Key, matches: Callable[[Registration], bool]) -> None:
        self._removed += take(self.chains, key, matches)

    def commit(self) -> tuple[list[Callback], list[Callback]]:
        """Put the new generation in the place of the old; returns what came and what went."""
        return self._registry.replace(self.owner.slug, self._added, self._removed)


class HookRegistry:
    """Who listens to which hook. Safe to use from any thread."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._chains: dict[Key, Chain] = {}
        self._lock = threading.RLock()
        self.revision = 0
        """Goes up with every change, for whoever polls."""
        self._sequence = count(1)
        self._stage: ContextVar[Stage | None] = ContextVar("stage", default=None)

    def next_place(self) -> int:
        """A turn after everything registered so far, for a plugin that is about to load."""
        return next(self._sequence)

    def add(self, kind: Kind, hook: str, callback: Callable[..., Any], priority: float) -> None:
        """Register `callback`; raises `TypeError` for what cannot be meant."""
        refuse_abandoned()
        check(kind, hook, callback, priority)
        registration = Registration(kind, hook, callback, priority, current_owner())
        sequence = next(self._sequence)
        stage = self._stage.get()
        place = stage.owner.place if stage else sequence
        registration.order = (priority, place, sequence)
        if stage:
            stage.add(registration)
        else:
            with self._lock:
                insert(self._chains, registration)
                self.revision += 1

    def remove(self, kind: Kind, hook: str, callback: Callable[..., Any] | None = None) -> None:
        """Remove every registration equal to `callback`, or all; unknown names are no error."""
        refuse_abandoned()

        def matches(registration: Registration) -> bool:
            return callback is None or same_callback(registration.callback, callback)

        stage = self._stage.get()
        if stage:
            stage.remove((kind, hook), matches)
            return
        with self._lock:
            self.revision += 1
            for registration in take(self._chains, (kind, hook), matches):
                registration.alive = False

    def chain(self, kind: Kind, hook: str) -> Chain:
        """The callbacks of a hook in running order, as this context sees them."""
        stage = self._stage.get()
        return (stage.chains if stage else self._chains).get((kind, hook), ())

    def fire(self, kind: Kind, hook: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the hook's callbacks; a filter's value comes back, an action answers None."""
        return self._dispatcher.run(kind, hook, self.chain(kind, hook), args, kwargs)

    def __iter__(self) -> Iterator[tuple[Kind, str, Chain]]:
        """Every hook that has callbacks, by kind and name."""
        chains = dict(self._chains)
        for kind, hook in sorted(chains):
            yield kind, hook, chains[kind, hook]

    def stage(self, owner: Owner) -> StageScope:
        """A context in which `owner` registers aside, not seeing its older generations."""
        chains = {
            key: kept
            for key, chain in self._chains.items()
            if (kept := tuple(r for r in chain if r.slug != owner.slug))
        }
        return StageScope(self._stage, Stage(self, owner, chains))

    def replace(
        self, slug: str, added: Iterable[Registration], removed: Iterable[Registration]
    ) -> tuple[list[Callback], list[Callback]]:
        """At one instant: drop what `slug` had registered, add and remove what it staged."""
        gone = set(removed)
        with self._lock:
            chains = dict(self._chains)
            old = [r for c in chains.values() for r in c if r.slug == slug]
            for registration in [*old, *gone]:
                discard(chains, registration)
            new = [r for r in added if r not in gone]
            for registration in new:
                insert(chains, registration)
            self._chains = chains
            self.revision += 1
            for registration in [*old, *gone]:
                registration.alive = False
        return [r.record() for r in new], [r.record() for r in old]

    def discard(self, slug: str) -> list[Callback]:
        """Take back everything a plugin registered."""
        return self.replace(slug, (), ())[1]

    def clear(self) -> None:
        with self._lock:
            for chain in self._chains.values():
                for registration in chain:
                    registration.alive = False
            self._chains = {}


class StageScope:
    """Makes a stage the one that registrations of this context go to."""

    def __init__(self, variable: ContextVar[Stage | None], stage: Stage) -> None:
        self._variable = variable
        self._stage = stage

    def __enter__(self) -> Stage:
        self._token = self._variable.set(self._stage)
        return self._stage

    def __exit__(self, *_: object) -> None:
        self._variable.reset(self._token)


def insert(chains: dict[Key, Chain], registration: Registration) -> None:
    key = (registration.kind, registration.hook)
    chains[key] = tuple(sorted([*chains.get(key, ()), registration], key=lambda r: r.order))


def discard(chains: dict[Key, Chain], registration: Registration) -> None:
    take(chains, (registration.kind, registration.hook), lambda r: r is registration)


def take(
    chains: dict[Key, Chain], key: Key, matches: Callable[[Registration], bool]
) -> list[Registration]:
    """Remove the matching registrations of one hook and return them."""
    chain = chains.get(key, ())
    taken = [registration for registration in chain if matches(registration)]
    if taken:
        kept = tuple(registration for registration in chain if registration not in taken)
        if kept:
            chains[key] = kept
        else:
            del chains[key]
    return taken


def same_callback(one: object, other: object) -> bool:
    """Equality as `remove_*` means it; a callback whose `__eq__` raises equals only itself."""
    if one is other:
        return True
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 - plugin code decides equality of callable objects
        return False
