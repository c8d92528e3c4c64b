"""Which tab tells most about a step, and what the firing was given."""

from __future__ import annotations

from collections.abc import Sequence

from escalated_core.records import Firing, Step
from escalated_core.snapshots.snapshot import ObjectSnapshot
from escalated_workbench.tui.look import part
from escalated_workbench.tui.widgets.values import Piece, argument_name
from escalated_workbench.wording import short


def most_telling(firing: Firing | None, step: Step | None) -> str:
    """The name of the tab to look at first."""
    if step is not None and step.error is not None:
        return "error"
    if step is not None and step.touched:
        return "value"
    if step is not None and (step.output or step.logs or step.effects):
        return "output"
    return "args" if firing is None or firing.kind == "action" else "value"


def arguments(firing: Firing, names: Sequence[str]) -> list[Piece]:
    """Each argument with the name that the documentation gives it."""
    pieces: list[Piece] = []
    for index, argument in enumerate(firing.args):
        name = argument_name(index, names)
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
