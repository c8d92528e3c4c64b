"""What it costs to fire a hook, with recording off and on, beside other dispatchers."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from importlib import import_module
from time import perf_counter_ns
from typing import Any

import blinker
import pluggy
import pytest
from django.dispatch import Signal

from escalated_core.hooks.registry import HookRegistry
from escalated_core.trace.recorder import Recorder
from escalated_core.trace.trace import Trace

ROUNDS = 31
CALLS = 200
SIZES = (0, 1, 10, 100)

Fire = Callable[[], object]


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


def ours(count: int, kind: Any, *, recording: bool) -> Fire:
    trace = Trace(capacity=1_000)
    trace.recording, trace.values = recording, False
    recorder = Recorder(trace, lambda _: None, lambda _: None, "guide")
    registry = HookRegistry(recorder)
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
    signal = blinker.Signal()
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


@pytest.mark.parametrize("kind", ["action", "filter"])
def test_dispatch(kind: str) -> None:
    print(f"\n\none firing of {kind}s, 2 arguments: ns, and times the bare loop")
    print(f"{'callbacks':34}" + "".join(f"{size:>18}" for size in SIZES))
    rows: dict[str, list[tuple[float, float]]] = {}
    for size in SIZES:
        subjects: dict[str, Fire] = {
            "bare loop": bare(callbacks_of(size), kind == "filter"),
            "escalated-workbench, not recording": ours(size, kind, recording=False),
            "escalated-workbench, recording": ours(size, kind, recording=True),
            "escalated-django": theirs(size, kind),
            "pluggy (collects)": of_pluggy(size),
            "blinker (collects)": of_blinker(size),
            "django Signal (collects)": of_django(size),
        }
        found = median_ns(subjects)
        for name, value in found.items():
            rows.setdefault(name, []).append((value, value / found["bare loop"]))
    for name, cells in rows.items():
        print(f"{name:34}" + "".join(f"{ns:>10,.0f} {ratio:>6.1f}x" for ns, ratio in cells))
    print("budget: not recording <= 1.8x / 1.6x the bare loop at 10 / 100 callbacks;")
    print("        recording <= 1.2x escalated-django at 10")
