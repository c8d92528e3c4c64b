"""Two runs of a firing compared, and the matrix of a hook, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from escalated_core.records import (
    VERDICTS,
    Comparison,
    Difference,
    Matrix,
    Trial,
    WhatIf,
)
from escalated_core.snapshots.diff import path_text
from escalated_workbench.cli.text import GLYPHS, Style, change_line, one_line
from escalated_workbench.wording import apart, counted, safe

RESULT = 160
"""Characters of a result."""
PATHS = 4
"""Paths that are named of those that differ."""


def comparison_lines(
    comparison: Comparison, whatifs: Iterable[WhatIf] = (), style: Style = GLYPHS
) -> Iterator[str]:
    """What differs, step by step, and what comes out of both."""
    old, new = comparison.old.firing, comparison.new.firing if comparison.new else None
    is_same = comparison.verdict == "same"
    sign = style.mark("✔" if is_same else "~", "same" if is_same else "differs")
    said = ", ".join(filter(None, (VERDICTS[comparison.verdict], comparison.why)))
    yield f"{sign} {safe(old.hook)}, {old.kind}: {safe(said)}"
    yield from whatif_lines(whatifs, style)
    for number, difference in enumerate(comparison.differences, 1):
        yield from difference_lines(number, difference, style)
    for each in (*comparison.notes, *comparison.uncontrolled):
        yield f"  {style.mark('i', 'note')} {safe(each)}"
    if new is not None and old.kind == "filter":
        without, under = apart(old.result, new.result, RESULT)
        yield f"  result without: {without}"
        yield f"  result with:    {under}"


def whatif_lines(whatifs: Iterable[WhatIf], style: Style = GLYPHS) -> Iterator[str]:
    for each in whatifs:
        yield f"  {style.mark('◌', 'what if')} {safe(str(each))}"


def difference_lines(number: int, difference: Difference, style: Style) -> Iterator[str]:
    """One difference with its changes."""
    origin = difference.follows
    follows = "" if origin is None else f"  (follows from {origin + 1})"
    yield f"  {number:>3}{'.' if style.plain else ''} {safe(one_line(str(difference)))}{follows}"
    for change in (*difference.changes, *difference.touched, *difference.effects):
        yield f"          {change_line(change, style)}"


def matrix_lines(
    matrix: Matrix, whatifs: Iterable[WhatIf] = (), style: Style = GLYPHS
) -> Iterator[str]:
    """The matrix of a hook: each trial in a line, with whom it makes a difference to."""
    yield f"{safe(matrix.hook)}, {matrix.kind}: {counted(len(matrix.callbacks), 'callback')}"
    yield from whatif_lines(whatifs, style)
    for does, title in (("leave out", "left out"), ("swap", "swapped")):
        trials = [trial for trial in matrix.trials if trial.does == does]
        if trials:
            yield f"  {title}"
            yield from (f"    {line}" for line in style.table(map(_row, trials)))
        elif does == "swap":
            yield "  no two have the same priority"
    if matrix.unsteady:
        names = ", ".join(map(safe, matrix.unsteady))
        yield f"  {style.mark('!', 'warning')} differs anyway, and does not count: {names}"
    for each in matrix.uncontrolled:
        yield f"  {style.mark('!', 'warning')} {safe(each)}"


def _row(trial: Trial) -> tuple[str, str]:
    between = f" without {', '.join(trial.between)}" if trial.between else ""
    return f"{', '.join(trial.callbacks)}{between}", _came_to(trial)


def _came_to(trial: Trial) -> str:
    if not trial.steady:
        return "cannot be told: it goes another way each time"
    if not trial.matters:
        return "no difference" if trial.does == "leave out" else "the order does not matter"
    told = [one_line(str(each)) for each in trial.affected]
    changed = [path_text(change.path) for change in (*trial.result, *trial.arguments)]
    if changed:
        more = f" and {len(changed) - PATHS} more" if len(changed) > PATHS else ""
        told.append(f"differs: {', '.join(changed[:PATHS])}{more}")
    return "; ".join(told)
