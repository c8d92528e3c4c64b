"""The help desk as front ends see it: references to its rows, and the rows as plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from escalated_core.helpdesk.references import Reference, ReferenceKind


class HelpDesk:
    """`ticket(1)` names a row; pass it to `fire` and the plugin gets the live object."""

    def __init__(self, rows: Callable[[ReferenceKind], list[dict[str, Any]]]) -> None:
        self._rows = rows

    def ticket(self, key: int) -> Reference:
        """The ticket with this id."""
        return Reference("ticket", key)

    def user(self, key: int) -> Reference:
        """The user with this id, in whatever role."""
        return Reference("user", key)

    def agent(self, number: int) -> Reference:
        """The agent with this number; the first is 1."""
        return Reference("agent", number)

    def customer(self, number: int) -> Reference:
        """The customer with this number; the first is 1."""
        return Reference("customer", number)

    def comment(self, key: int) -> Reference:
        """The comment with this id."""
        return Reference("comment", key)

    def department(self, key: int) -> Reference:
        """The department with this id."""
        return Reference("department", key)

    def tag(self, key: int) -> Reference:
        """The tag with this id."""
        return Reference("tag", key)

    def rows(self, kind: ReferenceKind) -> list[dict[str, Any]]:
        """The rows of a kind (`ticket`, `user`, `comment`, `department`, `tag`) as builtins."""
        return self._rows(kind)
