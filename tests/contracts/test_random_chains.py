"""Random values through random chains of callbacks, against copies made inside of the callbacks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalated_core.records import Firing
from escalated_core.snapshots.pictures import plain
from escalated_workbench import Workbench


@dataclass(slots=True)
class Slotted:
    x: int
    tags: Any


ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 2),
    st.sampled_from([0.0, -0.0, 1.0, 2.0, float("nan"), Decimal(1), Decimal("1.0"), b"a", 10**20]),
    st.sampled_from(["", "a", "b"]),
)
KEYS = st.sampled_from(["a", "b", "id", 0, 1, True, 1.0, None, (1,), (True,)])
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.sets(KEYS, max_size=3),
        st.builds(lambda inner: SimpleNamespace(inner=inner), inner),
        st.builds(lambda inner: Slotted(1, inner), inner),
    ),
    max_leaves=16,
)


def strict(value: Any) -> Any:
    """What tells two values apart: types, signs, order of keys; NaN is NaN."""
    name = type(value).__name__
    if isinstance(value, dict):
        return name, [(strict(k), strict(v)) for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return name, [strict(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return name, sorted(map(strict, value), key=repr)
    if isinstance(value, SimpleNamespace):
        return "dict", strict(vars(value))[1]
    if isinstance(value, Slotted):
        return strict({"x": value.x, "tags": value.tags})
    return name, repr(value)


def insides(value: Any) -> Iterator[Any]:
    """Everything in a value that can be changed in place, outermost first."""
    if isinstance(value, (SimpleNamespace, Slotted, dict, list, set)):
        yield value
    if isinstance(value, SimpleNamespace):
        yield from insides(value.inner)
    elif isinstance(value, Slotted):
        yield from insides(value.tags)
    elif isinstance(value, dict):
        for item in value.values():
            yield from insides(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from insides(item)


@dataclass
class Act:
    """What one callback does: how, where (the number of the container), and with what."""

    how: str
    where: int
    key: Any
    new: Any
    adds: bool


ACTS = st.builds(
    Act,
    st.sampled_from(["keep", "mutate", "mutate", "mutate", "copy", "new", "raise", "wrap", "none"]),
    st.integers(0, 8),
    KEYS,
    VALUES,
    st.booleans(),
)


def mutate(act: Act, value: Any) -> None:
    """Change something inside of a value, or nothing, or put back what was there."""
    found = list(insides(value))
    if not found:
        return
    target, new, key = found[act.where % len(found)], act.new, act.key
    if isinstance(target, SimpleNamespace):
        target.inner = new
    elif isinstance(target, Slotted):
        target.tags = new
    elif isinstance(target, dict):
        target.update({key: new}) if act.adds else target.pop(key, None)
    elif isinstance(target, set):
        target.add(key) if act.adds else target.discard(key)
    elif target and act.adds:
        target[act.where % len(target)] = new
    elif act.where:
        target.insert(0, new)
    else:
        target.clear()


def callback(act: Act, seen: list[tuple[Any, Any, Any]]) -> Callable[[Any], Any]:
    """A callback that acts so, and keeps copies: what it got, made of that, and returned."""

    def call(value: Any) -> Any:
        before = strict(value)
        if act.how in ("mutate", "raise"):
            mutate(act, value)
        wrapped = {"one": value, "other": value} if act.adds else [value]
        others = {"new": act.new, "wrap": wrapped, "none": None}
        answer = copy.deepcopy(value) if act.how == "copy" else others.get(act.how, value)
        seen.append((before, strict(value), strict(answer)))
        if act.how == "raise":
            raise ValueError
        return answer

    return call


@pytest.fixture(scope="module")
def long_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Firing]]:
    """`long_chain(value, callbacks)` fires a filter whose callbacks these functions are."""
    folder = tmp_path_factory.mktemp("plugins") / "alpha"
    folder.mkdir()
    manifest = '{"name": "Alpha", "slug": "alpha", "version": "1.0.0", "author": "Tests", '
    (folder / "plugin.json").write_text(manifest + '"description": "A plugin of a test."}', "utf-8")
    code = 'for n in range(6): add_filter("run", lambda value, calls, n=n: calls[n](value))\n'
    (folder / "plugin.py").write_text(f"from escalated.hooks import *\n{code}", "utf-8")
    with Workbench(folder.parent) as workbench:
        assert workbench.plugins["alpha"].status == "active"
        yield lambda value, calls: workbench.fire("run", value, calls)


@given(VALUES, st.lists(ACTS, min_size=6, max_size=6))
@settings(max_examples=200)
def test_every_step_is_what_a_copy_made_in_it_is(
    long_chain: Callable[..., Firing], value: Any, acts: list[Act]
):
    seen: list[tuple[Any, Any, Any]] = []
    steps = long_chain(value, [callback(act, seen) for act in acts]).steps
    assert len(seen) == len(steps) == 6
    picture = steps[0].before
    for step, (before, left, after) in zip(steps, seen, strict=True):
        assert step.before is picture
        assert strict(plain(step.before)) == before
        assert strict(plain(step.after)) == after
        assert step.mutated is (before != left)
        assert bool(step.changes) is (before != after)
        assert (step.before is step.after) is (before == after)
        picture = step.after
