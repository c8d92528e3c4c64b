"""What a save changed: the recorded firings that were run again, each with what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from escalated_core.records.replays import VERDICTS, Comparison, ReplayVerdict

ReplayCause = Literal["save", "command", "asked", "session"]
"""A file was saved, a plugin was loaded again by name, somebody asked for it, or the firings are
those of a saved session."""
ReplayState = Literal["done", "late", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A recorded firing that was not run again, or not to its end."""

    firing_id: int
    hook: str
    why: str

    def likeness(self) -> tuple[object, ...]:
        """What it has in common with those that were left out alike."""
        return self.hook, self.why


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """How far a replay that is under way has come."""

    plugin: str | None
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class SaveVerdict:
    """What recorded firings do now, beside what they did before.

    In a comparison `old` is the firing as it was recorded, or as it was replayed last; where the
    code before does something else by now, it is that, on the same help desk at the same moment.
    """

    number: int
    """From 1, in the order they were given."""
    cause: ReplayCause
    plugin: str | None
    """What was saved; None where all were replayed."""
    generation: int
    """Of the plugin, as it runs now."""
    state: ReplayState
    """`late`: the time was up before all were run. `cancelled`: a newer save came. `failed`: the
    code could not be loaded, and what ran before runs on."""
    comparisons: tuple[Comparison, ...] = ()
    """Those that changed first, the most telling verdict first; then by firing."""
    left_out: tuple[LeftOut, ...] = ()
    drifted: tuple[int, ...] = ()
    """Recorded firings, by id, that do something else than recorded, but not because of this."""
    error: str = ""
    """Why the code could not be loaded."""
    at: float = 0.0
    duration_ns: int = 0

    @property
    def counts(self) -> Mapping[ReplayVerdict, int]:
        """How many comparisons have which verdict, the most telling first."""
        found = Counter(each.verdict for each in self.comparisons)
        return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}

    @property
    def changed(self) -> bool:
        """Whether the behaviour of any changed."""
        return any(each.changed for each in self.comparisons)

    def differing(self) -> tuple[Comparison, ...]:
        """Those whose behaviour changed."""
        return tuple(each for each in self.comparisons if each.changed)

    def __str__(self) -> str:
        if self.state == "failed":
            return f"{self.plugin} was not replayed: {self.error}"
        told = [f"{count} {VERDICTS[verdict]}" for verdict, count in self.counts.items()]
        left = [f"{len(self.left_out)} left out"] if self.left_out else []
        ended = {"late": ["the time was up"], "cancelled": ["a newer save came"]}
        said = ", ".join([*told, *left, *ended.get(self.state, [])])
        nothing = "nothing recorded runs code of it" if self.plugin else "no firing is recorded"
        return said or nothing
