"""What crosses to a front end: immutable records, readable after the workbench is closed.

A record holds plain data and snapshots, never a live object of a plugin, so a firing looks the
same whether its host runs in this process, in a child process or is read from a file.
Durations are nanoseconds, moments are seconds since the epoch, lines and columns count from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
Kind = Literal["action", "filter"]
Outcome = Literal["ok", "error", "skipped", "interrupted"]
Status = Literal["active", "inactive", "failed"]
Source = Literal["local", "composer"]

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
        cure = f" {self.cure}" if self.cure else ""
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


@dataclass(frozen=True, slots=True)
class LogLine:
    """One logging record made while plugin code ran."""

    level: str
    logger: str
    message: str
    at: float
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two snapshots: `path` holds keys, indices and `id=` selectors."""

    kind: Literal["added", "removed", "changed"]
    path: tuple[str | int, ...]
    before: Snapshot = None
    after: Snapshot = None


@dataclass(frozen=True, slots=True)
class Call:
    """A database query or an HTTP request of a step; `at_ns` counts from the step's start."""

    kind: Literal["query", "http"]
    text: str
    at_ns: int
    duration_ns: int


@dataclass(frozen=True, slots=True)
class Step:
    """One callback's part in a firing."""

    plugin: str | None
    callback: str
    file: str
    line: int
    priority: float
    outcome: Outcome
    duration_ns: int
    before: Snapshot = None
    after: Snapshot = None
    changes: tuple[Change, ...] = ()
    mutated: bool = False
    """Whether the value that came in was changed in place."""
    returned_none: bool = False
    """Whether a filter answered None for a value that was not None."""
    error: ErrorRecord | None = None
    output: str = ""
    logs: tuple[LogLine, ...] = ()
    dropped: int = 0
    """Characters of output and log lines that were over the cap."""
    surplus: int = 0
    """How many positional arguments the hook passed that the callback does not take."""
    generation: int = 0
    defined_at: Location | None = None
    at_ns: int = 0
    """When it began, counted from the start of the firing."""
    own_ns: int = 0
    """What of the duration was not spent in firings that the callback caused."""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Firing:
    """One dispatch of one hook."""

    id: int
    hook: str
    kind: Kind
    cause: str
    parent_id: int | None
    depth: int
    thread: str
    args: tuple[Snapshot, ...]
    kwargs: Snapshot
    steps: tuple[Step, ...]
    result: Snapshot
    started_at: float
    duration_ns: int

    @property
    def outcome(self) -> Outcome:
        """The worst outcome among the steps."""
        found = {step.outcome for step in self.steps}
        if "interrupted" in found:
            return "interrupted"
        return "error" if "error" in found else "ok"

    @property
    def error(self) -> ErrorRecord | None:
        """The first error among the steps."""
        return next((step.error for step in self.steps if step.error), None)

    @property
    def changed(self) -> bool:
        """Whether any step changed the value."""
        return any(step.changes or step.mutated for step in self.steps)


@dataclass(frozen=True, slots=True)
class Callback:
    """A function registered on a hook, with where it was registered."""

    hook: str
    kind: Kind
    plugin: str | None
    callback: str
    priority: float
    file: str
    line: int
    defined_at: Location | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a catalogued hook."""

    name: str
    type: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class CataloguedHook:
    """What the documentation promises about a hook."""

    name: str
    kind: Kind
    category: str
    purpose: str
    parameters: tuple[Parameter, ...] = ()

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(p.name for p in self.parameters)})"


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook as it stands now: what is documented about it and who listens, in running order."""

    name: str
    kind: Kind
    documented: CataloguedHook | None
    callbacks: tuple[Callback, ...] = ()


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin as it stands now."""

    slug: str
    name: str
    version: str
    description: str
    author: str
    source: Source
    status: Status
    generation: int
    path: str
    main_file: str
    manifest: dict[str, Any]
    findings: tuple[Finding, ...] = ()
    error: ErrorRecord | None = None
    loaded_at: float | None = None
    load_ns: int = 0
    stale: bool = False
    """Whether the newest code failed to load and an older generation keeps working."""

    @property
    def badge(self) -> str:
        """`composer` for installed distributions, as in Escalated's own admin."""
        return "composer" if self.source == "composer" else ""


@dataclass(frozen=True, slots=True)
class Reload:
    """What one load or removal of a plugin did to the registries."""

    number: int
    plugin: str
    trigger: Literal["start", "save", "command", "removed"]
    files: tuple[str, ...]
    generation: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    at: float
    duration_ns: int
    output: str = ""
    logs: tuple[LogLine, ...] = ()
    error: ErrorRecord | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


@dataclass(frozen=True, slots=True)
class Activity:
    """What the plugin thread is doing at this moment."""

    doing: str
    plugin: str | None
    seconds: float
    stuck: bool = False
