"""What is remembered across runs: which plugins are active. Beside the plugins root."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Literal, cast

State = Literal["active", "inactive"]

FOLDER = ".escalated-workbench"


class Memory:
    """Remembered states by slug; every change is written at once, atomically.

    A folder that cannot be written is no error: `problem` says why nothing is remembered.
    """

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self.folder = folder or root.parent / FOLDER
        self.path = self.folder / f"{root.name}.json"
        self.problem = ""
        self._states = self._read()

    def get(self, slug: str) -> State | None:
        """What was remembered of a plugin; None for one that was never activated."""
        return self._states.get(slug)

    def set(self, slug: str, state: State) -> None:
        if self._states.get(slug) != state:
            self._states[slug] = state
            self._write()

    def forget(self, slug: str) -> None:
        if self._states.pop(slug, None):
            self._write()

    def _read(self) -> dict[str, State]:
        try:
            data: Any = json.loads(self.path.read_text("utf-8"))
            states = cast("dict[str, State]", data["plugins"])
            return {s: state for s, state in states.items() if state in ("active", "inactive")}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.problem = f"{self.path} could not be read ({error}); plugins start as if new."
            return {}

    def _write(self) -> None:
        text = json.dumps({"version": 1, "plugins": self._states}, indent=2, sort_keys=True)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            ignore = self.folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", "utf-8")
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=self.path.name)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text + "\n")
                Path(temporary).replace(self.path)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            self.problem = f"{self.folder} cannot be written ({error}); nothing is remembered."
