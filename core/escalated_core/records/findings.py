"""What is wrong, and where: findings, places, errors with their frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]

Snapshot = Any
"""A picture of a value at a moment (see `escalated_core.snapshots.snapshot`)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong or doubtful about a plugin, with the place and the cure."""

    code: str
    severity: Severity
    message: str
    cure: str = ""
    plugin: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None

    @property
    def place(self) -> str:
        """`plugin.py:12:3`, as much of it as is known, with the plugin's folder in front."""
        if self.file is None:
            return self.plugin or ""
        path = Path(self.file)
        name = f"{path.parent.name}/{path.name}"
        return ":".join([name, *(str(n) for n in (self.line, self.column) if n is not None)])

    def __str__(self) -> str:
        # A message may end with the text of an exception, which is seldom a sentence.
        stop = "" if self.message.endswith((".", "?", "!", "…")) else "."
        cure = f"{stop} {self.cure}" if self.cure else ""
        place = f"{self.place}: " if self.place else ""
        return f"{place}{self.severity}: {self.message}{cure} [{self.code}]"


@dataclass(frozen=True, slots=True)
class Location:
    """A line in a file."""

    file: str
    line: int

    def __str__(self) -> str:
        path = Path(self.file)
        return f"{path.parent.name}/{path.name}:{self.line}"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a traceback with the source around it, as it was when the error happened."""

    file: str
    line: int
    function: str
    source: tuple[tuple[int, str], ...] = ()
    column: int | None = None
    locals: tuple[tuple[str, Snapshot], ...] = ()
    """Names and values where it stopped, arguments first; filled for the innermost frames."""


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """An exception of a plugin: its type, its message and the plugin's own frames."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    cause: ErrorRecord | None = None

    @property
    def frame(self) -> Frame | None:
        """The innermost frame that belongs to a plugin."""
        return self.frames[-1] if self.frames else None

    @property
    def file(self) -> str | None:
        return self.frames[-1].file if self.frames else None

    @property
    def line(self) -> int | None:
        return self.frames[-1].line if self.frames else None

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type
