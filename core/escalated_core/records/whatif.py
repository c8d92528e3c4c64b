"""What somebody has be other than in the source, for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from escalated_core.records.findings import Snapshot
from escalated_core.records.firings import Change, Kind

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


How = Literal["raises", "mended", "does", "sends", "runs", "rests"]

HOWS: Final[Mapping[How, str]] = {
    "raises": "now raises",
    "mended": "no longer raises",
    "does": "does something else",
    "sends": "sends something else",
    "runs": "now runs",
    "rests": "no longer runs",
}
"""What each way to be affected is called for people."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A callback that does something else, and not only with other values that it passes on."""

    hook: str
    callback: str
    """`triage:normalise`."""
    how: How
    error: str = ""
    """What it now raises: type and message."""

    def __str__(self) -> str:
        return f"{self.callback} {HOWS[self.how]}{f' {self.error}' if self.error else ''}"


@dataclass(frozen=True, slots=True)
class Trial:
    """A firing with one callback left out, or with two of the same priority swapped."""

    does: Literal["leave out", "swap"]
    callbacks: tuple[str, ...]
    between: tuple[str, ...] = ()
    """Callbacks between two that are swapped: left out before and after, so that what differs is
    due to the two alone."""
    result: tuple[Change, ...] = ()
    """What differs in the value that a filter gives."""
    arguments: tuple[Change, ...] = ()
    """What differs in the arguments as they are left, by their names."""
    effects: tuple[Change, ...] = ()
    """What differs in what is sent, and in the rows that are written, by where it goes: paths begin
    with a target such as `mail b@example.com` or `database escalated_ticket`."""
    affected: tuple[Affected, ...] = ()
    """Other callbacks that do something else; of two that are swapped, these as well."""
    steady: bool = True
    """Whether it went the same way twice; if not, nothing can be told from what differs."""

    @property
    def matters(self) -> bool:
        """Whether anything differs that is due to it."""
        return self.steady and bool(self.result or self.arguments or self.effects or self.affected)


@dataclass(frozen=True, slots=True)
class Matrix:
    """What each callback of a hook, and each order of two of the same priority, is good for."""

    hook: str
    kind: Kind
    callbacks: tuple[str, ...]
    """Those that take part, in running order: `triage:normalise`, `triage:normalise #2`."""
    trials: tuple[Trial, ...]
    unsteady: tuple[str, ...] = ()
    """What differs between two runs of which nothing was changed; trials do not count it."""
    uncontrolled: tuple[str, ...] = ()
    """What the runs depend on and nobody controls, in words."""

    def __repr__(self) -> str:
        orders = f"{len(self.order_dependent)} order-dependent, {len(self.needed)} needed"
        return f"Matrix({self.hook}, {len(self.callbacks)} callbacks, {orders})"

    @property
    def order_dependent(self) -> tuple[tuple[str, ...], ...]:
        """The pairs of the same priority of which the order matters, as they run now."""
        return tuple(t.callbacks for t in self.trials if t.does == "swap" and t.matters)

    @property
    def needed(self) -> tuple[tuple[str, str], ...]:
        """Each callback that another one needs, with that other one."""
        return tuple(
            (trial.callbacks[0], affected.callback)
            for trial in self.trials
            if trial.does == "leave out" and trial.steady
            for affected in trial.affected
            if affected.how != "mended"
        )
