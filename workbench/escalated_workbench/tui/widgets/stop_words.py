"""What is said of a stop: where it is, why it waits, and what waits behind it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from escalated_core.stepping.stops import Stop
from escalated_workbench.tui.look import owner_style, part
from escalated_workbench.tui.widgets.values import MUTED, Piece

PLUGIN_THREAD = "plugins"
LEFT_OUT = "…"
SHOWN = 3
"""Of what waits, how much is named."""


def stop_title(stop: Stop, room: int) -> Content:
    """`⏸ ticket.create › ticket_data · step 3 of 4 · before lookup (billing)`.

    Where that takes more than `room` columns, outer levels are left out, the outermost first.
    """
    levels, place = [level.hook for level in stop.around], _place(stop)
    while True:
        around = [piece for hook in levels for piece in (part(hook, MUTED), part(" › ", MUTED))]
        title = Content.assemble(part("⏸ ", "bold $text-warning"), *around, *place)
        if title.cell_length <= room or levels in ([], [LEFT_OUT]):
            return title
        levels = [LEFT_OUT, *levels[2 if levels[0] == LEFT_OUT else 1 :]]


def _place(stop: Stop) -> list[Piece]:
    """The firing that is stopped, and where in it."""
    firing = stop.firing
    pieces: list[Piece] = [part(firing.hook, "bold $text-accent")]
    ran, planned = len(firing.steps), len(firing.steps) + len(stop.coming)
    if stop.line is not None and stop.doing is not None:
        pieces += [part(f" · in {stop.doing.callback} ("), *_owner(stop.doing.plugin)]
        pieces.append(part(f") · line {stop.line.line}"))
    elif stop.at is not None:
        pieces += [part(f" · step {ran + 1} of {planned} · before {stop.at.callback} (")]
        pieces += [*_owner(stop.at.plugin), part(")")]
    else:
        pieces.append(part(" · the end of the chain"))
    if stop.firing.thread != PLUGIN_THREAD:
        pieces.append(part(f" · thread {stop.firing.thread}", MUTED))
    return pieces


def row_words(stop: Stop, row: int) -> str:
    """Why it has stopped, and which keys do what at a row of the chain."""
    ran = len(stop.firing.steps)
    if row < ran:
        return f"Step {row + 1} as it was recorded: u runs the chain again from here."
    if row > ran:
        return "It is still to come: - and + move it, for this run only."
    if stop.firing.kind == "event":
        return "n lets it happen, d stops before the first hook that it fires."
    if stop.line is not None:
        words = "n runs this line, s goes into what it calls or fires, o out of the function."
    elif not stop.coming:
        words = "Every callback has run: n or c ends it, u runs again from a step."
    else:
        why = "" if stop.reason == "step" else f"{stop.reason} · "
        first = ", i changes the value first" if stop.firing.kind == "filter" else ""
        words = f"{why}n runs {stop.coming[0].callback}, k leaves it out{first}."
    return words


def waiting_words(stop: Stop, behind: Sequence[str]) -> str:
    """What waits until it goes on; empty if nothing does."""
    words: list[str] = []
    if stop.in_transaction:
        words.append("A database transaction is open meanwhile.")
    if behind:
        more = f" and {len(behind) - SHOWN} more" if len(behind) > SHOWN else ""
        verb = "waits" if len(behind) == 1 else "wait"
        words.append(f"{', '.join(behind[:SHOWN])}{more} {verb} for it.")
    return " ".join(words)


def _owner(slug: str | None) -> list[Piece]:
    return [part(slug or "host", owner_style(slug))]
