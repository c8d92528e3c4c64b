"""What it costs to fire a hook, with recording off and on, beside other dispatchers."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter_ns
from typing import Any

import pytest
from django.dispatch import Signal

from escalated_core.hooks.registry import HookRegistry
from escalated_core.stepping.stepper import Known, Stepper
from escalated_core.trace.recorder import Recorder
from escalated_core.trace.trace import Trace

ROUNDS = 31
CALLS = 200
SIZES = (0, 1, 10, 100)

Fire = Callable[[], object]
Measured = Callable[..., None]

PEERS = {
    "escalated-django": "escalated",
    "pluggy (collects)": "pluggy",
    "blinker (collects)": "blinker",
    "django Signal (collects)": "django",
}
"""Others that dispatch, and what must be there for them."""
OURS = "escalated-workbench, not recording"
RECORDING = "escalated-workbench, recording who, when and how"
UNARMED = f"{RECORDING}, no breakpoint set"
"""With a stepper that has been armed before."""


def median_ns(subjects: dict[str, Fire]) -> dict[str, float]:
    """Median nanoseconds of one call; the subjects take turns in every round."""
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for name, fire in subjects.items():
            began = perf_counter_ns()
            for _ in range(CALLS):
                fire()
            times[name].append((perf_counter_ns() - began) / CALLS)
    return {name: statistics.median(found) for name, found in times.items()}


def callbacks_of(count: int) -> list[Callable[..., Any]]:
    """Each a function of its own, as in a registry: Python calls one and the same quicker."""
    return [lambda a, b: a for _ in range(count)]


def bare(callbacks: list[Callable[..., Any]], passes: bool) -> Fire:
    def action() -> None:
        for callback in callbacks:
            try:
                callback(1, 2)
            except Exception:
                pass

    def chain() -> Any:
        value: Any = 1
        for callback in callbacks:
            try:
                value = callback(value, 2)
            except Exception:
                pass
        return value

    return chain if passes else action


def ours(count: int, kind: Any, *, recording: bool, stepper: bool = False) -> Fire:
    trace = Trace(capacity=1_000)
    trace.recording, trace.values = recording, False
    recorder = Recorder(trace, lambda _: None, lambda _: None, "guide")
    registry = HookRegistry(recorder)
    if stepper:
        known = Known(lambda _: (), lambda _: "", lambda: False)
        made = Stepper(recorder, known)
        made.gate.attend()
        made.breakpoints.add(hook="hook")
        made.breakpoints.clear()
    for callback in callbacks_of(count):
        registry.add(kind, "hook", callback, 10)
    return lambda: registry.fire(kind, "hook", (1, 2), {})


def theirs(count: int, kind: str) -> Fire:
    manager = import_module("escalated.hooks").HookManager()
    add = manager.add_filter if kind == "filter" else manager.add_action
    for callback in callbacks_of(count):
        add("hook", callback)
    if kind == "filter":
        return lambda: manager.apply_filters("hook", 1, 2)
    return lambda: manager.do_action("hook", 1, 2)


def of_pluggy(count: int) -> Fire:
    pluggy = import_module("pluggy")
    spec, implementation = pluggy.HookspecMarker("bench"), pluggy.HookimplMarker("bench")

    class Spec:
        @spec
        def hook(self, a: Any, b: Any) -> Any: ...

    class Plugin:
        @implementation
        def hook(self, a: Any, b: Any) -> Any:
            return a

    manager = pluggy.PluginManager("bench")
    manager.add_hookspecs(Spec)
    for _ in range(count):
        manager.register(Plugin())
    return lambda: manager.hook.hook(a=1, b=2)


def of_blinker(count: int) -> Fire:
    signal = import_module("blinker").Signal()
    receivers = [lambda sender, b, n=n: sender for n in range(count)]
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return lambda: signal.send(1, b=2)


def of_django(count: int) -> Fire:
    signal = Signal()
    receivers = [lambda sender, b, n=n, **_: sender for n in range(count)]
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return lambda: signal.send_robust(sender=1, b=2)


def subjects_of(size: int, kind: str) -> dict[str, Fire]:
    makers: dict[str, Callable[[], Fire]] = {
        "bare loop": lambda: bare(callbacks_of(size), kind == "filter"),
        OURS: lambda: ours(size, kind, recording=False),
        RECORDING: lambda: ours(size, kind, recording=True),
        UNARMED: lambda: ours(size, kind, recording=True, stepper=True),
        "escalated-django": lambda: theirs(size, kind),
        "pluggy (collects)": lambda: of_pluggy(size),
        "blinker (collects)": lambda: of_blinker(size),
        "django Signal (collects)": lambda: of_django(size),
    }
    return {name: make() for name, make in makers.items() if name not in missing()}


def missing() -> list[str]:
    return [name for name, module in PEERS.items() if find_spec(module) is None]


@pytest.mark.parametrize("kind", ["action", "filter"])
def test_dispatch(kind: str, measured: Measured) -> None:
    sizes = ", ".join(map(str, SIZES))
    subject = f"one firing of {kind}s with {sizes} callbacks: us, and times the bare loop"
    found = {size: median_ns(subjects_of(size, kind)) for size in SIZES}
    ratios = {
        name: {size: found[size][name] / found[size]["bare loop"] for size in SIZES}
        for name in found[0]
    }
    judged = {
        OURS: ("<= 1.8x at 10, 1.6x at 100", ratios[OURS][10] <= 1.8 and ratios[OURS][100] <= 1.6)
    }
    theirs = found[10].get("escalated-django")
    if theirs is not None:
        for name in (RECORDING, UNARMED):
            judged[name] = (
                f"<= 1.2x escalated-django at 10 ({found[10][name] / theirs:.2f}x)",
                found[10][name] <= 1.2 * theirs,
            )
    for name, ratio in ratios.items():
        budget, holds = judged.get(name, ("", None))
        took = "".join(f"{found[size][name] / 1e3:8.2f}" for size in SIZES)
        beside = "".join(f"{ratio[size]:6.1f}x" for size in SIZES)
        measured(subject, name, took, beside, budget, holds=holds)
    for name in missing():
        measured(subject, name, "not installed")
