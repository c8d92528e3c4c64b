"""Why a step failed: its frames with source and locals, what it got, who ran all the same."""

# Textual leaves the parameter of App open wherever a widget names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from escalated_core.analysis.arguments import given_to
from escalated_core.records import ErrorRecord, Firing, Frame, Location
from escalated_workbench.tui import look
from escalated_workbench.tui.look import OUTCOME_STYLES, owner_style, part
from escalated_workbench.tui.widgets.pages import Page
from escalated_workbench.tui.widgets.values import MUTED, Piece, argument_name
from escalated_workbench.wording import OUTCOME_GLYPHS, counted, safe, short

ROOMY = 120
"""Columns of the terminal from which every name is shown."""
LONG = 240
"""Characters shown of a value there."""
NAMES = 6
"""Names of a frame shown until more are asked for."""
CHOSEN = "▸ "
"""Before the place of the frame that is chosen."""
WIDE = 2_000
"""Characters shown of a value as a whole."""

OUTCOME_WORDS = {
    "ok": "ran well",
    "error": "failed",
    "skipped": "was skipped",
    "interrupted": "was interrupted",
}


class ErrorPage(Page):
    """An error: what is said fits the width; one of its frames is the one to be opened."""

    HELP = """\
Why the selected step failed: the message, your own code first with the source around the line
(`▸`) and what its names stood for, the arguments at the call, and which other callbacks ran all
the same. `enter` shows every name and value as a whole. `left` and `right` choose a caller (`▸`
before its place); `o` opens the line that is chosen in your editor, `y` copies its place."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "whole", "Names", tooltip="Every name as a whole", id="error.whole"),
        Binding("right", "frame(1)", "Caller", tooltip="Its caller", id="error.caller"),
        Binding("left", "frame(-1)", "Called", tooltip="What it called", id="error.called"),
    ]

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id)
        self._told: tuple[Firing | None, int | None, Sequence[str]] = None, None, ()
        self._whole = False
        self._width = 0
        self._chosen = 0

    @property
    def frame(self) -> Frame | None:
        """The frame that is chosen: at first the one where it stopped."""
        shown = self._frames
        return shown[self._chosen] if self._chosen < len(shown) else None

    @property
    def _frames(self) -> list[Frame]:
        firing, index, _ = self._told
        error = firing.steps[index].error if firing is not None and index is not None else None
        return _all_frames(error)

    def tell(self, firing: Firing | None, index: int | None, names: Sequence[str]) -> None:
        """Tell about the step with this index; without one, about all that failed."""
        if self._told[:2] != (firing, index):
            self._whole, self._chosen = False, 0
        self._told = firing, index, names
        self._draw()

    def action_whole(self) -> None:
        self._whole = not self._whole
        self._draw()

    def action_frame(self, direction: int) -> None:
        self._chosen = max(0, min(self._chosen + direction, len(self._frames) - 1))
        self._draw()
        said = str(self.query_one(Static).content)
        line = said[: max(said.find(f"\n{CHOSEN}"), 0)].count("\n")
        self.call_after_refresh(self.scroll_to, y=line, animate=False)

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._width:
            self._draw()

    def _draw(self) -> None:
        self._width = self.scrollable_content_region.width
        firing, index, names = self._told
        if firing is None:
            self.show([part("No error.", MUTED)])
            return
        room = WIDE if self._whole else LONG if self.app.size.width >= ROOMY else 0
        self.show(failure(firing, index, names, self._width, room, self.frame))


def failure(
    firing: Firing,
    index: int | None,
    names: Sequence[str],
    width: int,
    room: int,
    chosen: Frame | None = None,
) -> list[Piece]:
    """What is to say about a step's error, or about a step without one.

    Values are shown up to `room` characters; 0 shows some names only, one on a line.
    """
    error = firing.steps[index].error if index is not None else None
    if error is None or index is None:
        return [part("No error.\n", MUTED), *_others(firing, index, failed_only=True)]
    pieces = _error(error, width, room, chosen if len(_all_frames(error)) > 1 else None)
    pieces.append(part("\ncalled with\n", MUTED))
    for position, value in enumerate(given_to(firing, index)):
        pieces += _named(argument_name(position, names), value, width, room)
    for name, value in firing.kwargs.items():
        pieces += _named(str(name), value, width, room)
    if len(firing.steps) > 1:
        pieces += [part("\nthe other callbacks\n", MUTED), *_others(firing, index)]
    return pieces


def _error(error: ErrorRecord, width: int, room: int, chosen: Frame | None) -> list[Piece]:
    """The message, the frames, innermost first, and the causes."""
    pieces = _wrapped(f"✖ {error}", "bold $text-error", width)
    if len(error.frames) > 1:
        pieces.append(part("where it stopped first, its callers below\n", MUTED))
    for frame in reversed(error.frames):
        place = f"{Location(frame.file, frame.line)} in {frame.function}"
        mark = "" if chosen is None else CHOSEN if frame is chosen else "  "
        shown = look.source(frame, width, whole=room == WIDE)
        pieces += [part(f"{mark}{place}\n", "$text-accent"), shown]
        pieces += _locals(frame, width, room)
    if error.cause is not None:
        pieces += [part("\ncaused by\n", MUTED), *_error(error.cause, width, room, chosen)]
    return pieces


def _all_frames(error: ErrorRecord | None) -> list[Frame]:
    """The frames of an error and of its causes, in the order they are shown."""
    found: list[Frame] = []
    while error is not None:
        found += reversed(error.frames)
        error = error.cause
    return found


def _locals(frame: Frame, width: int, room: int) -> list[Piece]:
    pieces: list[Piece] = []
    for name, value in frame.locals if room else frame.locals[:NAMES]:
        pieces += _named(name, value, width, room)
    hidden = len(frame.locals) - NAMES
    if hidden > 0 and not room:
        pieces.append(part(f"    … {counted(hidden, 'more name')}; enter shows them\n", MUTED))
    return pieces


def _named(name: str, value: object, width: int, room: int) -> list[Piece]:
    """`name = value`, on one line if there is no more room."""
    start = f"    {name} = "
    limit = room or max((width or 80) - len(start), 20)
    return _wrapped(f"{start}{short(value, limit)}", "", width, indent=6)


def _others(firing: Firing, index: int | None, failed_only: bool = False) -> list[Piece]:
    """How the other callbacks ended."""
    pieces: list[Piece] = []
    for number, step in enumerate(firing.steps):
        if number == index or (failed_only and step.error is None):
            continue
        when = "" if index is None else " before it" if number < index else " after it"
        why = f": {step.error}".splitlines()[0] if step.error else ""
        pieces += [
            part(f"    {OUTCOME_GLYPHS[step.outcome]} ", OUTCOME_STYLES[step.outcome]),
            part(f"{step.callback} ", ""),
            part(step.plugin or "host", owner_style(step.plugin)),
            part(f" {OUTCOME_WORDS[step.outcome]}{when}{why}\n", MUTED),
        ]
    return pieces


def _wrapped(text: str, style: str, width: int, indent: int = 0) -> list[Piece]:
    """Text broken at `width` columns, what follows the first line indented; 0 breaks nothing."""
    if not width or (len(text) <= width and "\n" not in text):
        return [part(f"{text}\n", style)]
    first, *rest = Content(safe(text)).wrap(width)
    if indent and rest:
        rest = Content(safe(text)[len(first.plain) :].lstrip()).wrap(max(width - indent, 10))
    return [
        part(f"{first.plain}\n", style),
        *(part(f"{' ' * indent}{line.plain}\n", style) for line in rest),
    ]
