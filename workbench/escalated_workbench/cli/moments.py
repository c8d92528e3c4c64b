"""The world as it was at a moment of a session, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from escalated_core.analysis.moments import link_of
from escalated_core.analysis.tabular import Records
from escalated_core.snapshots.diff import path_text
from escalated_core.snapshots.secrets import is_secret, masked_text
from escalated_workbench.cli.text import RESULT_WIDTH, step_lines
from escalated_workbench.wording import (
    FATE_GLYPHS,
    STATUS_GLYPHS,
    apart,
    fate_words,
    safe,
    short,
    since_words,
    standing_words,
)

if TYPE_CHECKING:
    from escalated_core.analysis.moments import Link, Moment
    from escalated_core.analysis.rows import PastRow
    from escalated_core.sessions.session import Session
    from escalated_workbench.cli.text import Style

WIDTH = 100
"""Characters of a field of a row."""


def moment_of(
    session: Session, number: int, step: int | None, rows: Iterable[tuple[str, str]]
) -> Moment:
    """The moment when a firing began, or after a step of it, counted from 1.

    Args:
        rows: kind and id of those that are asked for; none for those the firing has itself.

    Raises:
        UsageError: there is no such firing or step, or nothing shows such a row.
    """
    from escalated_core.analysis.rows import PastRow
    from escalated_core.errors import UsageError

    count = len(session.require(number).steps)
    if step is not None and step > count:
        raise UsageError(f"Firing {number} has no step {step}.", f"It has {count or 'none'}.")
    moment = session.at(number, None if step is None else step - 1)
    wanted = [moment.row(kind, key) for kind, key in rows]
    return replace(moment, rows=Records(PastRow, wanted)) if wanted else moment


def moment_lines(moment: Moment, style: Style) -> Iterator[str]:
    """When it is, what was registered and loaded then, the rows, and what is different now."""
    which = (
        f" (step {moment.step + 1} of {len(moment.firing.steps)})"
        if moment.step is not None
        else ""
    )
    yield safe(f"{moment.name}{which}")
    if moment.step is not None:
        step = moment.firing.steps[moment.step]
        yield from step_lines(moment.firing, step, style)
        if moment.firing.kind != "event" and not (step.changes or step.touched or step.mutated):
            yield f"          {'' if style.plain else '= '}changed neither value nor arguments"
    if moment.firing.kind == "filter":
        before = moment.value if moment.step is None else moment.firing.steps[moment.step].before
        value = apart(before, moment.value, RESULT_WIDTH)[1]
        yield f"value{':' if style.plain else ' '} {value}"
    if not moment.is_known:
        yield "What was registered then is not known."
    else:
        yield from _registry_lines(moment, style)
    yield "Rows:" if moment.rows else "It shows no rows."
    for row in moment.rows:
        yield from _row_lines(row, style)


def _chain_lines(moment: Moment, style: Style) -> Iterator[str]:
    if moment.chain:
        yield safe(f"Callbacks of {moment.firing.hook}:")
    elif moment.firing.kind != "event":
        yield "Nobody listened."
    here = link_of(moment)
    yield from _indented(
        style.table(
            (
                _place(link, link is here, style),
                style.sign(FATE_GLYPHS[link.fate], link.fate),
                link.callback.callback,
                link.callback.plugin or "host",
                f"generation {link.callback.generation}",
                fate_words(link),
            )
            for link in moment.chain
        )
        if moment.chain
        else ()
    )


def _registry_lines(moment: Moment, style: Style) -> Iterator[str]:
    yield from _chain_lines(moment, style)
    changed = {stand.slug: stand for stand in moment.changed_since.plugins}
    yield "Plugins:" if moment.plugins else "There was no plugin."
    yield from _indented(
        style.table(
            (
                style.sign(STATUS_GLYPHS.get(standing.status, "")),
                standing.slug,
                standing_words(standing),
                f"now {standing_words(changed[slug].now)}" if slug in changed else "",
            )
            for slug, standing in moment.plugins.items()
        )
        if moment.plugins
        else ()
    )
    for stand in changed.values():
        if stand.then is None:
            yield f"  {style.mark('+', 'new')} {stand.slug}  now {standing_words(stand.now)}"
    yield since_words(moment.changed_since)
    yield "Now is when the session was saved: the code on disk is not looked at."


def _place(link: Link, is_here: bool, style: Style) -> str:
    """The priority of a callback, with a mark on the one that has just run."""
    priority = f"{link.callback.priority:g}"
    if style.plain:
        return f"here, {priority}" if is_here else priority
    return f"{'▸' if is_here else ' '}{priority:>5}"


def _row_lines(row: PastRow, style: Style) -> Iterator[str]:
    yield safe(f"  {row.kind} {row.key}, as seen in {row.seen}")
    changed = {change.path[0]: change for change in row.changes if change.path}
    for name, value in row.fields.items():
        shown = "‹masked›" if is_secret(str(name)) else masked_text(short(value, WIDTH))
        yield f"    {safe(str(name))}: {shown}"
    for change in changed.values():
        before, after = (masked_text(each) for each in apart(change.before, change.after, 60))
        mark = style.mark("~", "changed")
        yield f"    {mark} {safe(path_text(change.path))}: {before} -> {after}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines)
