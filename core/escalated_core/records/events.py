"""Happenings of the help desk, as they are documented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from escalated_core.records.findings import ErrorRecord, Snapshot
from escalated_core.records.firings import Firing, Kind, Outcome
from escalated_core.records.plugins import Callback


@dataclass(frozen=True, slots=True)
class EventParameter:
    """What can be said about an event; what is left out is chosen from the help desk."""

    name: str
    type: str
    """A kind of row (`ticket`, `agent`, ...) or of value (`text`, `status`, `json`, ...)."""
    description: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of happening: what it takes, and which hooks it makes the help desk fire."""

    name: str
    title: str
    parameters: tuple[EventParameter, ...]
    hooks: Mapping[str, tuple[str, ...]]
    """By profile, in the order they are fired; one that ends in `?` only if something changed."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A hook that an event would fire: with which arguments, and who would be called in order."""

    hook: str
    kind: Kind
    args: tuple[Snapshot, ...]
    """As the first callback would get them; a filter's value changes from one to the next."""
    callbacks: tuple[Callback, ...] = ()


@dataclass(frozen=True, slots=True)
class Happened(Sequence[Firing]):
    """An event that has happened: the firings that it caused, in their order."""

    event: Firing
    """The event itself, recorded as a firing of kind `event`; its step is the help desk's."""
    firings: tuple[Firing, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst outcome: of the event, or of a firing that it caused."""
        found = {each.outcome for each in (self.event, *self.firings)}
        if "interrupted" in found:
            return "interrupted"
        return "error" if "error" in found else "ok"

    @property
    def error(self) -> ErrorRecord | None:
        """Why the help desk could not go on, if it could not."""
        return self.event.error

    def __len__(self) -> int:
        return len(self.firings)

    @overload
    def __getitem__(self, index: int) -> Firing: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Firing, ...]: ...
    def __getitem__(self, index: int | slice) -> Firing | tuple[Firing, ...]:
        return self.firings[index]
