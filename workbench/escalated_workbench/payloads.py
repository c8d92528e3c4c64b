"""Payloads of events that were used lately, kept beside the plugins for the next session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, cast

from escalated_core.plugins.memory import FOLDER, replace_text
from escalated_core.snapshots.secrets import is_secret, masked_text

Payload = dict[str, Any]

AT_MOST: Final = 10
"""Payloads that are remembered of one event."""
LONGEST: Final = 50_000
"""Characters of a payload that is written to the file."""


class Payloads:
    """The newest payloads by event, newest first. Those with secrets are never written.

    Args:
        root: the plugins folder.
        folder: where they are kept; beside the root by default.
    """

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self._folder = folder or root.parent / FOLDER
        self.path = self._folder / f"{root.name}.payloads.json"
        self._known = self._read()

    def of(self, event: str) -> list[Payload]:
        """What this event was given lately."""
        return list(self._known.get(event, ()))

    def remember(self, event: str, payload: Payload) -> None:
        """Put a payload first; an empty one needs no remembering."""
        if payload:
            others = [each for each in self.of(event) if each != payload]
            self._known[event] = [payload, *others][:AT_MOST]

    def keep(self) -> None:
        """Write what is remembered; raises `OSError` if the folder cannot be written."""
        # Another process may have written meanwhile: what is new there stays.
        events = self._read()
        for event, payloads in list(self._known.items()):
            kept = [each for each in payloads if _may_be_kept(each)]
            others = [each for each in events.get(event, ()) if each not in kept]
            if kept or others:
                events[event] = [*kept, *others][:AT_MOST]
        text = json.dumps({"version": 1, "events": events}, indent=1)
        self._folder.mkdir(parents=True, exist_ok=True)
        ignore = self._folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", "utf-8")
        replace_text(self.path, text + "\n")

    def _read(self) -> dict[str, list[Payload]]:
        """What the file has; nothing, if it is not there or cannot be read."""
        try:
            data: Any = json.loads(self.path.read_text("utf-8"))
            events = cast("dict[str, list[Any]]", data["events"])
            return {
                event: [each for each in payloads if isinstance(each, dict)]
                for event, payloads in events.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}


def _may_be_kept(payload: Payload) -> bool:
    return not _has_secret(payload) and len(json.dumps(payload, default=str)) <= LONGEST


def _has_secret(value: Any) -> bool:
    if isinstance(value, str):
        return masked_text(value) != value
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return any(is_secret(name) or _has_secret(each) for name, each in items)
    return isinstance(value, list) and any(map(_has_secret, cast("list[Any]", value)))
