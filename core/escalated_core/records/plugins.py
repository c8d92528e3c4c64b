"""What there is: hooks with their callbacks, plugins and what their loads did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from escalated_core.records.findings import ErrorRecord, Finding, Location
from escalated_core.records.firings import Kind, LogLine

Status = Literal["active", "inactive", "failed"]
Source = Literal["local", "composer"]


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
    muted: bool = False
    """Whether somebody has it left out."""
    note: str = ""
    """What somebody has be otherwise about it; empty if nothing is."""
    generation: int = 0
    """Which load of the plugin registered it."""
    place: tuple[int, int] = (0, 0)
    """Its turn among equal priorities: that of its plugin, then its own, which no other has."""


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
    fired: bool = True
    """Whether the help desk ever fires it; the published package does not fire all of the guide."""

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
class Import:
    """A module that was looked for and, unless that failed, loaded."""

    name: str
    duration_ns: int
    own_ns: int
    """What of the duration was not spent in imports that the module made."""
    depth: int
    """0 for an import by the code that is measured, 1 for one by a module that it imported, ..."""


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
    imports: tuple[Import, ...] = ()
    """What took longest of the modules that its code imported when it was loaded."""
    stale: bool = False
    """Whether the newest code failed to load and an older generation keeps working."""

    undone: int | None = None
    """The generation whose code runs again because somebody went back to it, whatever the files
    say; None when the newest does."""

    @property
    def badge(self) -> str:
        """`composer` for installed distributions, as in Escalated's own admin."""
        return "composer" if self.source == "composer" else ""


@dataclass(frozen=True, slots=True)
class Reload:
    """What one load or removal of a plugin did to the registries."""

    number: int
    plugin: str
    trigger: Literal["start", "save", "command", "removed", "undo"]
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
