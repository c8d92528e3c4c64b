"""Recorded firings as a profile that https://www.speedscope.app shows.

The format is described by https://www.speedscope.app/file-format-schema.json.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from escalated_core.analysis.timing import causing_step
from escalated_core.records import Firing, Step

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"

_Draw = Callable[[int, int], int]
"""Draws something within the given first and last moment; returns when it ended."""


def speedscope(firings: Iterable[Firing], name: str = "escalated-workbench") -> dict[str, Any]:
    """The firings as one profile per thread, ready for JSON.

    Frames are hooks, callbacks with file and line, queries and HTTP requests. Moments are
    nanoseconds since the earliest firing. A nested firing lies within the step that caused it, or
    on its own thread if that is another, or if what caused it is not among the firings.
    """
    return _Drawing(list(firings)).file(name)


class _Drawing:
    """The frames and, by thread, the events drawn so far."""

    def __init__(self, firings: list[Firing]) -> None:
        self._frames: dict[tuple[str, str, int], int] = {}
        self._events: list[dict[str, Any]] = []
        self._began = min((firing.started_at for firing in firings), default=0.0)
        self._nested: dict[tuple[int, int], list[Firing]] = {}
        self._threads: dict[str, list[Firing]] = {}
        by_id = {firing.id: firing for firing in firings}
        for firing in sorted(firings, key=lambda firing: firing.id):
            parent = by_id.get(firing.parent_id) if firing.parent_id is not None else None
            step = causing_step(firing, parent) if parent else None
            if parent is None or step is None or parent.thread != firing.thread:
                self._threads.setdefault(firing.thread, []).append(firing)
            else:
                self._nested.setdefault((parent.id, step), []).append(firing)

    def file(self, name: str) -> dict[str, Any]:
        profiles = [self._profile(thread, roots) for thread, roots in self._threads.items()]
        return {
            "$schema": _SCHEMA,
            "name": name,
            "exporter": "escalated-workbench",
            "shared": {"frames": [_frame(*key) for key in self._frames]},
            "profiles": profiles,
        }

    def _profile(self, thread: str, roots: list[Firing]) -> dict[str, Any]:
        self._events = []
        now = 0
        for firing in sorted(roots, key=lambda firing: firing.started_at):
            start = max(self._at(firing), now)
            now = self._firing(firing, start, start + firing.duration_ns)
        return {
            "type": "evented",
            "name": thread,
            "unit": "nanoseconds",
            "startValue": 0,
            "endValue": now,
            "events": self._events,
        }

    def _at(self, firing: Firing) -> int:
        return round((firing.started_at - self._began) * 1e9)

    def _firing(self, firing: Firing, start: int, end: int) -> int:
        def step(index: int) -> _Draw:
            return lambda start, end: self._step(firing, index, start, end)

        inside = [
            (start + each.at_ns, each.duration_ns, step(index))
            for index, each in enumerate(firing.steps)
            if each.outcome != "skipped"
        ]
        return self._draw((firing.hook, "", 0), start, end, inside)

    def _step(self, firing: Firing, index: int, start: int, end: int) -> int:
        def nested(firing: Firing) -> _Draw:
            return lambda start, end: self._firing(firing, start, end)

        def call(text: str) -> _Draw:
            return lambda start, end: self._draw((text, "", 0), start, end, [])

        step = firing.steps[index]
        inside = [(start + c.at_ns, c.duration_ns, call(c.text)) for c in step.calls]
        inside += [
            (self._at(each), each.duration_ns, nested(each))
            for each in self._nested.get((firing.id, index), ())
        ]
        return self._draw(_key(step), start, end, inside)

    def _draw(
        self,
        key: tuple[str, str, int],
        start: int,
        end: int,
        inside: list[tuple[int, int, _Draw]],
    ) -> int:
        """Draw one frame and what is inside it, which never reaches out of it nor overlaps.

        Wall clock and timer differ a little, and records from elsewhere may differ a lot.
        """
        frame = self._frames.setdefault(key, len(self._frames))
        self._events.append({"type": "O", "frame": frame, "at": start})
        now = start
        for at, duration, draw in sorted(inside, key=lambda part: part[0]):
            first = min(max(at, now), end)
            now = draw(first, min(first + duration, end))
        self._events.append({"type": "C", "frame": frame, "at": end})
        return end


def _key(step: Step) -> tuple[str, str, int]:
    return f"{step.plugin or 'host'}: {step.callback}", step.file, step.line


def _frame(name: str, file: str, line: int) -> dict[str, Any]:
    return {"name": name, "file": file, "line": line} if file else {"name": name}
