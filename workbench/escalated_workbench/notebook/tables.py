"""Records of one kind, and rows of the help desk, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from escalated_core.records import Change, Firing, Hook, Step
from escalated_workbench.notebook import cells
from escalated_workbench.notebook.columns import COLUMNS, Column
from escalated_workbench.report.firings import change_list, step_list
from escalated_workbench.report.markup import tag, text
from escalated_workbench.wording import counted, short

SHOWN = 50
"""Records of a list that are shown."""
CELL = 80
"""Characters of a value in a cell."""
WIDE = 8
"""Columns of rows of the help desk that are shown."""
FACTS = (
    *("key", "reference", "subject", "author", "body", "name", "username", "email", "role"),
    *("status", "priority", "requester", "assigned_to", "tags", "department", "slug", "color"),
)
"""Of such rows: what is shown, in this order."""
SHORT = ("key", "reference", "status", "priority")
"""Columns that never break a line."""

KINDS = (*COLUMNS, Step, Change)
"""Of records that a list of is shown."""


def listed(kind: Any, records: Iterable[Any], latest: bool = False) -> str:
    """Records of a kind, or rows of the help desk; only the first of many, or the latest."""
    rows = list(records)
    if not rows:
        return tag("p", "Nothing here.", class_="quiet")
    if kind is Hook:
        return _hooks(rows)
    shown = rows[-SHOWN:] if latest else rows[:SHOWN]
    content = _ladder(kind, shown) or _table(COLUMNS.get(kind) or _columns_of(shown), shown)
    notes = [_unseen(shown)] if isinstance(shown[0], dict) else []
    if len(rows) > len(shown):
        notes.append(f"The {'latest' if latest else 'first'} {len(shown):,} of {len(rows):,}.")
    return content + "".join(tag("p", note, class_="quiet") for note in notes if note)


def _ladder(kind: Any, shown: list[Any]) -> str:
    if kind is Step:
        return step_list(shown)
    return change_list(tuple(shown)) if kind is Change else ""


def _hooks(hooks: list[Hook]) -> str:
    """Those that somebody hears in a table, the others folded."""
    heard = [hook for hook in hooks if hook.callbacks]
    silent = [hook for hook in hooks if not hook.callbacks]
    names = "".join(tag("li", cells.hook(hook)) for hook in silent)
    title = f"{counted(len(silent), 'more hook')} that nobody hears"
    folded = tag("details", tag("summary", title), tag("ul", names, class_="names"))
    return (_table(COLUMNS[Hook], heard) if heard else "") + (folded if silent else "")


def _table(columns: Sequence[Column], rows: Iterable[Any]) -> str:
    head = [tag("th", text(c.title), scope="col", class_=c.kind) for c in columns]
    lines = [_line(row, columns) for row in rows]
    content = tag("thead", tag("tr", *head)) + tag("tbody", *lines)
    return tag("div", tag("table", content), class_="wide")


def _line(row: Any, columns: Sequence[Column]) -> str:
    filled = [tag("td", column.cell(row), class_=column.kind) for column in columns]
    failed = row.outcome if isinstance(row, Firing) and row.outcome != "ok" else None
    return tag("tr", *filled, class_=failed)


def _columns_of(rows: list[dict[str, Any]]) -> tuple[Column, ...]:
    names = _names(rows)
    chosen = [name for name in FACTS if name in names] or names
    return tuple(
        Column(name, _entry(name), "short" if name in SHORT else None) for name in chosen[:WIDE]
    )


def _unseen(rows: list[dict[str, Any]]) -> str:
    """What else rows have."""
    shown = {column.title for column in _columns_of(rows)} | {"id"}
    rest = [name for name in _names(rows) if name not in shown]
    return f"Also: {text(', '.join(rest))}." if rest else ""


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _entry(name: str) -> Callable[[Any], str]:
    def cell(row: dict[str, Any]) -> str:
        held = row.get(name)
        if isinstance(held, list):
            held = ", ".join(map(str, cast("list[object]", held)))
        if held is None or held == "":
            return tag("span", "—", class_="plugin")
        words = held if isinstance(held, str) else short(held, CELL)
        return tag("bdi", text(cells.one_line(words, CELL)))

    return cell
