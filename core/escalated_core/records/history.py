"""What came to the registry and what went, and how plugins stood: the world of each firing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from escalated_core.records.plugins import Callback

PastStatus = Literal["active", "inactive", "failed", "removed"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a plugin stands from some moment on."""

    slug: str
    version: str
    status: PastStatus
    generation: int
    """How often it had been loaded; the code of that load runs if it is active."""
    stale: bool = False
    """Whether its newest code had failed to load and an older generation went on."""


@dataclass(frozen=True, slots=True)
class Turnover:
    """One change of what is registered or of how a plugin stands, at one instant.

    `number` counts them from 1. Firings up to the one with the id `after` had begun before, all
    others began later and find the world like this.
    """

    number: int
    after: int
    at: float
    came: tuple[Callback, ...] = ()
    went: tuple[Callback, ...] = ()
    plugins: tuple[Standing, ...] = ()
    by: tuple[tuple[int, int], ...] = ()
    """The steps whose code did it, as id of the firing and index, the outermost first."""
