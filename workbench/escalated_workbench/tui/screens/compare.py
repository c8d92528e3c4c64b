"""Two firings side by side: what they got, what each callback did, what came out."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from escalated_core.analysis import blame
from escalated_core.analysis.blame import Pair
from escalated_core.records import Change, Firing
from escalated_workbench.tui.look import owner_style, part
from escalated_workbench.tui.screens.text import TextScreen
from escalated_workbench.tui.widgets.values import MUTED, Piece, argument_path, change_line
from escalated_workbench.wording import counted

SIGNS = {
    "same": ("=", MUTED),
    "changed": ("~", "$text-warning"),
    "added": ("+", "$text-success"),
    "removed": ("-", "$text-error"),
}
SHOWN = 200
"""Changes listed of one step."""


class CompareScreen(TextScreen):
    """What differs from the marked firing to another one; `escape` closes it."""

    HELP = """\
What differs from the first firing to the other: `~` changed, `+` only in the other, `-` only in
the first, `=` the same, `⇅` ran in another place. Arrows scroll, escape closes."""
    DEFAULT_CSS = "CompareScreen > VerticalScroll { width: 110; }"

    def __init__(self, one: Firing, other: Firing, names: Sequence[str], title: str = "") -> None:
        both = f"#{one.id} {one.hook} → #{other.id} {other.hook}"
        super().__init__(title or both, comparison(one, other, names))


def comparison(one: Firing, other: Firing, names: Sequence[str]) -> Content:
    """Arguments, steps and results of two firings compared; `names` are those of the arguments."""
    found = blame.compare(one, other)
    pieces: list[Piece] = []
    if found.same:
        pieces.append(part("They differ in nothing but time and output.\n\n", "$text-success"))
    if one.hook != other.hook:
        pieces.append(part("They are firings of different hooks.\n\n", "$text-warning"))
    pieces += [part("arguments\n", "bold $text-accent")]
    pieces += _changes(found.args, "  ", names)
    pieces += _changes(found.kwargs, "  ") if found.kwargs else []
    pieces += [part("\nsteps\n", "bold $text-accent")]
    for pair in found.steps:
        pieces += _pair(pair)
    if not found.steps:
        pieces.append(part("  Nobody listened to either.\n", MUTED))
    if other.kind == "filter" or found.result:
        pieces += [part("\nresult\n", "bold $text-accent"), *_changes(found.result, "  ")]
    return Content.assemble(*pieces)


def _pair(pair: Pair) -> list[Piece]:
    """A callback with what became of it."""
    sign, style = SIGNS[pair.status]
    again = f" ({pair.occurrence})" if pair.occurrence > 1 else ""
    moved = "  ⇅ moved" if pair.moved else ""
    pieces: list[Piece] = [
        part(f"{sign} {pair.status:8}", style),
        part(f"{pair.callback}{again} "),
        part(pair.plugin or "host", owner_style(pair.plugin)),
        part(f"{moved}\n", "$text-warning"),
    ]
    for what, (before, after) in (("outcome", pair.outcomes), ("error", pair.errors)):
        if pair.status == "changed" and before != after:
            pieces.append(part(f"    {what}: {before or 'none'} → {after or 'none'}\n"))
    return [*pieces, *(_changes(pair.changes, "    ") if pair.changes else [])]


def _changes(
    found: Sequence[Change], indent: str, names: Sequence[str] | None = None
) -> list[Piece]:
    """Changes, one on a line; with `names` their paths begin with an argument's position."""
    pieces: list[Piece] = []
    for change in found[:SHOWN]:
        where = argument_path(change.path, names) if names is not None else ""
        pieces += [part(indent), change_line(change, where=where).content, part("\n")]
    if len(found) > SHOWN:
        pieces.append(part(f"{indent}… {counted(len(found) - SHOWN, 'more change')}\n", MUTED))
    return pieces or [part(f"{indent}= the same\n", MUTED)]
