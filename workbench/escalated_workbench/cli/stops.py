"""A stop as lines of text: who ran and who is to come, the value, the source, the locals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from escalated_core.records import Step
from escalated_core.stepping.breakpoints import Breakpoints
from escalated_core.stepping.stops import Answer, Stop
from escalated_workbench import stopped
from escalated_workbench.cli.text import RESULT_WIDTH, Style, step_lines
from escalated_workbench.report.markup import value_lines
from escalated_workbench.wording import OUTCOME_GLYPHS, counted, milliseconds, safe, short

RAN, COMING = 4, 6
"""Callbacks of a long chain that are shown around the place where it is stopped."""
HEAD = 5
"""Lines of a callback that are shown before it runs."""
AROUND = 2
"""Lines shown on both sides of the one that runs next."""
LISTED = 10
"""The same where more of it is asked for."""
VALUE_LINES = 100


def stop_lines(stop: Stop, waiting: Sequence[str], style: Style) -> Iterator[str]:
    """What is to be known at a stop."""
    yield safe(_heading(stop, style))
    if stop.in_transaction:
        yield "  a transaction of the database is open meanwhile"
    if waiting:
        yield safe(f"  waiting behind it: {', '.join(waiting)}")
    if stop.line is not None:
        yield from source_lines(stop, style, AROUND, HEAD)
        yield from _named(stop.line.names.items(), style)
        return
    yield from _ladder(stop, style, whole=False)
    yield from _named(stopped.arguments(stop), style)
    yield from source_lines(stop, style, AROUND, HEAD)


def _heading(stop: Stop, style: Style) -> str:
    name = f"firing {stop.firing.id}" if style.plain else f"#{stop.firing.id}"
    why = stopped.reason(stop)
    words = f"{name} {stop}{f': {why}' if why else ''}"
    return f"{style.mark('⏸', 'stopped')} {words}"


def where_lines(stop: Stop, style: Style) -> Iterator[str]:
    """The firings around a stop, its whole chain, and what the next callback gets, in full."""
    for level in stop.around:
        under_way = f", {level.callback} is under way" if level.callback else ""
        yield safe(f"  #{level.firing_id} {level.hook}{under_way}")
    yield safe(f"  #{stop.firing.id} {stop.firing.hook}, caused by {stop.firing.cause}")
    yield from _ladder(stop, style, whole=True)
    for name, picture in stopped.arguments(stop):
        shown = list(value_lines(picture, label=f"{name} = "))
        yield from (f"  {safe(line)}" for line in shown[:VALUE_LINES])
        if len(shown) > VALUE_LINES:
            yield f"  … {counted(len(shown) - VALUE_LINES, 'more line')}"


def source_lines(stop: Stop, style: Style, around: int, head: int) -> Iterator[str]:
    """The lines `around` the one that runs next, or the `head` of the next callback."""
    current = stop.line.line if stop.line is not None else None
    for number, line in stopped.source(stop, around, head):
        sign = style.sign("▸", ">") if number == current else " "
        yield f"  {sign} {number:>5}  {safe(line)}".rstrip()


def answer_lines(answer: Answer, style: Style) -> Iterator[str]:
    """What came of code that was run at a stop."""
    for line in answer.output.splitlines():
        yield f"  {style.mark('|', 'printed')} {safe(line)}"
    if answer.error:
        yield f"  {style.mark('✖', 'error')} {safe(answer.error)}"
    elif answer.value is not None:
        yield from (f"  {safe(line)}" for line in list(value_lines(answer.value))[:VALUE_LINES])


def breakpoint_lines(breakpoints: Breakpoints) -> Iterator[str]:
    """Breakpoints with the numbers that remove them."""
    yield from (
        safe(f"  {number}  {breakpoints.told(each)}") for number, each in breakpoints.items()
    )


def _ladder(stop: Stop, style: Style, *, whole: bool) -> Iterator[str]:
    """The chain: what ran, with what the last one did, and what is to come."""
    if stop.firing.kind == "event":
        return
    steps, coming = list(enumerate(stop.firing.steps, 1)), stop.coming
    rows = [_ran(number, step, style) for number, step in steps]
    for number, each in enumerate(coming, len(steps) + 1):
        sign = style.sign("▸", "next") if number == len(steps) + 1 else ""
        owner = each.plugin or "host"
        rows.append((f"  {number}", sign, f"{each.priority:g}", each.callback, owner, ""))
    lines = list(style.table(rows)) if rows else []
    first = 0 if whole else max(len(steps) - RAN, 0)
    last = len(lines) if whole else min(len(steps) + COMING, len(lines))
    if first:
        yield f"  … {counted(first, 'step')} before: w shows all"
    yield from lines[first : len(steps)]
    if steps:
        # Its first line is the row above.
        yield from list(step_lines(stop.firing, stop.firing.steps[-1], style))[1:]
    yield from lines[len(steps) : last]
    if last < len(lines):
        yield f"  … {counted(len(lines) - last, 'more callback')}: w shows all"


def _ran(number: int, step: Step, style: Style) -> tuple[str, ...]:
    sign = style.sign(OUTCOME_GLYPHS[step.outcome], step.outcome)
    if step.callback == step.note:
        # Nobody's callback, but what somebody did.
        return f"  {number}", sign, "", step.callback, "", ""
    owner, took = step.plugin or "host", milliseconds(step.duration_ns)
    return f"  {number}", sign, f"{step.priority:g}", step.callback, owner, took


def _named(values: Iterable[tuple[str, Any]], style: Style) -> Iterator[str]:
    pairs = [(f"  {name}", short(picture, RESULT_WIDTH)) for name, picture in values]
    if pairs:
        yield from style.table(pairs)
