"""The history of the registry against the registry itself, whatever is done to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from escalated_core.hooks.history import Chains, History
from escalated_core.hooks.registry import HookRegistry
from escalated_core.records import Kind
from escalated_core.scope import Owner, Scope
from escalated_core.trace.numbers import begun
from escalated_core.trace.recorder import Recorder
from escalated_core.trace.trace import Trace

KINDS = st.sampled_from(["action", "filter"])
HOOKS = st.sampled_from(["run", "save"])
SLUGS = st.sampled_from(["alpha", "beta"])


def one(*_: Any) -> None: ...
def two(*_: Any) -> None: ...


CALLBACKS = st.sampled_from([one, two])
ADD = st.tuples(st.just("add"), KINDS, HOOKS, CALLBACKS, st.sampled_from([5, 10, 10.5]))
REMOVE = st.tuples(st.just("remove"), KINDS, HOOKS, st.none() | CALLBACKS)
CHANGES = st.lists(ADD | REMOVE, max_size=5)
LOAD = st.tuples(st.just("load"), SLUGS, CHANGES, st.booleans())
DISCARD = st.tuples(st.just("discard"), SLUGS)
FIRE = st.tuples(st.just("fire"), HOOKS, CHANGES)
OPERATIONS = st.lists(ADD | REMOVE | LOAD | DISCARD | FIRE, max_size=25)


class Observed:
    """A registry, and what it looked like after each operation and at each firing."""

    def __init__(self, kept: int) -> None:
        self.recorder = Recorder(Trace(), lambda _: None, lambda _: None, "guide")
        self.history = History(lambda: begun(self.recorder.ids), kept)
        self.registry = HookRegistry(self.recorder, self.history)
        self.generation = 0
        self.owners: dict[str, Owner] = {}
        self.after: dict[int, Chains] = {}
        self.at_firing: dict[tuple[int, int | None], Chains] = {}

    def chains(self) -> Chains:
        return {
            (kind, hook): tuple(registration.record() for registration in chain)
            for kind, hook, chain in self.registry
        }

    def do(self, operation: tuple[Any, ...]) -> None:
        getattr(self, operation[0])(*operation[1:])
        numbers = [turnover.number for turnover in self.history]
        self.after[numbers[-1] if numbers else 0] = self.chains()

    def add(self, kind: Kind, hook: str, callback: Callable[..., Any], priority: float) -> None:
        self.registry.add(kind, hook, callback, priority)

    def remove(self, kind: Kind, hook: str, callback: Callable[..., Any] | None) -> None:
        self.registry.remove(kind, hook, callback)

    def load(self, slug: str, changes: list[tuple[Any, ...]], fails: bool) -> None:
        self.generation += 1
        owner = Owner(slug, self.generation, self.registry.next_place())

        def body() -> None:
            for name, *rest in changes:
                getattr(self, name)(*rest)
            if fails:
                raise RuntimeError

        with suppress(RuntimeError):
            with self.registry.stage(owner) as stage:
                Scope(owner, "loading").run(body)
            stage.commit()

    def discard(self, slug: str) -> None:
        self.registry.discard(slug)

    def fire(self, hook: str, changes: list[tuple[Any, ...]]) -> None:
        """Fire a hook whose one callback does something to the registry."""

        def change() -> None:
            number = begun(self.recorder.ids)
            self.at_firing[number, None] = self.chains()
            for name, *rest in changes:
                getattr(self, name)(*rest)
            self.at_firing[number, 0] = self.chains()

        self.registry.add("action", f"own {hook}", change, 10)
        self.registry.fire("action", f"own {hook}", (), {})
        self.registry.remove("action", f"own {hook}", change)


@given(OPERATIONS)
def test_replayed_to_each_change_it_is_what_the_registry_was(
    operations: list[tuple[Any, ...]],
) -> None:
    observed = Observed(10_000)
    for operation in operations:
        observed.do(operation)
    assert {
        number: observed.history.after(number).chains for number in observed.after
    } == observed.after
    for (firing, step), chains in observed.at_firing.items():
        assert observed.history.at(firing, step).chains == chains


@given(OPERATIONS, st.integers(0, 12))
def test_what_is_forgotten_is_refused_and_the_rest_is_as_it_was(
    operations: list[tuple[Any, ...]], kept: int
) -> None:
    observed = Observed(kept)
    for operation in operations:
        observed.do(operation)
    copied = History()
    for turnover in observed.history:
        copied.add(turnover)
    for history in (observed.history, copied):
        known = 0
        for number, chains in observed.after.items():
            with suppress(LookupError):
                assert history.after(number).chains == chains
                known += 1
        assert known > 0 or not operations
        for (firing, step), chains in observed.at_firing.items():
            with suppress(LookupError):
                assert history.at(firing, step).chains == chains
        assert history.now.chains == observed.chains()
    told = list(observed.history)[1:]
    assert sum(len(each.came) + len(each.went) for each in told) <= kept
