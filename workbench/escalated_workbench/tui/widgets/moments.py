"""A moment of the trace as lines: the chain, the value, the rows and the plugins of then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from escalated_core.analysis.moments import Moment, link_of
from escalated_core.analysis.rows import PastRow
from escalated_core.records import Standing
from escalated_workbench.tui.look import cut, owner_style, part
from escalated_workbench.tui.widgets.values import MUTED, Piece, change_line, of_step, value_lines
from escalated_workbench.wording import (
    FATE_GLYPHS,
    fate_words,
    short,
    since_words,
)

STYLES = {"same": "", "reloaded": "$text-warning", "gone": "$text-error", "new": "$text-success"}
NAME, OWNER = 22, 12
"""Columns for a callback and for a plugin."""
WIDE = 400
"""Characters of a value in one line."""
UNKNOWN = "What was registered then is not known.\n"


def content(moment: Moment, names: Sequence[str]) -> Content:
    """All there is to say about a moment; `names` are those of the arguments."""
    return Content.assemble(
        *_chain(moment), *_plugins(moment), *_value(moment, names), *_rows(moment.rows)
    )


def _head(words: str) -> tuple[str, str]:
    return part(f"{words}\n", "bold $text-accent")


def _chain(moment: Moment) -> list[Piece]:
    """The callbacks then, with what became of them; `▸` is where the moment is."""
    if not moment.is_known:
        return [part(UNKNOWN, "$text-warning"), *_steps(moment)]
    if moment.firing.kind == "event":
        return []
    pieces: list[Piece] = [_head(f"{moment.firing.hook}, then and now")]
    if not moment.chain:
        return [*pieces, part("  Nobody listens, then as now.\n", MUTED)]
    here = link_of(moment)
    for link in moment.chain:
        callback = link.callback
        style = STYLES[link.fate]
        pieces += [
            part("▸" if link is here else " ", "$text-accent"),
            part(f"{callback.priority:>5g} "),
            part(f"{FATE_GLYPHS[link.fate]} ", style),
            part(f"{cut(callback.callback, NAME):{NAME}} ", MUTED if link.then is None else ""),
            part(f"{cut(callback.plugin or 'host', OWNER):{OWNER}} ", owner_style(callback.plugin)),
            part(f"g{callback.generation}  ", MUTED),
            part(f"{fate_words(link)}\n", style),
        ]
    return [*pieces, part(f"  {since_words(moment.changed_since)}\n", MUTED)]


def _steps(moment: Moment) -> Iterator[Piece]:
    """What ran, where only that is known."""
    for index, step in enumerate(moment.firing.steps):
        mark = "▸" if index == moment.step else " "
        yield part(f"{mark}{step.priority:>5g}   {cut(step.callback, NAME):{NAME}} ")
        yield part(f"{step.plugin or 'host'}\n", owner_style(step.plugin))


def _value(moment: Moment, names: Sequence[str]) -> list[Piece]:
    firing = moment.firing
    if moment.step is not None:
        step = firing.steps[moment.step]
        lines = of_step(firing, step, names, full=False)
        pieces: list[Piece] = [part("\n"), _head(f"What {step.callback} did")]
    elif firing.kind == "filter":
        lines = value_lines(moment.value)
        pieces = [part("\n"), _head("The value that came in")]
    else:
        return []
    for line in lines:
        pieces += [line.content, part("\n")]
    return pieces


def _rows(rows: Sequence[PastRow]) -> Iterator[Piece]:
    for row in rows:
        yield part("\n")
        yield part(f"{row.kind} {row.key}", "bold $text-accent")
        yield part(f"  as seen in {row.seen}\n", MUTED)
        for change in row.changes:
            yield change_line(change).content
            yield part("\n")
        for name, value in row.fields.items():
            yield part(f"  {name}: ", MUTED)
            yield part(f"{short(value, WIDE)}\n")


def _plugins(moment: Moment) -> Iterator[Piece]:
    """Those that stand otherwise now, with how, then those that do not."""
    if not moment.is_known:
        return
    yield part("\n")
    yield _head("Plugins, then and now")
    changed = {stand.slug: stand for stand in moment.changed_since.plugins}
    for slug, stand in changed.items():
        sign = "+" if stand.then is None else "~" if stand.now else "-"
        yield part(f"{sign} ", "$text-warning")
        yield part(f"{cut(slug, OWNER):{OWNER}} ", owner_style(slug))
        yield part(_stood(stand.then) if stand.then else "not there yet")
        yield part(f" → {_stood(stand.now) if stand.now else 'removed'}\n", "$text-warning")
    same = [each for slug, each in moment.plugins.items() if slug not in changed]
    told = ", ".join(f"{each.slug} {_stood(each)}" for each in same)
    yield part(f"= {told}\n" if told else "", MUTED)


def _stood(standing: Standing) -> str:
    """`1.2.0 g3 active`."""
    status = "stale" if standing.stale else standing.status
    generation = f"g{standing.generation}" if standing.generation else ""
    return " ".join(filter(None, (standing.version, generation, status)))
