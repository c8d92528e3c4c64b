"""What can be done at a stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Next:
    """Run the next callback, or the next line, and stop after it."""


@dataclass(frozen=True, slots=True)
class Into:
    """Stop at the first line of the next callback, or inside of what the line calls or fires."""


@dataclass(frozen=True, slots=True)
class Down:
    """Run the next callback, and stop in the first firing that it causes."""


@dataclass(frozen=True, slots=True)
class Out:
    """Run to the end of the function whose lines are stepped through, or of the chain."""


@dataclass(frozen=True, slots=True)
class Continue:
    """Run on to the next breakpoint."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Run on to the end of the outermost firing, past all that would stop it."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave the next callback out."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Go on with another value; `note` says in the record who has changed it."""

    value: Any
    note: str = "edited by hand"


@dataclass(frozen=True, slots=True)
class Give:
    """Have the next callback answer this instead of running it."""

    value: Any


@dataclass(frozen=True, slots=True)
class Move:
    """Run a coming callback `by` places later, or earlier if negative; `index` counts from 0."""

    by: int
    index: int = 0


@dataclass(frozen=True, slots=True)
class Back:
    """Run the chain again from the step with this index, with the value as it was then."""

    index: int


Command = Next | Into | Down | Out | Continue | Finish | Skip | Edit | Give | Move | Back
