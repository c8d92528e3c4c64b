"""The hook registry against a naive model: whatever plugins do, both run the same callbacks.

Callbacks have scripts: what they do when they are called is again adding, removing and firing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple, Protocol

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from escalated_core.hooks.api import HookManager
from escalated_core.hooks.registry import HookRegistry
from escalated_core.records import Kind
from escalated_core.scope import Owner, Scope
from escalated_core.trace.recorder import Recorder
from escalated_core.trace.trace import Trace

KINDS: list[Kind] = ["action", "filter"]
HOOKS = ["run", "save"]
NAMES = ["a", "b", "c", "d"]
SLUGS = ["billing", "triage"]
MAX_DEPTH = 3
MAX_ADDED = 16
"""Scripts that add callbacks that have scripts would double them with every firing."""
MAX_SCRIPTS = 40
"""How many scripts run because of one call."""

Value = tuple[str, ...]


class Op(NamedTuple):
    """One call of the API; `name` says which callback, None in a removal means all."""

    do: str
    kind: Kind
    hook: str
    name: str | None
    priority: float


class Api(Protocol):
    """What both sides can do."""

    def add(self, op: Op, callback: Callback) -> None: ...
    def remove(self, op: Op, callback: Callback | None) -> None: ...
    def fire(self, kind: Kind, hook: str, value: Value) -> Value: ...
    def has(self, kind: Kind, hook: str) -> bool: ...
    def load(self, slug: str, body: Callable[[], None], fails: bool) -> None: ...


@dataclass(eq=False)
class Callback:
    """Adds its name to the value, after it did what its script says; equal to its namesakes."""

    name: str
    side: Side

    def __call__(self, value: Value, *_: Any) -> Value:
        self.side.log.append((self.name, value))
        self.side.depth += 1
        try:
            self.side.scripts_left -= 1
            if self.side.depth < MAX_DEPTH and self.side.scripts_left > 0:
                for op in self.side.scripts[self.name]:
                    self.side.do(op)
        finally:
            self.side.depth -= 1
        return (*value, self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Callback) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass
class Side:
    """One of the two implementations, with what its callbacks saw."""

    api: Api
    scripts: dict[str, list[Op]]
    log: list[Any] = field(default_factory=list[Any])
    depth: int = 0
    added: int = 0
    scripts_left: int = 0

    def start(self, op: Op) -> None:
        self.scripts_left = MAX_SCRIPTS
        self.do(op)

    def do(self, op: Op) -> None:
        callback = Callback(op.name, self) if op.name else None
        if op.do == "raise":
            raise RuntimeError
        if op.do == "add":
            self.added += 1
            if callback and self.added <= MAX_ADDED:
                self.api.add(op, callback)
        elif op.do == "remove":
            self.api.remove(op, callback)
        else:
            self.log.append(self.api.has(op.kind, op.hook))
            self.log.append(self.api.fire(op.kind, op.hook, ()))


class Real:
    """The registry through the functions of the guide."""

    def __init__(self) -> None:
        self.findings: list[Any] = []
        recorder = Recorder(Trace(10), self.findings.append, lambda _: None, "guide")
        self.registry = HookRegistry(recorder)
        self.hooks = HookManager(self.registry)
        self.places = {slug: self.registry.next_place() for slug in SLUGS}

    def add(self, op: Op, callback: Callback) -> None:
        {"action": self.hooks.add_action, "filter": self.hooks.add_filter}[op.kind](
            op.hook, callback, op.priority
        )

    def remove(self, op: Op, callback: Callback | None) -> None:
        {"action": self.hooks.remove_action, "filter": self.hooks.remove_filter}[op.kind](
            op.hook, callback
        )

    def fire(self, kind: Kind, hook: str, value: Value) -> Value:
        if kind == "filter":
            return self.hooks.apply_filters(hook, value)
        self.hooks.do_action(hook, value)
        return value

    def has(self, kind: Kind, hook: str) -> bool:
        return {"action": self.hooks.has_action, "filter": self.hooks.has_filter}[kind](hook)

    def load(self, slug: str, body: Callable[[], None], fails: bool) -> None:
        owner = Owner(slug, 1, self.places[slug])
        with self.registry.stage(owner) as stage:
            Scope(owner, "loading").run(body)
        if not fails:
            stage.commit()

    def callbacks(self, kind: Kind, hook: str) -> dict[float, list[str]]:
        found = {"action": self.hooks.get_actions, "filter": self.hooks.get_filters}[kind]()
        return {p: [cb.name for cb in each] for p, each in found.get(hook, {}).items()}


class Entry(NamedTuple):
    order: tuple[float, int, int]
    callback: Callback
    slug: str | None


class Naive:
    """Lists, sorted whenever they are needed."""

    def __init__(self) -> None:
        self.lists: dict[tuple[Kind, str], list[Entry]] = {}
        self.sequence = count(1)
        self.places = {slug: next(self.sequence) for slug in SLUGS}
        self.slug: str | None = None
        self.loading: str | None = None

    def add(self, op: Op, callback: Callback) -> None:
        number = next(self.sequence)
        is_own = self.loading is not None and self.slug == self.loading
        place = self.places[self.loading] if is_own and self.loading else number
        entry = Entry((op.priority, place, number), callback, self.slug)
        self.lists.setdefault((op.kind, op.hook), []).append(entry)

    def remove(self, op: Op, callback: Callback | None) -> None:
        entries = self.lists.get((op.kind, op.hook), [])
        entries[:] = [e for e in entries if callback is not None and e.callback != callback]

    def fire(self, kind: Kind, hook: str, value: Value) -> Value:
        for entry in sorted(self.lists.get((kind, hook), []), key=lambda e: e.order):
            if self.is_alive(kind, hook, entry):
                try:
                    with self.owned(entry.slug or self.slug):
                        answer = entry.callback(value)
                except RuntimeError:
                    continue
                value = answer if kind == "filter" else value
        return value

    def is_alive(self, kind: Kind, hook: str, entry: Entry) -> bool:
        # What is being loaded takes nothing from others before it has succeeded.
        foreign = self.loading is not None and entry.slug != self.loading
        return foreign or any(entry is other for other in self.lists.get((kind, hook), []))

    def has(self, kind: Kind, hook: str) -> bool:
        return bool(self.lists.get((kind, hook)))

    def load(self, slug: str, body: Callable[[], None], fails: bool) -> None:
        before = self.lists
        self.lists = {k: [e for e in each if e.slug != slug] for k, each in before.items()}
        self.loading = slug
        with self.owned(slug):
            body()
        self.loading = None
        if fails:
            self.lists = before

    @contextmanager
    def owned(self, slug: str | None) -> Iterator[None]:
        outer, self.slug = self.slug, slug
        try:
            yield
        finally:
            self.slug = outer

    def callbacks(self, kind: Kind, hook: str) -> dict[float, list[str]]:
        found: dict[float, list[str]] = {}
        for entry in sorted(self.lists.get((kind, hook), []), key=lambda e: e.order):
            found.setdefault(entry.order[0], []).append(entry.callback.name)
        return found


PRIORITIES = st.sampled_from([10, 10, 10.0, 5, -1, 2.5, float("inf"), float("-inf")])
OPS = st.builds(
    Op,
    st.sampled_from(["add", "add", "remove", "fire", "raise"]),
    st.sampled_from([*KINDS, "filter"]),
    st.sampled_from([*HOOKS, "run", "run"]),
    st.sampled_from([*NAMES, None]),
    PRIORITIES,
)
SCRIPTS = st.fixed_dictionaries({name: st.lists(OPS, max_size=2) for name in NAMES})
AT_TOP = OPS.filter(lambda op: op.do != "raise")


class HooksMachine(RuleBasedStateMachine):
    """Does the same to both and compares all that was seen."""

    @initialize(scripts=SCRIPTS)
    def begin(self, scripts: dict[str, list[Op]]) -> None:
        self.real, self.naive = Real(), Naive()
        self.sides = [Side(self.real, scripts), Side(self.naive, scripts)]

    @rule(op=AT_TOP)
    def call(self, op: Op) -> None:
        self.on_both(op)

    @rule(kind=st.sampled_from(KINDS))
    def fire(self, kind: Kind) -> None:
        self.on_both(Op("fire", kind, HOOKS[0], None, 0))

    @rule(slug=st.sampled_from(SLUGS), ops=st.lists(AT_TOP, max_size=4), fails=st.booleans())
    def load(self, slug: str, ops: list[Op], fails: bool) -> None:
        for side in self.sides:

            def body(side: Side = side) -> None:
                for op in ops:
                    side.start(op)

            side.api.load(slug, body, fails)

    def on_both(self, op: Op) -> None:
        for side in self.sides:
            side.start(op)

    @invariant()
    def both_saw_the_same(self) -> None:
        if hasattr(self, "sides"):
            real, naive = self.sides
            assert real.log == naive.log
            for kind in KINDS:
                for hook in HOOKS:
                    assert self.real.callbacks(kind, hook) == self.naive.callbacks(kind, hook)


TestHooks = HooksMachine.TestCase
TestHooks.settings = settings(max_examples=300, stateful_step_count=20)
