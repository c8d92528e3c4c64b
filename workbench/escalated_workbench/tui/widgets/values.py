"""What steps did to a value, as lines: changes, words inside texts, the value after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from textual.content import Content

from escalated_core.analysis import blame
from escalated_core.analysis.arguments import position_of, spelt
from escalated_core.records import Change, Firing, Step
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.paths import MISSING, Path, parts, path_text, value_at
from escalated_core.snapshots.snapshot import ObjectSnapshot
from escalated_core.snapshots.text import text_changes
from escalated_workbench.tui.look import owner_style, part
from escalated_workbench.wording import apart, counted, short

Piece = tuple[str, str] | Content

SIGNS = {
    "added": ("+", "$text-success"),
    "removed": ("-", "$text-error"),
    "changed": ("~", "$text-warning"),
}
MUTED = "$foreground-muted"
SHOWN = 400
"""Changes, and parts of a value, that are listed."""
LONG = 60
"""Characters from which what changed inside a text is shown instead of two texts."""
CONTEXT = 16
"""Characters shown around what changed."""
WIDE = 2_000
"""Characters shown of one value."""


class Line(NamedTuple):
    """Something said; with a path it is about that path of the value."""

    content: Content
    path: Path | None = None


def said(text: str, style: str = MUTED) -> Line:
    return Line(Content.assemble(part(text, style)))


def of_step(firing: Firing, step: Step, names: Sequence[str], full: bool) -> list[Line]:
    """What a step did, and the value after it; `full` shows long texts whole."""
    lines = done_by(firing, step, names, full)
    if firing.kind == "filter":
        lines += [said("after this step"), *value_lines(step.after)]
    return lines


def done_by(firing: Firing, step: Step, names: Sequence[str], full: bool = False) -> list[Line]:
    """What a step did to the value and to the arguments."""
    lines = [said(f"◌ by hand: {step.note}", "$text-warning")] if step.note else []
    if firing.kind == "filter":
        if step.mutated:
            lines.append(said("* the value that came in was changed in place", "$text-warning"))
        if step.returned_none:
            lines.append(said("! it returned None for a value", "$text-warning"))
        lines += _listed([change_line(change, full) for change in step.changes[:SHOWN]])
        lines += _more(len(step.changes))
        if not step.changes:
            lines.append(said("= the value was not changed"))
    if step.touched:
        lines.append(said("* arguments that it changed in place", "$text-warning"))
        lines += [_touch_line(change, names, full) for change in step.touched[:SHOWN]]
        lines += _more(len(step.touched))
    return lines or [said("An action passes no value on, and this step changed no argument.")]


def of_firing(firing: Firing, names: Sequence[str], full: bool) -> list[Line]:
    """What came in first and went out last, and who wrote each path last."""
    touched = [(step, change) for step in firing.steps for change in step.touched]
    lines: list[Line] = []
    if firing.kind == "filter" and firing.args:
        found = changes(firing.args[0], firing.result)
        written = blame.writers(firing)
        lines.append(said("first in → last out, and who wrote it last"))
        told: list[Line] = []
        for change in found[:SHOWN]:
            index = last_writer(firing, written, change.path)
            writer = firing.steps[index] if index is not None else None
            told.append(change_line(change, full, writer=writer))
        lines += _listed(told)
        lines += _more(len(found))
        if not found:
            lines.append(said("= the value went out as it came in"))
    if touched:
        lines.append(said("* arguments that were changed in place", "$text-warning"))
        lines += [_touch_line(change, names, full, step) for step, change in touched[:SHOWN]]
        lines += _more(len(touched))
    if firing.kind == "filter":
        return [*lines, said("result"), *value_lines(firing.result)]
    return lines or [said("An action passes no value on, and no step changed an argument.")]


def of_path(firing: Firing, index: int | None, path: Path) -> list[Line]:
    """Only what is to say about one path: by the step with this index, or by all."""
    name = path_text(path)
    lines = [said(f"◎ only {name}; . shows everything again", "$text-accent")]
    found = [(at, change) for _, at, change in blame.wrote([firing], path) if index in (None, at)]
    for at, change in found[:SHOWN]:
        writer = firing.steps[at] if index is None else None
        lines.append(change_line(change, full=False, writer=writer))
    lines += _more(len(found))
    value = _value_after(firing, index, path)
    if not found:
        lines.append(said("= not written by any step" if index is None else "= not written here"))
    after = "at the end" if index is None else "after this step"
    shown = "nothing there" if value is MISSING else short(value, WIDE)
    return [*lines, said(after), Line(_content([(f"  {name}: ", MUTED), (shown, "")]), path)]


def _value_after(firing: Firing, index: int | None, path: Path) -> Any:
    """What a path leads to after the step with this index, else at the end."""
    if firing.kind == "filter" and position_of(firing, path) is None:
        return value_at(firing.result if index is None else firing.steps[index].after, path)
    known = [
        value
        for at, value in blame.life(firing, path)
        if at is None or index is None or at <= index
    ]
    return known[-1] if known else MISSING


def last_writer(firing: Firing, written: dict[Path, int], path: Path) -> int | None:
    """The index of the step that wrote a path, or anything inside of it, last."""
    if path in written:
        return written[path]
    inside = [index for leaf, index in written.items() if leaf[: len(path)] == path]
    if inside:
        return max(inside)
    return next((index for index, _ in reversed(blame.life(firing, path))), None)


def change_line(
    change: Change, full: bool = False, where: str = "", writer: Step | None = None
) -> Line:
    """`~ path: before → after`, and who wrote it; in long texts only what differs."""
    sign, style = SIGNS[change.kind]
    where = where or (path_text(change.path) if change.path else "the whole value")
    who = f" ← {writer.callback} · {writer.plugin or 'host'}" if writer else ""
    pieces: list[Piece] = [
        part(f"{sign} {where}", f"bold {style}"),
        part(who, owner_style(writer.plugin if writer else None)),
        part(": ", style),
    ]
    pieces += _difference(change, full)
    return Line(Content.assemble(*pieces), change.path)


def value_lines(picture: Any) -> list[Line]:
    """A value, a line for each part of its outermost level."""
    found = parts(picture)
    text = [part(f"  {short(picture, WIDE)}")]
    if not found:
        return [Line(Content.assemble(*text), ())]
    head = [said(f"  {short(picture.text)}")] if isinstance(picture, ObjectSnapshot) else []
    shown = [
        Line(_content([(f"  {path_text((name,))}: ", MUTED), (short(value, WIDE), "")]), (name,))
        for name, value in list(found.items())[:SHOWN]
    ]
    return [*head, *shown, *_more(len(found))]


def _touch_line(
    change: Change, names: Sequence[str], full: bool, writer: Step | None = None
) -> Line:
    """A change inside an argument, which has the name that the documentation gives it."""
    return change_line(replace(change, path=spelt(change.path, names)), full, writer=writer)


def argument_path(path: Path, names: Sequence[str]) -> str:
    """A path that begins with an argument's position, as text that begins with its name."""
    return path_text(spelt(path, names)) if path else "arguments"


def argument_name(position: int, names: Sequence[str]) -> str:
    return names[position] if position < len(names) else f"[{position}]"


def _difference(change: Change, full: bool) -> list[Piece]:
    before, after = change.before, change.after
    room = 20_000 if full else WIDE
    if change.kind == "added":
        return [part(short(after, room), "$text-success")]
    if change.kind == "removed":
        return [part(short(before, room), "$text-error")]
    one, other = _text(before), _text(after)
    if one is not None and other is not None and max(len(one), len(other)) >= LONG:
        return _words(one, other, full)
    first, last = (short(before, room), short(after, room)) if full else apart(before, after, 160)
    return [part(first, "$text-error"), part(" → ", MUTED), part(last, "$text-success")]


def _words(before: str, after: str, full: bool) -> list[Piece]:
    """Words that went in `[- -]`, words that came in `{+ +}`."""
    pieces: list[Piece] = []
    runs = text_changes(before, after)
    for number, run in enumerate(runs):
        text = run.text if full else run.text.replace("\n", "⏎")
        if run.kind == "removed":
            pieces.append(part(f"[-{text}-]", "$text-error"))
        elif run.kind == "added":
            pieces.append(part(f"{{+{text}+}}", "$text-success"))
        elif run.kind == "equal" and not full:
            pieces.append(part(_folded(text, number == 0, number == len(runs) - 1), MUTED))
        else:
            pieces.append(part(text, MUTED))
    return pieces


def _folded(text: str, is_first: bool, is_last: bool) -> str:
    """The ends of a text that both sides have."""
    head = "" if is_first else text[:CONTEXT]
    tail = "" if is_last else text[-CONTEXT:]
    return text if len(text) <= len(head) + len(tail) + 1 else f"{head}…{tail}"


def _text(value: Any) -> str | None:
    if isinstance(value, ObjectSnapshot) and value.fields is None:
        return value.text
    return value if isinstance(value, str) else None


def _listed(lines: list[Line]) -> list[Line]:
    folded = any("…" in line.content.plain for line in lines)
    return [*lines, said("  only what differs; d shows it whole")] if folded else lines


def _more(count: int) -> list[Line]:
    return [said(f"… {counted(count - SHOWN, 'more line')}")] if count > SHOWN else []


def _content(pieces: Iterable[tuple[str, str]]) -> Content:
    return Content.assemble(*(part(text, style) for text, style in pieces))
