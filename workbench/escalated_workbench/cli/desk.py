"""The verb `desk`: the rows of the help desk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from escalated_workbench.cli.options import Call, runs_plugins

if TYPE_CHECKING:
    from escalated_workbench.cli.text import Style

KINDS = ("tickets", "users", "agents", "customers", "admins", "comments", "departments", "tags")
COLUMNS = {
    "tickets": ("key", "reference", "status", "priority", "requester", "assigned_to", "subject"),
    "comments": ("key", "reference", "author", "is_internal_note", "body"),
    "departments": ("key", "slug", "name"),
    "tags": ("key", "slug", "name"),
}
PEOPLE = ("key", "username", "role", "email", "name")

NAMES = ("reference", "slug", "username", "email", "name")
"""By what else than its number a row can be named."""

ROLES = ("agent", "customer", "admin")


class Kind(click.Choice[str]):
    """A kind of rows, in the plural or not."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        plural = f"{value}s" if f"{value}s" in self.choices else value
        return super().convert(plural, param, ctx)


@click.command()
@click.argument("kind", type=Kind(KINDS), default="tickets", metavar="[KIND]")
@click.argument("key", required=False)
@runs_plugins
def desk(call: Call, kind: str, key: str | None) -> int:
    """List rows of the help desk, or show one.

    KIND is tickets, users, agents, customers, admins, comments, departments or tags. KEY is
    a number, a name such as ESC-00003, or a reference such as @ticket:3.
    """
    chosen = _kind(kind.removesuffix("s"), key)
    with call.workbench() as wb:
        rows: list[dict[str, Any]] = list(wb.helpdesk.rows(chosen))  # pyright: ignore[reportArgumentType] - one of KINDS
    if key is not None:
        rows = [_row(rows, chosen, key)]
    style = call.style()
    lines = _list_lines(rows, kind, style) if key is None else _row_lines(rows[0], style)
    call.report(lines, kind=kind, rows=rows)
    return 0


def _kind(kind: str, key: str | None) -> str:
    """The kind of row that is meant; raises `UsageError` for a reference to another."""
    if key is None or not key.startswith("@"):
        return kind
    from escalated_core.errors import UsageError
    from escalated_workbench.arguments import argument

    named = argument(key).kind
    if named != kind and not (kind == "user" and named in ROLES):
        raise UsageError(f"{key} is no {kind}.", f"Write desk {named}s {key}.")
    return named


def _row(rows: Iterable[dict[str, Any]], kind: str, key: str) -> dict[str, Any]:
    """The row of that number, name or reference; raises `UsageError` if there is none."""
    from escalated_core.errors import UsageError

    found = {str(row["key"]): row for row in rows}
    wanted = key.rpartition(":")[2] if key.startswith("@") else key.removeprefix(f"{kind} ")
    if wanted in found:
        return found[wanted]
    # The reference of a comment is its ticket's.
    names = NAMES if kind != "comment" else ()
    for row in found.values():
        if wanted.casefold() in (str(row[name]).casefold() for name in names if row.get(name)):
            return row
    numbers = [row["key"] for row in found.values()]
    known = f"They go from {min(numbers)} to {max(numbers)}." if found else "There are none."
    raise UsageError(f"There is no {kind} {key}.", known)


def _list_lines(rows: list[dict[str, Any]], kind: str, style: Style) -> Iterator[str]:
    from escalated_workbench.cli.text import one_line

    columns = COLUMNS.get(kind, PEOPLE)
    cells = [tuple(one_line(_text(row[column])) for column in columns) for row in rows]
    heading = () if style.plain else (tuple(column.upper() for column in columns),)
    yield from style.table([*heading, *cells])


def _row_lines(row: Mapping[str, Any], style: Style) -> Iterator[str]:
    from escalated_workbench.wording import safe

    for name, value in row.items():
        shown = safe(_text(value)).replace("\n", "\n    ")
        yield f"{name}: {shown}" if style.plain else f"{name:22}  {shown}".rstrip()


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
