"""Names for the rows of the help desk that front ends can pass around without Django."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

ReferenceKind = Literal[
    "ticket", "user", "agent", "customer", "admin", "comment", "department", "tag"
]
KINDS: Final[tuple[ReferenceKind, ...]] = get_args(ReferenceKind)


@dataclass(frozen=True, slots=True)
class Reference:
    """One row of the help desk.

    `key` is the row's id; for `agent`, `customer` and `admin`, which are users in a role, it is
    the number within the role: `Reference("agent", 2)` is the second agent.
    """

    kind: ReferenceKind
    key: int

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
