"""Random chains leave the same trace whether somebody steps through them or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalated_core.records import Firing
from escalated_core.stepping.commands import Command, Continue, Down, Into, Next, Out
from escalated_workbench import Workbench

CODE = '''
import functools
import logging
from types import SimpleNamespace

from escalated.hooks import *
from escalated.hooks import hooks

HOOKS = ["outer", "middle", "inner"]
registered = {}

def act(how, value, hook):
    """What one callback does with what it gets."""
    if how == "append" and isinstance(value, list):
        value.append(how)
    elif how == "set" and isinstance(value, dict):
        value["set"] = [how]
    elif how == "model" and hasattr(value, "subject"):
        value.subject = f"{value.subject}!"
    elif how == "wrap":
        return [value]
    elif how == "none":
        return None
    elif how == "object":
        return SimpleNamespace(value=value)
    elif how == "raise":
        raise ValueError(how)
    elif how == "deep":
        return helper(value)
    elif how == "exit":
        raise SystemExit(3)
    elif how == "say":
        print(how, end="; ")
        logging.getLogger("random").warning("said %s", hook)
    elif how == "comprehension":
        return [each for each in range(3) if each]
    elif how == "generator":
        return sum(each for each in counted(3))
    elif how == "swallow":
        try:
            raise KeyError(how)
        except KeyError:
            return how
        finally:
            print("swallowed")
    elif how in ("fire", "act"):
        nested = HOOKS[HOOKS.index(hook) + 1:]
        for each in nested[:1]:
            if how == "act":
                do_action(each, value, 2, named=value)
            else:
                return apply_filters(each, value, 2)
    elif how == "remove":
        for kind, remove in (("filter", remove_filter), ("action", remove_action)):
            for found in registered.get((kind, hook), [])[1::2]:
                remove(hook, found)
    elif how == "add":
        add_filter(hook, lambda value, *rest: [value, "added"], 5)
    return value

def counted(number):
    for each in range(number):
        yield each

def helper(value):
    inner = [value]
    for _ in inner:
        inner = {"inner": value}
    return helped(inner)

def helped(value):
    if "inner" in value:
        raise LookupError("no such thing")

class Thing:
    def __init__(self, how, hook):
        self.how, self.hook = how, hook
    def method(self, value):
        return act(self.how, value, self.hook)
    def __call__(self, value, *rest):
        return act(self.how, value, self.hook)

def partial(how, hook, value, *rest, **named):
    return act(how, value, hook)

def wrapped(function):
    @functools.wraps(function)
    def wrapper(*args, **named):
        return function(*args, **named)
    return wrapper

def callback(shape, how, hook):
    def one(value):
        return act(how, value, hook)
    def rest(value, *rest):
        return act(how, value, hook)
    def named(value, other=None, **named):
        return act(how, value, hook)
    def no_arguments():
        return act(how, [], hook)
    def three(value, other, third):
        return act(how, value, hook)
    async def awaited(value):
        return act(how, value, hook)
    def generated(value, *rest):
        yield act(how, value, hook)
    return {
        "one": one,
        "rest": rest,
        "named": named,
        "no_arguments": no_arguments,
        "three": three,
        "awaited": awaited,
        "generated": generated,
        "method": Thing(how, hook).method,
        "object": Thing(how, hook),
        "partial": functools.partial(partial, how, hook),
        "wrapped": wrapped(one),
        "builtin": repr,
    }[shape]

@on_action("build")
def build(chains):
    for hook in HOOKS:
        remove_filter(hook)
        remove_action(hook)
    registered.clear()
    for kind, hook, shape, how, priority in chains:
        made = callback(shape, how, hook)
        registered.setdefault((kind, hook), []).append(made)
        (add_filter if kind == "filter" else add_action)(hook, made, priority)
'''

SHAPES = "one rest named no_arguments three awaited generated method object partial wrapped builtin"
HOWS = (
    "keep append set model wrap none object raise deep exit say comprehension generator swallow "
    "fire fire fire act act remove add"
)
HOOKS = ["outer", "middle", "inner"]
KINDS = st.sampled_from(["filter", "action"])
CALLBACKS = st.tuples(
    KINDS,
    st.sampled_from(HOOKS),
    st.sampled_from([*SHAPES.split(), *["rest"] * 8]),
    st.sampled_from(HOWS.split()),
    st.integers(1, 20),
)
VALUES = st.sampled_from(["list", "dict", "model", "none", "text"])
COMMANDS: st.SearchStrategy[Command] = st.sampled_from(
    [Next(), Next(), Next(), Into(), Into(), Down(), Out(), Continue()]
)
TIMED = {"id", "parent_id", "started_at", "duration_ns", "at_ns", "own_ns", "at"}
"""What differs from one firing to the next, and where firings are in the trace."""
STOPS = 60
"""After so many it runs to its end."""


@pytest.fixture(scope="module", params=["guide", "escalated-django"])
def workbench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workbench]:
    folder = tmp_path_factory.mktemp("plugins") / "alpha"
    folder.mkdir()
    manifest = {"name": "Alpha", "slug": "alpha", "version": "1.0.0", "author": "Tests"}
    text = json.dumps({**manifest, "description": "A plugin of a test."})
    (folder / "plugin.json").write_text(text, "utf-8")
    (folder / "plugin.py").write_text(CODE, "utf-8")
    with Workbench(folder.parent, profile=request.param) as workbench:
        yield workbench


def bare(record: Any) -> Any:
    """A record as what can be compared strictly, without what differs each time."""
    if is_dataclass(record):
        kept = [each.name for each in fields(record) if each.name not in TIMED]
        return type(record).__name__, {name: bare(getattr(record, name)) for name in kept}
    if isinstance(record, tuple) and type(record) is tuple:
        return [bare(each) for each in record]  # pyright: ignore[reportUnknownVariableType]
    return type(record).__name__, repr(record)


def recorded(workbench: Workbench, since: int) -> list[Any]:
    """The trace after the firing with this id: each with its place in the tree."""
    found: list[Firing] = sorted(
        (each for each in workbench.trace if each.id > since), key=lambda each: each.id
    )
    places = {each.id: place for place, each in enumerate(found)}
    return [(places.get(each.parent_id or 0), bare(each)) for each in found]


def value_of(workbench: Workbench, kind: str) -> Any:
    made = {"list": [], "dict": {}, "model": workbench.helpdesk.ticket(1), "text": "text"}
    return made.get(kind)


def built(workbench: Workbench, chains: list[tuple[Any, ...]]) -> int:
    return workbench.fire("build", chains).id


@given(
    st.lists(CALLBACKS, min_size=2, max_size=12),
    KINDS,
    VALUES,
    st.lists(COMMANDS, min_size=1, max_size=12),
)
@settings(max_examples=500, derandomize=True)
def test_a_stepped_run_leaves_the_trace_of_an_untouched_one(
    workbench: Workbench,
    chains: list[tuple[Any, ...]],
    kind: Any,
    value: str,
    commands: list[Command],
) -> None:
    since = built(workbench, chains)
    workbench.fire("outer", value_of(workbench, value), 2, kind=kind, named=[])
    untouched = recorded(workbench, since)
    since = built(workbench, chains)
    given = value_of(workbench, value)
    with workbench.step("outer", given, 2, kind=kind, named=[]) as run:
        for number in range(STOPS):
            stop = run.stop
            if stop is None:
                break
            command = commands[number % len(commands)]
            run.go(Next() if stop.refuses(command) else command)
    assert recorded(workbench, since) == untouched
