"""What the inspector's tabs say about a step: its value, arguments, output and error."""

from __future__ import annotations

from itertools import takewhile

from textual.content import Content

from escalated_core.records import CataloguedHook, Change, Firing, Step
from escalated_core.snapshots.diff import path_text
from escalated_core.snapshots.snapshot import ObjectSnapshot
from escalated_workbench.tui.look import part
from escalated_workbench.wording import short

Piece = tuple[str, str] | Content

CHANGE_SIGNS = {"added": ("+", "$text-success"), "removed": ("-", "$text-error")}
LINES = 2_000
"""Lines of output shown; the record has what was kept of the rest."""
LONG = 60
"""Characters from which only what differs between two texts is shown."""
CONTEXT = 16
"""Characters shown around what differs."""


def most_telling(firing: Firing | None, step: Step | None) -> str:
    """The name of the tab to look at first."""
    if step is not None and step.error is not None:
        return "error"
    if step is not None and (step.output or step.logs):
        return "output"
    return "args" if firing is None or firing.kind == "action" else "value"


def value(firing: Firing, step: Step | None, full: bool) -> list[Piece]:
    """What a filter's step did to the value; `full` shows long texts whole."""
    if firing.kind == "action":
        return [
            part("An action passes no value on; its arguments are under Args.", "$foreground-muted")
        ]
    if step is None:
        return [part("result  ", "$foreground-muted"), *_pretty(firing.result, "")]
    pieces: list[Piece] = []
    if step.mutated:
        pieces.append(part("* the value that came in was changed in place\n", "$text-warning"))
    if step.returned_none:
        pieces.append(part("! it returned None for a value\n", "$text-warning"))
    folded = False
    for change in step.changes:
        lines, cut = _change(change, full)
        pieces += lines
        folded = folded or cut
    if not step.changes:
        pieces.append(part("= the value was not changed\n", "$foreground-muted"))
    if folded:
        pieces.append(
            part("\nOnly what differs is shown; d shows the whole.\n", "$foreground-muted")
        )
        if not step.changes[0].path:
            return pieces
    return [*pieces, part("\nafter this step\n", "$foreground-muted"), *_pretty(step.after, "")]


def _change(change: Change, full: bool) -> tuple[list[Piece], bool]:
    """The lines of a change, and whether something common to both sides was left out."""
    before, after = short(change.before, 20_000), short(change.after, 20_000)
    cut = False
    if change.kind == "changed" and not full:
        folded = differing(before, after)
        cut = folded != (before, after)
        before, after = folded
    sign, style = CHANGE_SIGNS.get(change.kind, ("~", "$text-warning"))
    where = path_text(change.path) if change.path else "the whole value"
    pieces: list[Piece] = [part(f"{sign} {where}\n", f"bold {style}")]
    if change.kind != "added":
        pieces.append(part(f"    {before}\n", "$text-error"))
    if change.kind != "removed":
        pieces.append(part(f"    {after}\n", "$text-success"))
    return pieces, cut


def differing(before: str, after: str) -> tuple[str, str]:
    """Two texts without the long beginning and end that they have in common."""
    if min(len(before), len(after)) < LONG:
        return before, after
    start = _common(before, after)
    end = min(_common(before[::-1], after[::-1]), len(before) - start, len(after) - start)
    return _folded(before, start, end), _folded(after, start, end)


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _folded(text: str, start: int, end: int) -> str:
    first, last = max(start - CONTEXT, 0), min(len(text) - end + CONTEXT, len(text))
    return f"{'…' if first else ''}{text[first:last]}{'…' if last < len(text) else ''}"


def arguments(firing: Firing, documented: CataloguedHook | None) -> list[Piece]:
    """Each argument with the name that the documentation gives it."""
    names = [parameter.name for parameter in documented.parameters] if documented else []
    pieces: list[Piece] = []
    for index, argument in enumerate(firing.args):
        name = names[index] if index < len(names) else f"argument {index + 1}"
        pieces += [part(f"{name}  ", "bold $text-accent"), *_pretty(argument, "  "), part("\n")]
    for name, argument in firing.kwargs.items():
        pieces += [part(f"{name}=  ", "bold $text-accent"), *_pretty(argument, "  ")]
    return pieces or [part("No arguments.", "$foreground-muted")]


def _pretty(picture: object, indent: str) -> list[Piece]:
    """A snapshot with one line for each entry of its outermost level."""
    fields = picture.fields if isinstance(picture, ObjectSnapshot) else picture
    if not isinstance(fields, dict):
        return [part(f"{short(picture, 4_000)}\n")]
    pieces: list[Piece] = []
    if isinstance(picture, ObjectSnapshot):
        pieces.append(part(f"{picture.text}\n"))
    else:
        pieces.append(part("\n" if indent else ""))
    for name, value in fields.items():  # pyright: ignore[reportUnknownVariableType]
        pieces.append(part(f"{indent}{name}: ", "$foreground-muted"))
        pieces.append(part(f"{short(value, 1_000)}\n"))
    return pieces


def output(step: Step) -> list[Piece]:
    """What a step printed and logged."""
    lines = step.output.splitlines()
    pieces: list[Piece] = [part(f"{line}\n") for line in lines[:LINES]]
    if len(lines) > LINES:
        pieces.append(part(f"… {len(lines) - LINES:,} more lines\n", "$foreground-muted"))
    for log in step.logs:
        style = "$text-error" if log.level in ("ERROR", "CRITICAL") else "$text-accent"
        pieces += [part(f"{log.level.lower():8} ", style), part(f"{log.logger}: {log.message}\n")]
    if step.dropped:
        over = f"… {step.dropped:,} characters or log lines over the cap were not kept\n"
        pieces.append(part(over, "$text-warning"))
    return pieces or [part("It printed and logged nothing.", "$foreground-muted")]
