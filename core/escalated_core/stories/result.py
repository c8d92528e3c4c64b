"""What came of a story: step by step, as records that can be written as JSON or JUnit XML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from escalated_core.records import Firing, Happened, Profile
from escalated_core.stories import documents
from escalated_core.stories.failing import failing


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that was expected of a step, and what there was instead."""

    what: str
    """`ticket_created fired 1 time`, `status of t`."""
    ok: bool
    expected: str
    actual: str
    diff: str = ""
    """Lines that begin with `-` (expected) or `+` (actual), or with a blank.

    Empty if it is met, and where it would say no more than `expected` and `actual`.
    """
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step of a story as it went; a step with `repeat` has a result for each time."""

    number: int
    """From 1, in the order in which things happened."""
    name: str
    """`ticket.create`, or `fire ticket_data`."""
    id: str
    at: float
    """When it happened by the story's clock, in seconds since the epoch."""
    repetition: int = 1
    by_clock: bool = False
    """Whether a deadline made it happen while time passed: it is not in the file."""
    happened: Happened | None = None
    """None if it could not happen, or was not reached. Of a bare hook, the firing is the event."""
    firings: tuple[Firing, ...] = ()
    """All of it in the order it began, nested ones too: the event first."""
    expectations: tuple[Expectation, ...] = ()
    failure: str = ""
    """Why it could not happen: a row or a value that turned out not to be there."""
    line: int = 0
    column: int = 0

    @property
    def status(self) -> Literal["ok", "failed", "broken", "skipped"]:
        """`failed` if an expectation is not met, `broken` if it could not happen."""
        if self.failure:
            return "broken"
        if self.happened is None:
            return "skipped"
        return "ok" if all(each.ok for each in self.expectations) else "failed"

    @property
    def errors(self) -> tuple[str, ...]:
        """What failed, expected or not: plugin, place and exception, or the help desk's own."""
        return tuple(failing(self.happened, self.firings))

    @property
    def duration_ns(self) -> int:
        return self.happened.event.duration_ns if self.happened is not None else 0


@dataclass(frozen=True, slots=True)
class StoryResult:
    """What came of a story."""

    name: str
    file: str
    profile: Profile
    seed: int
    started_at: float
    """By the story's clock, in seconds since the epoch; so is `ended_at`."""
    ended_at: float
    steps: tuple[StepResult, ...]
    duration_ns: int = 0
    """How long it really took."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def ok(self) -> bool:
        """Whether every step happened as expected, and no callback failed unexpectedly."""
        return all(step.status == "ok" for step in self.steps)

    @property
    def failures(self) -> tuple[str, ...]:
        """What went otherwise, one text each: place, step, what was expected, and the diff."""
        return tuple(documents.failures(self))

    def to_dict(self, *, timed: bool = True) -> dict[str, Any]:
        """Everything as JSON-ready builtins, without secrets; firings are numbered from 1.

        Without `timed` every duration is 0: the same story then gives the same document.
        """
        return documents.document(self, timed=timed)

    def junit(self) -> str:
        """The result as JUnit XML: a suite with a case for each step."""
        return documents.junit(self)
