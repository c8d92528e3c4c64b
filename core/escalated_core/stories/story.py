"""What a story file says, once it has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from escalated_core.errors import UsageError
from escalated_core.records import Kind, Profile

START: Final = "2026-01-05 09:00"
"""When a story begins unless it says otherwise: the moment at which the seeded world stands."""
WARNING: Final = timedelta(minutes=30)
"""How long before a deadline the help desk warns, unless the story says otherwise."""

What = Literal[
    "outcome",
    "errors",
    "nones",
    "mutations",
    "under",
    "fired",
    "result",
    "contains",
    "row",
    "effects",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a story that cannot be meant; lines and columns count from 1."""

    message: str
    cure: str
    line: int
    column: int
    file: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message} {self.cure}".strip()


class StoryError(UsageError):
    """A story that cannot be run, with all its problems, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        if len(problems) == 1:
            super().__init__(str(problems[0]))
        else:
            lines = "\n".join(f"  {problem}" for problem in problems)
            super().__init__(f"The story has {len(problems)} problems:\n{lines}")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Expected:
    """One thing that is expected of a step.

    `subject` is the hook of `fired`, `result` and `contains`, the field of a `row`, the kind of
    `effects`; empty where there is nothing to name. `value` is what is due: a number of times, of
    errors or of effects, a value, or seconds. `of` is the id of the step whose row is meant.
    """

    what: What
    subject: str
    value: Any
    line: int = 0
    column: int = 0
    of: str = ""


@dataclass(frozen=True, slots=True)
class At:
    """When a step happens: so long after the one before, at a moment, or at a time of the day."""

    after: timedelta | None = None
    moment: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One step of a story: an event, or a bare hook that is fired.

    Values may have references such as `${ticket.subject}` in them.
    """

    event: str = ""
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    fire: str = ""
    """The hook that is fired, where there is no event."""
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    kind: Kind | None = None
    id: str = ""
    at: At = At()
    repeat: int = 1
    dry: bool = False
    expected: tuple[Expected, ...] = ()
    line: int = 0
    column: int = 0

    @property
    def name(self) -> str:
        """`ticket.create`, or `fire ticket_data`."""
        return self.event or f"fire {self.fire}"


@dataclass(frozen=True, slots=True)
class Story:
    """A sequence of events, checked: every name and type in it is known."""

    name: str
    steps: tuple[StoryStep, ...]
    start: datetime
    profile: Profile | None = None
    seed: int | None = None
    """Of the world; None for the workbench's own."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    warning: timedelta | None = WARNING
    """How long before a deadline the help desk warns; None if deadlines pass unnoticed."""
    expected: tuple[Expected, ...] = ()
    """Of every step."""
    file: str = "story"

    def expected_of(self, step: StoryStep) -> tuple[Expected, ...]:
        """What is expected of a step: what the story says of all, where the step says no other."""
        own = {(each.what, each.subject, each.of) for each in step.expected}
        general = (each for each in self.expected if (each.what, each.subject, each.of) not in own)
        return (*general, *step.expected)
