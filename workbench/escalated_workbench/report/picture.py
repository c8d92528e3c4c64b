"""One firing as an SVG picture: its steps with their times, changes and errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from escalated_core.records import Change, Firing, Step
from escalated_core.snapshots.diff import path_text
from escalated_core.snapshots.redaction import masked_firing
from escalated_workbench.report.markup import readable, style, tag, text
from escalated_workbench.wording import OUTCOME_GLYPHS, counted, milliseconds, short

_WIDTH, _LINE, _MARGIN, _CHARACTER = 900, 22, 24, 7.83
"""Pixels: of the picture, from line to line, around the text, of one character."""
_BAR_LEFT, _BAR_WIDTH = 640, 236
_CHANGES = 6
"""Changes of one step that are shown."""


class _Line(NamedTuple):
    """A line of the picture; `bar` is the step whose time stands beside it."""

    text: str
    kind: str = ""
    indent: int = 0
    bar: Step | None = None


def firing_svg(firing: Firing) -> str:
    """A picture of a firing that follows the reader's light or dark scheme. Secrets are masked."""
    firing = masked_firing(firing)
    lines = list(_lines(firing))
    height = 2 * _MARGIN + _LINE * len(lines)
    name = readable(f"#{firing.id} {firing.hook}: {firing.outcome}", 200)
    drawn = [_drawn(line, index, firing) for index, line in enumerate(lines)]
    return tag(
        "svg",
        tag("title", text(name)),
        f"<style>{style('picture.css')}</style>",
        tag("rect", x=0.5, y=0.5, width=_WIDTH - 1, height=height - 1, rx=8, class_="paper"),
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {height}",
        width=_WIDTH,
        height=height,
        role="img",
    )


def _lines(firing: Firing) -> Iterator[_Line]:
    yield _Line(f"#{firing.id} {firing.hook}", "title")
    facts = (firing.kind, milliseconds(firing.duration_ns), firing.outcome, f"by {firing.cause}")
    yield _Line(" · ".join(facts), "dim")
    for step in firing.steps:
        yield from _step(step)
    if not firing.steps:
        yield _Line("nobody listens", "dim", 2)
    if firing.kind == "filter":
        yield _Line(f"result  {short(firing.result, 120)}", "", 2)


def _step(step: Step) -> Iterator[_Line]:
    kind = {"ok": "good", "skipped": "dim"}.get(step.outcome, "bad")
    glyph, plugin = OUTCOME_GLYPHS[step.outcome], step.plugin or "host"
    yield _Line(f"{step.priority:>5g} {glyph} {step.callback}  {plugin}", kind, 0, step)
    if step.note:
        yield _Line(f"◌ {step.note}", "dim", 8)
    for change in step.changes[:_CHANGES]:
        yield _Line(_change(change), "", 8)
    if len(step.changes) > _CHANGES:
        yield _Line(f"… {counted(len(step.changes) - _CHANGES, 'more change')}", "dim", 8)
    if step.returned_none:
        yield _Line("! returned None for a value", "bad", 8)
    if step.error is not None:
        frame = step.error.frame
        place = f"  {frame.file.rpartition('/')[2]}:{frame.line}" if frame else ""
        yield _Line(f"{step.error}{place}", "bad", 8)
    output = step.output.splitlines()
    if output:
        more = f"  … {counted(len(output) - 1, 'more line')}" if len(output) > 1 else ""
        yield _Line(f"| {output[0]}{more}", "dim", 8)


def _change(change: Change) -> str:
    before, after = short(change.before, 48), short(change.after, 48)
    sign, values = {
        "added": ("+", after),
        "removed": ("−", before),
        "changed": ("~", f"{before} → {after}"),
    }[change.kind]
    return f"{sign} {path_text(change.path)}: {values}"


def _drawn(line: _Line, index: int, firing: Firing) -> str:
    left = _MARGIN + line.indent * _CHARACTER
    y = _MARGIN + _LINE * index + 15
    right = _BAR_LEFT - 96 if line.bar else _WIDTH - _MARGIN
    room = int((right - left) / _CHARACTER)
    words = readable(line.text, 1_000).replace("\n", "⏎")
    words = words if len(words) <= room else f"{words[: room - 1]}…"
    drawn = tag("text", text(words), x=f"{left:.1f}", y=y, class_=line.kind or None)
    return drawn + (_bar(line.bar, y, firing.duration_ns) if line.bar else "")


def _bar(step: Step, y: int, whole_ns: int) -> str:
    whole = max(whole_ns, step.at_ns + step.duration_ns, 1)
    left = _BAR_LEFT + _BAR_WIDTH * step.at_ns / whole
    width = max(_BAR_WIDTH * step.duration_ns / whole, 2)
    own = width * min(step.own_ns / max(step.duration_ns, 1), 1) if step.own_ns else width
    took = tag(
        "text",
        text(milliseconds(step.duration_ns)),
        x=_BAR_LEFT - 10,
        y=y,
        text_anchor="end",
        class_="dim",
    )
    shapes = ((_BAR_LEFT, _BAR_WIDTH, "track"), (left, width, "bar"), (left, own, "own"))
    return took + "".join(
        tag("rect", x=f"{x:.1f}", y=y - 9, width=f"{wide:.1f}", height=9, rx=2, class_=kind)
        for x, wide, kind in shapes
    )
