"""The lines of a session file: what they say of plugins, and firings as JSON and back.

Values that occur more than once in a firing are written once, in `values`; `{"$ref": index}`
stands for them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from escalated_core.records import (
    Change,
    Effect,
    Finding,
    Firing,
    Import,
    Plugin,
    Reload,
    Source,
    Turnover,
)
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
)
from escalated_core.snapshots.plain import record_to_plain, to_plain
from escalated_core.snapshots.reading import from_plain, snapshot_from
from escalated_core.snapshots.redaction import (
    masked_effect,
    masked_error,
    masked_firing,
    masked_log,
    masked_text,
)

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_LONG: Final = 64
"""Characters from which a text is worth a reference."""
_NESTED: Final = (DictSnapshot, ListSnapshot, ObjectSnapshot, SetSnapshot, TupleSnapshot)
_VALUES: Final = frozenset({"args", "kwargs", "steps", "result", "before", "after", "changes"})
"""What in records may hold values that occur more than once."""
_NEVER_PARTS: Final = frozenset({"__pycache__", ".git", ".venv", "node_modules"})


@dataclass(frozen=True, slots=True)
class SessionPlugin:
    """A plugin with the SHA-256 of its files, and the slowest of its imports, longest first."""

    slug: str
    version: str
    source: Source
    generation: int
    files: dict[str, str]
    imports: tuple[Import, ...] = ()

    @classmethod
    def of(cls, plugin: Plugin) -> SessionPlugin:
        """The plugin with its files as they are now; of an installed one only its main file."""
        root = Path(plugin.path)
        chosen = (
            (Path(folder) / name for folder, name in _files(root))
            if plugin.source == "local"
            else [root / plugin.main_file]
        )
        files = {path.relative_to(root).as_posix(): _digest(path) for path in chosen}
        known = {name: digest for name, digest in sorted(files.items()) if digest}
        what = plugin.slug, plugin.version, plugin.source, plugin.generation
        return cls(*what, known, plugin.imports)


@dataclass(frozen=True, slots=True)
class Header:
    """What a session ran with. `versions` has `workbench`, `python` and, if known, `django`."""

    versions: dict[str, str]
    profile: str
    seed: int
    root: str
    started_at: float
    plugins: tuple[SessionPlugin, ...] = ()


Saved = Firing | Reload | Turnover | Finding | Effect
"""What has a line of its own."""


def line_of(record: Saved) -> dict[str, Any]:
    """The content of a record's line, without its secrets."""
    if isinstance(record, Firing):
        return _firing_line(masked_firing(record))
    if isinstance(record, Effect):
        return {"effect": to_plain(masked_effect(record))}
    if isinstance(record, Turnover):
        return {"turnover": record_to_plain(record)}
    if isinstance(record, Reload):
        return {"reload": to_plain(_masked_reload(record))}
    message, cure = masked_text(record.message), masked_text(record.cure)
    return {"finding": to_plain(replace(record, message=message, cure=cure))}


def encoded(content: dict[str, Any]) -> bytes:
    """The content as a line of the file."""
    try:
        return _ENCODER.encode(content).encode() + b"\n"
    except UnicodeEncodeError:  # half a character has no UTF-8
        return json.dumps(content, allow_nan=False).encode() + b"\n"


class _Values:
    """The snapshots of one firing as builtins; those that occur again only once."""

    def __init__(self, firing: Firing) -> None:
        seen: set[int] = set()
        self._again: set[int] = set()
        for value in _places(firing):
            (self._again if id(value) in seen else seen).add(id(value))
        self._numbers: dict[int, int] = {}
        self.table: list[Any] = []

    def plain(self, value: Any) -> Any:
        """The snapshot, or the reference to its entry in the table."""
        if id(value) not in self._again or not _is_long(value):
            return to_plain(value)
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self.table)
            self.table.append(to_plain(value))
        return {"$ref": number}

    def change(self, change: Change) -> dict[str, Any]:
        shown = record_to_plain(change, _VALUES)
        shown["before"], shown["after"] = self.plain(change.before), self.plain(change.after)
        return shown


def _places(firing: Firing) -> Iterator[Any]:
    yield from (*firing.args, firing.kwargs, firing.result)
    for step in firing.steps:
        yield from (step.before, step.after)
        for change in step.changes:
            yield from (change.before, change.after)


def _is_long(value: Any) -> bool:
    return isinstance(value, _NESTED) or (isinstance(value, (str, bytes)) and len(value) > _LONG)


def _firing_line(firing: Firing) -> dict[str, Any]:
    """The line of a firing: its identity first, its values as references where they repeat."""
    values = _Values(firing)
    args = [values.plain(value) for value in firing.args]
    kwargs = values.plain(firing.kwargs)
    steps: list[dict[str, Any]] = []
    for step in firing.steps:
        shown = record_to_plain(step, _VALUES)
        shown["before"], shown["after"] = values.plain(step.before), values.plain(step.after)
        shown["changes"] = [values.change(change) for change in step.changes]
        steps.append(shown)
    result = values.plain(firing.result)
    line: dict[str, Any] = {
        "firing": {
            "id": firing.id,
            "parent_id": firing.parent_id,
            **record_to_plain(firing, _VALUES),
            "args": args,
            "kwargs": kwargs,
            "steps": steps,
            "result": result,
        }
    }
    if values.table:
        line["values"] = values.table
    return line


def firing_of(line: dict[str, Any]) -> Firing:
    """The firing of a line; raises ValueError if it is broken."""
    shared = [snapshot_from(value) for value in line.get("values", ())]
    return from_plain(line["firing"], Firing, shared)


def _masked_reload(reload: Reload) -> Reload:
    return replace(
        reload,
        output=masked_text(reload.output),
        logs=tuple(map(masked_log, reload.logs)),
        error=masked_error(reload.error),
    )


def _files(root: Path) -> Iterator[tuple[str, str]]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _NEVER_PARTS]
        yield from ((folder, name) for name in names)


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    except OSError:
        return None
