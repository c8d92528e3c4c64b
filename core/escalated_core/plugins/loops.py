"""Plugins that change their own code: they must not be loaded again for that for ever."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from escalated_core.records import Finding, Location

BY_ITSELF = 3
"""Times in a row that a plugin is loaded again because its own code wrote a file it consists of."""
IN_HASTE = 100
"""Times in a row that it is loaded again within `HASTE`, whoever wrote."""
HASTE = 0.1
"""Seconds after a load. Nobody saves as often as that, but what a plugin starts may write so."""


class Loop:
    """Whether one plugin goes round in circles."""

    def __init__(self) -> None:
        self._by_itself = 0
        self._in_haste = 0
        self._turned = 0.0

    def found(
        self, slug: str, files: tuple[str, ...], own: Mapping[str, Location | None]
    ) -> Finding | None:
        """Why these changed files must not load the plugin again, if so."""
        own_code = [file for file in files if file in own]
        self._by_itself = self._by_itself + 1 if len(own_code) == len(files) else 0
        self._in_haste = self._in_haste + 1 if monotonic() - self._turned < HASTE else 0
        if self._by_itself > BY_ITSELF:
            return _finding(slug, own_code[0], own[own_code[0]])
        if self._in_haste > IN_HASTE:
            self.turned()
            return _finding(slug, files[0], None)
        return None

    def turned(self) -> None:
        """The plugin has been loaded."""
        self._turned = monotonic()


def _finding(slug: str, file: str, place: Location | None) -> Finding:
    whose = "its own code writes" if place else "something writes whenever it is loaded"
    message = f"{slug} loads itself again and again: {file} is part of it, and {whose} it."
    cure = (
        "Write to a file that is no part of the plugin, or only when something differs. "
        "It is loaded again when you save it."
    )
    at = place or Location(file, 1)
    return Finding("reload.loop", "error", message, cure, slug, at.file, at.line)
