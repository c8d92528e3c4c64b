"""What fuzzing found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from escalated_core.stories.story import Story

BugKind = Literal["stuck", "raises", "none", "mutates", "breaks", "slow"]


@dataclass(frozen=True, slots=True)
class Bug:
    """One way in which a plugin fails, with the smallest story found in which it does."""

    kind: BugKind
    plugin: str
    callback: str
    hook: str
    message: str
    file: str
    line: int
    story: Story
    text: str
    """The story as YAML; it has an expectation that fails until the bug is mended."""
    path: str = ""
    """Where the story was saved, if it was."""
    example: int = 0
    """After how many examples it was found."""
    shrinks: int = 0
    """How many examples it took to make it small."""
    seconds: float = 0.0
    """How long both took."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class FuzzResult:
    """What fuzzing found, in the order it was found."""

    plugin: str | None
    """None for all of them."""
    seed: int
    examples: int
    """How many sequences of events were tried in all."""
    seconds: float
    bugs: tuple[Bug, ...]
    interrupted: bool = False
    """Whether somebody stopped it (ctrl+c): the newest story may not be as small as it can be."""

    @property
    def ok(self) -> bool:
        return not self.bugs

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON-ready builtins."""
        kinds = ("kind", "plugin", "callback", "hook", "message", "file", "line", "path")
        counts = ("example", "shrinks", "seconds")
        return {
            "plugin": self.plugin,
            "seed": self.seed,
            "ok": self.ok,
            "examples": self.examples,
            "seconds": self.seconds,
            "interrupted": self.interrupted,
            "bugs": [
                {name: getattr(bug, name) for name in (*kinds, *counts)} | {"story": bug.text}
                for bug in self.bugs
            ],
        }
