"""The overlay against a naive model: whatever stands, both run the same callbacks in that order."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from escalated_core.hooks.registry import HookRegistry
from escalated_core.records import Kind, WhatIf
from escalated_core.scope import Owner, Scope
from escalated_core.trace.recorder import Cause, Recorder
from escalated_core.trace.trace import Trace
from escalated_core.whatif.overlay import Overlay

KINDS: list[Kind] = ["action", "filter"]
HOOKS = ["run", "plugin_run"]
SLUGS = ["billing", "triage"]


class Registered(NamedTuple):
    kind: Kind
    hook: str
    slug: str | None
    name: str
    priority: float


Value = tuple[str, ...]
Seen = list[tuple[str, str, str]]
"""Name, outcome and note of each step."""

REGISTERED = st.builds(
    Registered,
    st.sampled_from(KINDS),
    st.sampled_from(HOOKS),
    st.sampled_from([*SLUGS, None]),
    st.sampled_from(["tag", "tidy", "Make.tag"]),
    st.sampled_from([5, 10, 10, 10.5]),
)
WHATIFS = st.builds(
    WhatIf,
    st.just(0),
    st.sampled_from(["mute", "priority", "answer"]),
    st.sampled_from(["", "", "run", "plugin*", "*"]),
    st.sampled_from(["", "", "billing", "host", "*i*"]),
    st.sampled_from(["", "", "tag", "t*", "Make.tag", "none"]),
).map(lambda each: each if each.does != "priority" else WhatIf(*_moved(each)))


def _moved(each: WhatIf) -> tuple[Any, ...]:
    return 0, "priority", each.hook, each.plugin, each.callback, 1 + len(each.callback)


def is_lifecycle(hook: str) -> bool:
    return hook.startswith("plugin")


def is_about(each: WhatIf, registered: Registered) -> bool:
    names = registered.name, registered.name.split(".")[-1]
    return (
        (bool(each.hook) or not is_lifecycle(registered.hook))
        and not (each.does == "answer" and registered.kind == "action")
        and fnmatchcase(registered.hook, each.hook or "*")
        and fnmatchcase(registered.slug or "host", each.plugin or "*")
        and any(fnmatchcase(name, each.callback or "*") for name in names)
    )


def naive(chain: list[Registered], standing: list[WhatIf]) -> tuple[Seen, Value]:
    """What runs, in order, and the value that comes out."""
    turns: list[tuple[float, int, Seen, str]] = []
    for place, each in enumerate(chain):
        priority, does, notes = each.priority, "run", list[str]()
        for whatif in standing:
            if is_about(whatif, each):
                if whatif.does == "priority":
                    priority = whatif.priority or 0
                else:
                    does = whatif.does
        if priority != each.priority:
            notes.append(f"moved from priority {each.priority:g}")
        notes += {"mute": ["muted"], "answer": ["answered for"]}.get(does, [])
        outcome = "skipped" if does == "mute" else "ok"
        turns.append((priority, place, [(each.name, outcome, ", ".join(notes))], does))
    seen: Seen = []
    value: Value = ()
    for _, _, step, does in sorted(turns, key=lambda turn: turn[:2]):
        seen += step
        if does == "answer":
            value = ("answered",)
        elif does == "run":
            value = (*value, step[0][0])
    return seen, value


def real(
    registered: list[Registered], standing: list[WhatIf], removed: list[int]
) -> dict[tuple[Kind, str], tuple[Seen, Any]]:
    """The same through a registry, with what was removed taken away again."""
    recorder = Recorder(Trace(10), lambda _: None, lambda _: None, "guide")
    registry = HookRegistry(recorder)
    overlay = Overlay(registry, recorder, is_lifecycle)
    makes = {"answer": lambda: ("answered",)}
    told = [overlay.add(each, makes.get(each.does)).number for each in standing]
    for each in registered:
        owner = Owner(each.slug, 1, 0) if each.slug else None

        def add(each: Registered = each) -> None:
            registry.add(each.kind, each.hook, callback(each), each.priority)

        Scope(owner, "loading").run(add)
    # Fired before, too, so that what is remembered of a chain is asked for again.
    fire_all(registry, recorder)
    overlay.remove(*(told[index] for index in removed if index < len(told)))
    return fire_all(registry, recorder)


def callback(registered: Registered) -> Any:
    def run(value: Value) -> Value:
        return (*value, registered.name)

    run.__qualname__ = registered.name
    return run


def fire_all(
    registry: HookRegistry, recorder: Recorder
) -> dict[tuple[Kind, str], tuple[Seen, Any]]:
    found: dict[tuple[Kind, str], tuple[Seen, Any]] = {}
    for kind in KINDS:
        for hook in HOOKS:
            with recorder.because(Cause("workbench")):
                value = registry.fire(kind, hook, ((),), {})
            firing = recorder.trace[-1]
            steps = [(s.callback, s.outcome, s.note) for s in firing.steps]
            found[kind, hook] = steps, value
    return found


@given(
    st.lists(REGISTERED, max_size=6),
    st.lists(WHATIFS, max_size=4),
    st.lists(st.integers(0, 3), max_size=2),
)
def test_both_run_the_same(
    registered: list[Registered], standing: list[WhatIf], removed: list[int]
) -> None:
    found = real(registered, standing, removed)
    left = [each for index, each in enumerate(standing) if index not in removed]
    for (kind, hook), (seen, value) in found.items():
        chain = [each for each in registered if (each.kind, each.hook) == (kind, hook)]
        expected, result = naive(chain, left)
        assert seen == expected
        assert value == (result if kind == "filter" else None)
