"""What differs inside two texts: lines, and words inside the lines that changed."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final, Literal, NamedTuple

CAP: Final = 10_000
"""Characters of one run that are shown."""
COMPARED: Final = 4_000
"""Lines, or words, that are compared with each other: the time goes with the square of it."""
ALIKE: Final = 0.3
"""Lines that share less than this are another text rather than a changed one."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")

Kind = Literal["equal", "removed", "added", "cut"]


class Run(NamedTuple):
    """A piece of text that both texts have, or one of them; `cut` says how much is not shown."""

    kind: Kind
    text: str


def text_changes(before: str, after: str) -> tuple[Run, ...]:
    """Runs that, `equal` and `removed` ones joined, are `before`; `equal` and `added`: `after`.

    A run of more than `CAP` characters ends early, with a run after it that says so.
    """
    runs: list[Run] = []
    lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for one, other in _matched(*lines):
        if one == other:
            _add(runs, "equal", one)
        else:
            _words(one, other, runs)
    return tuple(shown for run in runs for shown in _capped(run))


def _words(before: str, after: str, runs: list[Run]) -> None:
    """Add the runs of lines that changed."""
    pairs = list(_matched(_WORDS.findall(before), _WORDS.findall(after)))
    shared = sum(len(one.strip()) for one, other in pairs if one == other)
    if 2 * shared < ALIKE * (len(before) + len(after)):
        pairs = [(before, after)]
    for one, other in pairs:
        if one == other:
            _add(runs, "equal", one)
        else:
            _add(runs, "removed", one)
            _add(runs, "added", other)


def _matched(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    """Both texts in pieces that belong together: equal ones, and ones that differ."""
    start, shorter = 0, min(len(before), len(after))
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    one, other = before[start : len(before) - end], after[start : len(after) - end]
    head, tail = "".join(before[:start]), "".join(before[len(before) - end :])
    pairs = [(head, head)]
    if len(one) + len(other) > COMPARED:
        pairs.append(("".join(one), "".join(other)))
    else:
        # Blanks alone do not make two places belong together.
        matcher = SequenceMatcher(str.isspace, one, other)
        pairs += [
            ("".join(one[i:j]), "".join(other[k:m])) for _, i, j, k, m in matcher.get_opcodes()
        ]
    return [*pairs, (tail, tail)]


def _add(runs: list[Run], kind: Kind, text: str) -> None:
    if not text:
        return
    if runs and runs[-1].kind == kind:
        text = runs.pop().text + text
    runs.append(Run(kind, text))


def _capped(run: Run) -> tuple[Run, ...]:
    hidden = len(run.text) - CAP
    if hidden <= 0:
        return (run,)
    return Run(run.kind, run.text[:CAP]), Run("cut", f"… {hidden:,} more characters")
