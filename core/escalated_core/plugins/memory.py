"""What is remembered across runs: which plugins are active. Beside the plugins root."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Literal, cast

from escalated_core.plugins.findings import Findings
from escalated_core.records import Finding

State = Literal["active", "inactive"]

FOLDER = ".escalated-workbench"


class Memory:
    """Remembered states by slug, written atomically: at once, or first when `keep` is called.

    A folder that cannot be read or written is no error but a finding: nothing is remembered then.

    Args:
        root: the plugins folder.
        folder: where states are kept; beside the root by default.
        findings: where what is wrong with the folder is held.
    """

    def __init__(self, root: Path, folder: Path | None, findings: Findings) -> None:
        self.folder = folder or root.parent / FOLDER
        self.path = self.folder / f"{root.name}.json"
        self._findings = findings
        self._states = self._read()
        self._changed: dict[str, State | None] = {}
        self._waiting = True

    def get(self, slug: str) -> State | None:
        """What was remembered of a plugin; None for one that was never activated."""
        return self._states.get(slug)

    def set(self, slug: str, state: State | None) -> None:
        """Remember a state; None forgets the plugin."""
        if self._states.get(slug) == state:
            return
        if state is None:
            del self._states[slug]
        else:
            self._states[slug] = state
        self._changed[slug] = state
        if not self._waiting:
            self._write()

    def keep(self) -> None:
        """Write what was set so far; from now on every change is written at once."""
        self._waiting = False
        if self._changed:
            self._write()

    def _read(self) -> dict[str, State]:
        try:
            data: Any = json.loads(self.path.read_text("utf-8"))
            states = cast("dict[str, State]", data["plugins"])
            return {s: state for s, state in states.items() if state in ("active", "inactive")}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            cure = "Plugins start as if they were new. Delete the file if it stays."
            # What was remembered is lost, also once the file has been written anew: this stays.
            message, file = f"{self.path} cannot be read: {error}.", str(self.path)
            self._findings.report(Finding("memory.unreadable", "warning", message, cure, file=file))
            return {}

    def _write(self) -> None:
        # Another process may have written meanwhile: only what changed here is changed there.
        states = {**self._read(), **self._changed}
        plugins = {slug: state for slug, state in states.items() if state is not None}
        text = json.dumps({"version": 1, "plugins": plugins}, indent=2, sort_keys=True)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            ignore = self.folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", "utf-8")
            replace_text(self.path, text + "\n")
        except OSError as error:
            message = f"{self.folder} cannot be written: {error.strerror or error}."
            cure = "Make it a folder you may write to, or which plugins are active is forgotten."
            why = Finding("memory.unwritable", "warning", message, cure, file=str(self.folder))
            self._findings.replace(None, "memory", [why])
        else:
            self._changed.clear()
            self._findings.forget(None, "memory")


def replace_text(path: Path, text: str) -> None:
    """Write a file so that whoever reads it sees the old or the new text, nothing between."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
