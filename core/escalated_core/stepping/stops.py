"""What is to be seen at a stop."""

from __future__ import annotations

from dataclasses import dataclass

from escalated_core.records import Callback, Firing, Location, Snapshot
from escalated_core.stepping.commands import (
    Back,
    Command,
    Continue,
    Down,
    Edit,
    Finish,
    Give,
    Into,
    Move,
    Next,
    Out,
    Skip,
)


@dataclass(frozen=True, slots=True)
class Line:
    """The line of a callback, or of what it called, that runs next; `names` are its locals."""

    file: str
    line: int
    function: str
    names: Snapshot


@dataclass(frozen=True, slots=True)
class Level:
    """A firing that the stopped one is inside of, and which callback of it is under way."""

    firing_id: int
    hook: str
    callback: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A firing that waits between two callbacks, or at a line of one.

    `firing` is its record so far; `args` and `kwargs` are what the callback gets that runs next,
    `value` is the first of them for a filter, else None. `coming` are the callbacks that have not
    run yet, `around` the firings it is inside of, outermost first.
    """

    number: int
    firing: Firing
    args: tuple[Snapshot, ...]
    kwargs: Snapshot
    coming: tuple[Callback, ...]
    reason: str
    thread: str
    around: tuple[Level, ...] = ()
    line: Line | None = None
    doing: Callback | None = None
    """The callback that is under way at a line."""
    in_transaction: bool = False
    """Whether the thread that waits has a transaction of the database open meanwhile."""

    @property
    def value(self) -> Snapshot:
        """What the next callback of a filter gets."""
        return self.args[0] if self.firing.kind == "filter" and self.args else None

    @property
    def at(self) -> Callback | None:
        """The callback that runs next; None at the end of the chain, and at a line."""
        return self.coming[0] if self.coming and self.line is None else None

    @property
    def where(self) -> str:
        """`step 2 of 4, before tag_vip (triage)`, `at triage/plugin.py:41 in tag_vip`."""
        if self.line is not None:
            return f"at {Location(self.line.file, self.line.line)} in {self.line.function}"
        if self.firing.kind == "event":
            return "before it happens"
        if self.at is None:
            return "at the end of the chain"
        ran = len(self.firing.steps)
        total = ran + len(self.coming)
        return f"step {ran + 1} of {total}, before {self.at.callback} ({self.at.plugin or 'host'})"

    def __str__(self) -> str:
        return f"{self.firing.hook}, {self.where}"

    def __repr__(self) -> str:
        # What a line of a terminal holds: values can be of any size.
        return f"Stop({self})"

    def refuses(self, command: Command) -> str:
        """Why this cannot be done here, and what can; empty if it can."""
        if self.line is not None and not isinstance(command, Next | Into | Out | Continue | Finish):
            return "A callback is under way. Step out of it first."
        coming, ran = len(self.coming), len(self.firing.steps)
        match command:
            case Skip() | Give() | Into() | Down() | Move() if not coming and self.line is None:
                return "No callback is left. Go on to the end, or back to an earlier step."
            case Move(_, index) if not 0 <= index < coming:
                return f"No callback to come has the index {index}. The last has {coming - 1}."
            case Edit() | Give() if self.firing.kind != "filter":
                return "An action passes no value on. Run code that changes its arguments in place."
            case Back(index) if not 0 <= index < ran:
                return f"No step with the index {index} has run. {ran} so far, counted from 0."
            case _:
                return ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an expression or a statement that was run at a stop."""

    value: Snapshot = None
    output: str = ""
    error: str = ""
    """Type and message of what it raised; empty if nothing."""
