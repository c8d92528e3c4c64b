"""One plugin as the lifecycle holds it: what was found, how it stands, what runs."""

from __future__ import annotations

import linecache
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from escalated_core.plugins.discovery import Found
from escalated_core.plugins.imports import PluginSpace, digest_of
from escalated_core.plugins.loops import Loop
from escalated_core.plugins.manifest import Manifest, ManifestReading
from escalated_core.records import (
    ErrorRecord,
    Finding,
    Frame,
    Location,
    Plugin,
    Standing,
    Status,
)
from escalated_core.scope import Owner
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.trace.tracebacks import source_around

_NOTE = re.compile(r".*\.(md|rst|txt)|(LICEN[CS]E|COPYING|NOTICE|AUTHORS)(\W.*)?", re.I)


IMPORTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Change:
    """Paths below a plugin's folder that something happened to, and those with new content."""

    touched: tuple[str, ...]
    new: tuple[str, ...]
    own: Mapping[str, Location | None] = field(default_factory=dict[str, Location | None])
    """Those that plugins wrote themselves, with the line of code that did, if known."""


@dataclass(frozen=True, slots=True)
class Former:
    """A generation that another has taken the place of: what is needed to run it again."""

    generation: int
    manifest: Manifest
    sources: Mapping[str, bytes]
    """Its source files as they were read."""


@dataclass(slots=True)
class LivePlugin:
    """A plugin and its present state. `place` is its turn among equal priorities."""

    found: Found
    place: int
    status: Status = "inactive"
    wanted: bool = False
    """Whether it is meant to be active, also while it fails to load."""
    generation: int = 0
    manifest: Manifest | None = None
    owner: Owner | None = None
    space: PluginSpace | None = None
    manifest_read: str | None = None
    """The fingerprint of the manifest as it was read last."""
    reading: ManifestReading | None = None
    tried: PluginSpace | None = None
    """Where its code was loaded last, or was tried to be."""
    error: ErrorRecord | None = None
    former: Former | None = None
    undone: int | None = None
    """The generation whose code runs again, if one does."""
    loaded_at: float | None = None
    load_ns: int = 0
    loop: Loop = field(default_factory=Loop)

    @property
    def slug(self) -> str:
        return self.found.slug

    @property
    def running(self) -> tuple[Owner, PluginSpace] | None:
        """The generation whose code is loaded, if any."""
        return (self.owner, self.space) if self.owner and self.space else None

    def unseen(self, change: Change) -> tuple[str, ...]:
        """The paths of a change that the newest attempt to load it has not seen as they are."""
        read = {**(self.tried.sources if self.tried else {})}
        read[str(self.found.manifest_path)] = self.manifest_read
        return tuple(
            path
            for path in change.touched
            if (
                read[path] != digest_of(Path(path))
                if path in read
                else path in change.new and path not in change.own and not self._is_note(path)
            )
        )

    def _is_note(self, path: str) -> bool:
        """Whether a file is for people only: beside the manifest, and not named in the code."""
        folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - links are not followed
        if folder != str(self.found.root) or not _NOTE.fullmatch(name):
            return False
        sources = self.tried.sources if self.tried else ()
        return not any(name in line for file in sources for line in linecache.getlines(file))

    @property
    def stale(self) -> bool:
        """Whether its newest code failed to load while an older generation goes on."""
        return self.status == "active" and self.error is not None

    @property
    def standing(self) -> Standing:
        version = self.manifest.version if self.manifest else ""
        return Standing(self.slug, version, self.status, self.generation, self.stale)

    def record(self, findings: tuple[Finding, ...]) -> Plugin:
        manifest = self.manifest
        data: dict[str, Any] = snapshot(manifest.data) if manifest else snapshot({})
        return Plugin(
            slug=self.slug,
            name=manifest.name if manifest else self.slug,
            version=manifest.version if manifest else "",
            description=manifest.description if manifest else "",
            author=manifest.author if manifest else "",
            source=self.found.source,
            status=self.status,
            generation=self.generation,
            path=str(self.found.root),
            main_file=manifest.main_file if manifest else "",
            manifest=data,
            findings=findings,
            error=self.error,
            loaded_at=self.loaded_at,
            load_ns=self.load_ns,
            imports=tuple(self.space.import_times.slowest(IMPORTS_SHOWN)) if self.space else (),
            undone=self.undone,
            stale=self.stale,
        )


def manifest_error(fatal: Finding | None) -> ErrorRecord:
    """The finding with which a plugin cannot run as its error."""
    if fatal is None:
        return ErrorRecord("ManifestError", "plugin.json cannot be used")
    frames: tuple[Frame, ...] = ()
    if fatal.file is not None:
        line = fatal.line or 1
        frames = (
            Frame(fatal.file, line, "plugin.json", source_around(fatal.file, line), fatal.column),
        )
    return ErrorRecord("ManifestError", fatal.message, frames)


def load_finding(slug: str, error: ErrorRecord) -> Finding:
    """Why a plugin could not be loaded, with the place and the cure."""
    code, cure = _LOAD_CODES.get(error.type, ("load.raised", "The rest of the file did not run."))
    if error.message.startswith("(unicode error)"):
        code, cure = _LOAD_CODES["UnicodeDecodeError"]
    column = error.frame.column if error.frame else None
    message = f"{slug} could not be loaded: {error}"
    return Finding(code, "error", message, cure, slug, error.file, error.line, column)


def needs_restart(slug: str, what: str, place: Location | None) -> Finding:
    """What only a restart of the workbench can change."""
    cure = "Restart the workbench to put it right."
    file, line = (place.file, place.line) if place else (None, None)
    return Finding("reload.needs-restart", "warning", f"{what}.", cure, slug, file, line)


_LOAD_CODES: dict[str, tuple[str, str]] = {
    "SyntaxError": ("load.syntax-error", "Mend the line and save."),
    "IndentationError": ("load.syntax-error", "Mend the indentation and save."),
    "TabError": ("load.syntax-error", "Indent with spaces only and save."),
    "UnicodeDecodeError": ("load.encoding", "Save the file as UTF-8."),
    "ModuleNotFoundError": ("load.import-error", "Install it, or add the file to the plugin."),
    "ImportError": ("load.import-error", "Check the name against the module it comes from."),
    "SystemExit": ("load.exited", "Remove the exit: it would end the whole server."),
    "Interrupted": ("load.stuck", "Do slow work in a callback, not while the file is imported."),
}
