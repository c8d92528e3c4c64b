"""Firings that are stepped through, as HTML for a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from escalated_core.records import Callback
from escalated_core.stepping.breakpoint import Breakpoint
from escalated_core.stepping.breakpoints import Breakpoints
from escalated_core.stepping.stops import Answer, Stop
from escalated_workbench import stopped
from escalated_workbench.notebook.sheet import facts, part, title
from escalated_workbench.notebook.tables import listed
from escalated_workbench.report.firings import step_list
from escalated_workbench.report.markup import tag, text, value
from escalated_workbench.wording import short

LOCAL = 400
"""Characters of a local."""


def stop_card(stop: Stop) -> str:
    """What ran and what is to come, the value, the source with its line."""
    told = facts(
        text(stop.where),
        tag("b", text(stopped.reason(stop))) if stopped.reason(stop) else "",
        text(f"thread {stop.thread}"),
        "in a transaction of the database" if stop.in_transaction else "",
        *(f"in #{level.firing_id} {text(level.hook)}" for level in stop.around),
    )
    name = title(f"⏸ #{stop.firing.id} ", tag("bdi", text(stop.firing.hook)))
    ran = part("Ran", step_list(stop.firing.steps)) if stop.firing.steps else ""
    is_event = stop.firing.kind == "event"
    coming = "" if is_event or not stop.coming else part("To come", listed(Callback, stop.coming))
    got = "".join(part(each, value(picture)) for each, picture in stopped.arguments(stop))
    if stop.line is not None:
        # Where it is comes first there, and the chain is no news.
        return name + told + _source(stop) + _locals(stop.line.names.items())
    return name + told + ran + coming + got + _source(stop)


def _source(stop: Stop) -> str:
    current = stop.line.line if stop.line is not None else None
    lines = [
        tag("span", f"{number:>5} ", text(line) or " ", class_="at" if number == current else None)
        for number, line in stopped.source(stop, around=4)
    ]
    return tag("pre", "\n".join(lines), class_="source") if lines else ""


def _locals(names: Iterable[tuple[str, Any]]) -> str:
    rows = [
        tag("tr", tag("th", text(name), scope="row"), tag("td", text(short(found, LOCAL))))
        for name, found in names
    ]
    return tag("table", tag("caption", "Values here"), *rows, class_="locals") if rows else ""


def _breakpoints(breakpoints: Breakpoints) -> str:
    rows = [
        tag("li", text(breakpoints.told(each)), value=number)
        for number, each in breakpoints.items()
    ]
    none = tag("p", "Nothing stops.", class_="quiet")
    return title("Breakpoints") + (tag("ol", *rows) if rows else none)


def _breakpoint(breakpoint: Breakpoint) -> str:  # noqa: A002 - it is
    return tag("p", f"Stops at {tag('bdi', text(breakpoint))}")


def _answer(answer: Answer) -> str:
    said = tag("pre", text(answer.output), class_="output") if answer.output else ""
    if answer.error:
        return said + tag("div", tag("p", text(answer.error)), class_="failure")
    return said + (value(answer.value) if answer.value is not None or not said else "")


STOPS: dict[Any, Callable[[Any], str]] = {
    Stop: stop_card,
    Breakpoints: _breakpoints,
    Breakpoint: _breakpoint,
    Answer: _answer,
}
"""By the class of what is shown."""
