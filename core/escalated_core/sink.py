"""Where the output, the logs and the effects of one stretch of plugin code go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from escalated_core.records import Effect, LogLine

OUTPUT_CAP = 100_000
"""Characters of output kept per scope."""
LOG_CAP = 1_000
"""Log records kept per scope."""
MESSAGE_CAP = 20_000
"""Characters of one log record kept."""
CALL_CAP = 1_000
"""Queries and HTTP requests kept per scope."""
EFFECT_CAP = 500
"""Effects kept per scope."""
ENTRY_BYTES = 200
"""What a log record, a query or a request takes besides its text, about."""


class SeenEffect(Protocol):
    """An effect of plugin code, which may still be under way."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        ...

    def record(self) -> Effect: ...


class Sink:
    """What plugin code said and did, capped; `dropped` counts what was over the cap."""

    __slots__ = ("_size", "_text", "calls", "dropped", "effects", "grew", "logs")

    def __init__(self) -> None:
        self._text: list[str] = []
        self._size = 0
        self.logs: list[LogLine] = []
        self.calls: list[tuple[str, str, int, int]] = []
        """Kind, text, beginning and end (`perf_counter_ns`) of queries and HTTP requests."""
        self.effects: list[SeenEffect] = []
        self.dropped = 0
        self.grew: Callable[[int], None] | None = None
        """Is told by how many bytes, once it has been counted what there is."""

    def write(self, text: str) -> None:
        room = OUTPUT_CAP - self._size
        kept = text[: max(room, 0)]
        self.dropped += len(text) - len(kept)
        if kept:
            self._text.append(kept)
            self._size += len(kept)
            if self.grew is not None:
                self.grew(len(kept))

    def log(self, line: LogLine) -> None:
        if len(self.logs) >= LOG_CAP:
            self.dropped += 1
            return
        message, over = line.message, len(line.message) - MESSAGE_CAP
        if over > 0:
            self.dropped += over
            message = f"{message[:MESSAGE_CAP]}…"
        self.logs.append(replace(line, message=message, after=self._size))
        if self.grew is not None:
            self.grew(ENTRY_BYTES + len(message))

    def call(self, kind: str, text: str, began_ns: int, ended_ns: int) -> None:
        """A query or an HTTP request was made."""
        if len(self.calls) < CALL_CAP:
            self.calls.append((kind, text, began_ns, ended_ns))
            if self.grew is not None:
                self.grew(ENTRY_BYTES + len(text))
        else:
            self.dropped += 1

    def postpone(self, nanoseconds: int) -> None:
        """Have what was called been called later."""
        self.calls = [
            (kind, text, began + nanoseconds, ended + nanoseconds)
            for kind, text, began, ended in self.calls
        ]

    def effect(self, effect: SeenEffect) -> bool:
        """Keep an effect; False when it is over the cap."""
        if len(self.effects) >= EFFECT_CAP:
            self.dropped += 1
            return False
        self.effects.append(effect)
        if self.grew is not None:
            self.grew(effect.size)
        return True

    @property
    def size(self) -> int:
        """About how many bytes are kept."""
        said = self._size + sum(ENTRY_BYTES + len(line.message) for line in self.logs)
        called = sum(ENTRY_BYTES + len(text) for _, text, _, _ in self.calls)
        return said + called + sum(effect.size for effect in self.effects)

    @property
    def output(self) -> str:
        return "".join(self._text)
