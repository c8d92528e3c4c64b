"""The world as it was at a moment of the trace, as HTML for a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from escalated_core.analysis.moments import Link, Moment, Since, Stand
from escalated_core.analysis.rows import PastRow
from escalated_core.records import Callback, Standing
from escalated_workbench.notebook.sheet import facts, part, title
from escalated_workbench.notebook.tables import listed
from escalated_workbench.report.firings import change_list
from escalated_workbench.report.markup import tag, text, value
from escalated_workbench.wording import since_words


def _moment(moment: Moment) -> str:
    parts = [title(tag("bdi", text(moment.name)))]
    if moment.firing.kind == "filter":
        parts.append(part("Value", value(moment.value)))
    if moment.is_known:
        heard = listed(Link, moment.chain) if moment.chain else _quiet("Nobody listened.")
        parts += [
            part("Callbacks then, and what became of them", heard),
            part("Plugins then", listed(Standing, moment.plugins.values())),
            _since(moment.changed_since),
        ]
    else:
        parts.append(_quiet("What was registered then is not known."))
    return "".join([*parts, *map(_row, moment.rows)])


def _row(row: PastRow) -> str:
    seen = facts(f"as seen in {tag('bdi', text(row.seen))}")
    changed = change_list(row.changes) if row.changes else ""
    name = title(tag("bdi", text(f"{row.kind} {row.key}")))
    return name + seen + changed + value(row.fields)


def _since(since: Since) -> str:
    parts = [
        (heading, listed(kind, found) if found else "")
        for heading, kind, found in (
            ("Came since", Callback, since.came),
            ("Gone since", Callback, since.went),
            ("Of newer code since", Callback, since.reloaded),
            ("Plugins that stand otherwise", Stand, since.plugins),
        )
    ]
    lines = "".join(part(heading, content) for heading, content in parts if content)
    return tag("details", tag("summary", text(since_words(since))), lines)


def _quiet(words: str) -> str:
    return tag("p", text(words), class_="quiet")


MOMENTS: dict[Any, Callable[[Any], str]] = {Moment: _moment, PastRow: _row, Since: _since}
"""By the class of what is shown."""
