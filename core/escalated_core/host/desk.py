"""The help desk as front ends see it: references to its rows, and the rows as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from escalated_core.analysis.tabular import Records
from escalated_core.helpdesk.references import Reference, ReferenceKind


class Rows(Protocol):
    """Where the rows are."""

    def rows(self, kind: ReferenceKind) -> list[dict[str, Any]]: ...

    def edit(self, reference: Reference, fields: Mapping[str, Any]) -> None: ...

    def reset(self) -> None: ...


class HelpDesk:
    """`ticket(1)` names a row; pass it to `fire` and the plugin gets the live object."""

    def __init__(self, host: Rows) -> None:
        self._host = host

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

    def rows(self, kind: ReferenceKind) -> Records[dict[str, Any]]:
        """The rows of a kind (`ticket`, `user`, `comment`, `department`, `tag`) as builtins."""
        return Records(dict[str, Any], self._host.rows(kind))

    def edit(self, reference: Reference, **fields: Any) -> None:
        """Write other values into a row, as a form would; no hook is fired.

        Raises:
            UsageError: there is no such row or field, or the value does not fit it.
        """
        self._host.edit(reference, fields)

    def reset(self) -> None:
        """Have every ticket, comment and person as at first; what plugins store is kept."""
        self._host.reset()
