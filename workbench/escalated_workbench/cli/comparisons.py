"""Two runs of a firing compared, and the matrix of a hook, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from escalated_core.records import (
    VERDICTS,
    Change,
    Comparison,
    Difference,
    Matrix,
    Trial,
    WhatIf,
)
from escalated_core.snapshots.diff import path_text
from escalated_core.snapshots.secrets import masked_text
from escalated_workbench.cli.text import GLYPHS, Style, change_line, one_line
from escalated_workbench.wording import CHANGE_GLYPHS, apart, counted, safe

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
    for change in (*difference.changes, *difference.touched):
        yield f"          {change_line(change, style)}"
    for change in difference.effects:
        told = replace(change, path=("effects", *change.path))
        yield f"          {masked_text(change_line(told, style))}"


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
            rows = ((_who(trial), _came_to(trial, style)) for trial in trials)
            yield from (f"    {line}" for line in style.table(rows))
        elif does == "swap":
            yield "  no two have the same priority"
    if matrix.unsteady:
        names = ", ".join(map(safe, matrix.unsteady))
        yield f"  {style.mark('!', 'warning')} differs anyway, and does not count: {names}"
    for each in matrix.uncontrolled:
        yield f"  {style.mark('!', 'warning')} {safe(each)}"


def _who(trial: Trial) -> str:
    between = f" without {', '.join(trial.between)}" if trial.between else ""
    return f"{', '.join(trial.callbacks)}{between}"


def _came_to(trial: Trial, style: Style) -> str:
    if not trial.steady:
        return "cannot be told: it goes another way each time"
    if not trial.matters:
        return "no difference" if trial.does == "leave out" else "the order does not matter"
    told = [one_line(str(each)) for each in trial.affected]
    changed = [path_text(change.path) for change in (*trial.result, *trial.arguments)]
    if changed:
        told.append(f"differs: {_some(changed)}")
    effects = {str(each.path[0]): each for each in trial.effects}
    if effects:
        told.append(f"effects: {_some([_lost(each, style) for each in effects.values()])}")
    return "; ".join(told)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - PATHS} more" if len(names) > PATHS else ""
    return f"{', '.join(names[:PATHS])}{more}"


def _lost(effect: Change, style: Style) -> str:
    """`- mail b@example.com`: whether a target is reached no more, now, or in another way."""
    target, *within = effect.path
    kind = "changed" if within else effect.kind
    return f"{kind if style.plain else CHANGE_GLYPHS[kind]} {one_line(masked_text(str(target)))}"
