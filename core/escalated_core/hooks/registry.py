"""The hook registry: actions and filters in running order, changed in whole transactions.

Chains are immutable tuples, replaced at each change: a firing runs the chain it started with,
skipping what was removed meanwhile, and needs no lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from copy import copy
from itertools import count
from typing import Any, Protocol

from escalated_core.hooks.history import History
from escalated_core.hooks.registration import Registration, check, check_name
from escalated_core.records import Callback, Kind
from escalated_core.scope import Owner, current_owner, refuse_abandoned

Chain = tuple[Registration, ...]
Key = tuple[Kind, str]

_NOBODY = Owner("", 0, 0)


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
        self.committed = False
        """Threads that the plugin started while it was loaded live on in the stage's context."""
        self._registry = registry
        self._removed: list[Registration] = []
        self._added: list[Registration] = []

    def add(self, registration: Registration) -> None:
        insert(self.chains, registration)
        self._added.append(registration)

    def remove(self, key: Key, registrations: list[Registration]) -> None:
        self._removed += registrations
        for registration in drop(self.chains, key, registrations):
            # Its own are gone at once; those of others stay until the load has succeeded.
            registration.alive = registration.owner is not self.owner

    def commit(self) -> tuple[list[Callback], list[Callback]]:
        """Put the new generation in the place of the old; returns what came and what went."""
        return self._registry.commit(self, self._added, self._removed)


class HookRegistry:
    """Who listens to which hook, and who did (`history`). Safe to use from any thread."""

    def __init__(self, dispatcher: Dispatcher, history: History | None = None) -> None:
        self.dispatcher = dispatcher
        """What runs the chains; it may be replaced at any time."""
        self.history = history or History()
        self._chains: dict[Key, Chain] = {}
        self._lock = threading.RLock()
        self._former: dict[str, tuple[Registration, ...]] = {}
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
        with self._lock:
            stage = self._staging()
            sequence = next(self._sequence)
            place = sequence
            if stage and registration.owner is stage.owner:
                place = stage.owner.place
            registration.order = (priority, place, sequence)
            if stage:
                stage.add(registration)
            else:
                insert(self._chains, registration)
                self._turned([registration], ())

    def remove(self, kind: Kind, hook: str, callback: Callable[..., Any] | None = None) -> None:
        """Remove every registration equal to `callback`, or all; unknown names are no error."""
        refuse_abandoned()
        # Compared outside the lock: `__eq__` of a callable object is a plugin's code.
        meant = [
            registration
            for registration in self.chain(kind, hook)
            if callback is None or same_callback(registration.callback, callback)
        ]
        with self._lock:
            stage = self._staging()
            if stage:
                stage.remove((kind, hook), meant)
            else:
                gone = drop(self._chains, (kind, hook), meant)
                for registration in gone:
                    registration.alive = False
                self._turned((), gone)

    def chain(self, kind: Kind, hook: str) -> Chain:
        """The callbacks of a hook in running order, as this context sees them."""
        return self._visible().get((kind, hook), ())

    def fire(self, kind: Kind, hook: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the hook's callbacks; a filter's value comes back, an action answers None."""
        if type(hook) is not str or not hook:
            check_name(hook)
        stage = self._stage.get()
        chains = self._chains if stage is None or stage.committed else stage.chains
        return self.dispatcher.run(kind, hook, chains.get((kind, hook), ()), args, kwargs)

    def __iter__(self) -> Iterator[tuple[Kind, str, Chain]]:
        """Every hook that has callbacks, by kind and name, as this context sees them."""
        chains = dict(self._visible())
        for kind, hook in sorted(chains):
            yield kind, hook, chains[kind, hook]

    def stage(self, owner: Owner) -> StageScope:
        """A context in which `owner` registers aside, not seeing its older generations."""
        chains = {
            key: kept
            for key, chain in dict(self._chains).items()
            if (kept := tuple(r for r in chain if r.slug != owner.slug))
        }
        return StageScope(self._stage, Stage(self, owner, chains))

    @property
    def chains(self) -> Mapping[Key, Chain]:
        """Every hook's callbacks as they are in force now."""
        return self._chains

    def aside(self, chains: Mapping[Key, Chain]) -> StageScope:
        """A context with these chains in force; what is registered in it is seen by nobody else."""
        return StageScope(self._stage, Stage(self, _NOBODY, dict(chains)))

    def commit(
        self, stage: Stage, added: Iterable[Registration], removed: Iterable[Registration]
    ) -> tuple[list[Callback], list[Callback]]:
        """At one instant: `stage` in the place of all that its plugin had registered before."""
        slug = stage.owner.slug
        with self._lock:
            stage.committed = True
            before = self._chains
            answer = self._replace(slug, added, set(removed))
            self._former[slug] = of_plugin(before, slug)
            return answer

    def discard(self, slug: str) -> list[Callback]:
        """Take back everything a plugin registered."""
        with self._lock:
            self._former.pop(slug, None)
            return self._replace(slug, (), set())[1]

    def keys_of(self, slug: str) -> set[Key]:
        """The hooks that a plugin listens to, or its generation before did."""
        own = (*of_plugin(dict(self._chains), slug), *self._former.get(slug, ()))
        return {(registration.kind, registration.hook) for registration in own}

    def former_chains(self, slug: str) -> dict[Key, Chain] | None:
        """Every chain as if the generation before of a plugin were in force; None if none was."""
        former = self._former.get(slug)
        if former is None:
            return None
        chains = dict(self._chains)
        for registration in of_plugin(chains, slug):
            drop(chains, (registration.kind, registration.hook), [registration])
        for registration in former:
            again = copy(registration)
            again.alive = True
            insert(chains, again)
        return chains

    def clear(self) -> None:
        with self._lock:
            for chain in self._chains.values():
                for registration in chain:
                    registration.alive = False
            self._chains = {}

    def _staging(self) -> Stage | None:
        stage = self._stage.get()
        return stage if stage and not stage.committed else None

    def _visible(self) -> dict[Key, Chain]:
        stage = self._staging()
        return stage.chains if stage else self._chains

    def _replace(
        self, slug: str, added: Iterable[Registration], gone: set[Registration]
    ) -> tuple[list[Callback], list[Callback]]:
        chains = dict(self._chains)
        old = of_plugin(chains, slug)
        new = [r for r in added if r not in gone]
        went: list[Registration] = []
        for registration in [*old, *gone]:
            went += drop(chains, (registration.kind, registration.hook), [registration])
        for registration in new:
            insert(chains, registration)
        self._chains = chains
        for registration in [*old, *gone]:
            registration.alive = False
        self._turned(new, went)
        return [r.record() for r in new], [r.record() for r in old]

    def _turned(self, came: Iterable[Registration], went: Iterable[Registration]) -> None:
        self.revision += 1
        self.history.turn([r.record() for r in came], [r.record() for r in went])


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


def of_plugin(chains: Mapping[Key, Chain], slug: str) -> tuple[Registration, ...]:
    """All that a plugin has registered."""
    return tuple(r for chain in chains.values() for r in chain if r.slug == slug)


def insert(chains: dict[Key, Chain], registration: Registration) -> None:
    key = (registration.kind, registration.hook)
    chains[key] = tuple(sorted([*chains.get(key, ()), registration], key=lambda r: r.order))


def drop(
    chains: dict[Key, Chain], key: Key, registrations: Iterable[Registration]
) -> list[Registration]:
    """Take these registrations out of a hook's chain; returns those that were in it."""
    chain, gone = chains.get(key, ()), set(registrations)
    kept = tuple(registration for registration in chain if registration not in gone)
    if kept:
        chains[key] = kept
    else:
        chains.pop(key, None)
    return [registration for registration in chain if registration in gone]


def same_callback(one: object, other: object) -> bool:
    """Equality as `remove_*` means it; a callback whose `__eq__` raises equals only itself."""
    if one is other:
        return True
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 - plugin code decides equality of callable objects
        return False
