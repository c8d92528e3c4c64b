"""What somebody has be other than in the source, for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from escalated_core.records.findings import Snapshot

Does = Literal["mute", "priority", "answer"]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Callbacks muted, moved to another priority, or answered for: those that fit all patterns.

    A pattern that is empty fits everything; a callback fits by its qualified name or the last part
    of it. Without a hook, those of the life of plugins (`plugin_activated`, ...) are left alone.
    """

    number: int
    does: Does
    hook: str = ""
    plugin: str = ""
    callback: str = ""
    priority: float | None = None
    value: Snapshot = None
    """What is answered in the place of the callbacks of filters."""
    matches: int = 0
    """How many callbacks it is about as it stands now."""

    @property
    def about(self) -> str:
        """`triage:normalise on ticket_data`; what fits everything is left out."""
        who = ":".join(filter(None, (self.plugin, self.callback)))
        if self.callback and not self.plugin:
            who = self.callback
        return f"{who or 'everything'} on {self.hook}" if self.hook else who

    def __str__(self) -> str:
        how = {"mute": "", "priority": f" at {self.priority}", "answer": " answers otherwise"}
        gone = "" if self.matches else ", which is nothing now"
        verb = {"mute": "mute ", "priority": "", "answer": ""}[self.does]
        return f"{verb}{self.about}{how[self.does]}{gone}"
