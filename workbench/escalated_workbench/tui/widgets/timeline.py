"""The live timeline: every firing in one line, nested ones indented, drawn line by line."""

# Textual leaves the parameters of its reactives open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from time import monotonic
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from escalated_core.analysis.query import Query
from escalated_core.trace.trace import Trace
from escalated_workbench.playback import Recorded
from escalated_workbench.tui.look import part
from escalated_workbench.tui.widgets.feed import Feed
from escalated_workbench.tui.widgets.folds import first_of, last_of
from escalated_workbench.tui.widgets.lines import moving
from escalated_workbench.tui.widgets.rows import Rows

TELLING = 500
"""How many firings are worth a word that wait."""
WORK = 0.01
"""Seconds of a tick for letting go of old firings and for judging and folding new ones."""
CALM = 0.3
"""Seconds between two firings that are told while they pass by."""
RUSH, DRAWN, LATE = 200, 0.2, 0.06
"""New firings that are a rush, and seconds between two drawings in one: the second ones where a
filter takes so long that not all could be judged."""

_id = attrgetter("id")

KEYS: list[BindingType] = [
    *moving("timeline", last="newest"),
    Binding("enter", "enter", "To its steps", show=False, id="timeline.enter"),
    Binding("left", "fold", "Fold", show=False, id="timeline.fold"),
    Binding("right", "unfold", "Unfold", show=False, id="timeline.unfold"),
]


class Timeline(Rows):
    """Firings in the order they began; follows the newest while the cursor is at the end."""

    BORDER_TITLE = "Firings"
    HELP = """\
Every firing in one line: when it began, the hook, how many callbacks ran, whether the value
changed (`~`), how it ended and how long it took. Nested firings are indented; `left` folds them
away, `right` shows them. Ten or more alike in quick succession that change nothing share one line,
`×37`, which `right` unfolds. The list follows the newest while the cursor is on the last one; what
only tells that a plugin was loaded, with nobody listening, does not take the cursor. `enter` goes
to the steps, `r` fires it again with what it was given. `space` holds the list still; recording
goes on. `/` filters, `h` hides what is like the selected one, `P` keeps a firing (`◆`) when old
ones go."""

    BINDINGS: ClassVar[list[BindingType]] = KEYS

    held: reactive[bool] = reactive(False)

    @dataclass
    class Selected(Message):
        """The cursor is on another firing; None when the timeline is empty."""

        timeline: Timeline
        firing_id: int | None

        @property
        def control(self) -> Timeline:
            return self.timeline

    class Entered(Message):
        """Somebody wants to see the steps of the firing under the cursor."""

    @dataclass
    class Missing(Message):
        """The firing that somebody wanted to see is hidden, folded away or gone."""

        firing_id: int

    def __init__(self, trace: Trace | Recorded, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(trace, id)
        self._feed = Feed(trace, self.listing)
        self._following = True
        self._is_late = False
        self._told: int | None = None
        self._told_at = self._drawn_at = 0.0
        self._wanted_id: int | None = None

    def tick(self) -> None:
        """Take up, judge and show what is new, for no longer than a key may wait."""
        if not self.held or self._wanted_id is not None:
            self._feed.take_up()
        rushing = self.listing.behind > RUSH
        if rushing and monotonic() - self._drawn_at < (LATE if self._is_late else DRAWN):
            return
        if self.listing.behind or self._feed.is_outdated(self.held):
            self._show(self._work_off)
            self._is_late = self.listing.behind > 0
        self._go_to_wanted()
        row = self.selected
        calm = not rushing and monotonic() - self._told_at > CALM
        if calm and self._told != (row.id if row else None):
            self.pointed()
        self._subtitle()

    def ask(self, query: Query) -> None:
        """List only what a query matches."""
        self.listing.ask(query)
        text = str(query)
        self.border_title = Content.assemble("Firings", part(f" / {text}" if text else ""))
        self._show(self._work_off)
        self._subtitle()

    def watch_held(self) -> None:
        self._subtitle()

    def action_fold(self) -> None:
        self._folded(self.listing.fold)

    def action_unfold(self) -> None:
        self._folded(self.listing.unfold)

    def action_enter(self) -> None:
        if self.selected is not None:
            self.post_message(self.Entered())

    def show_firing(self, firing_id: int) -> None:
        """Move the cursor to a firing, now or as soon as it is listed, also while held."""
        self._wanted_id = firing_id
        self.tick()

    def go_to_error(self, direction: int) -> bool:
        """Move to the next (1) or previous (-1) firing that did not end well; False if none."""
        listing = self.listing
        if not listing.lines:
            return False
        line, rows = listing.lines[self.cursor], listing.rows
        near = last_of(line) if direction > 0 else first_of(line)
        index = bisect_left(rows, near, key=_id) + direction
        while 0 <= index < len(rows):
            row = rows[index]
            if row.outcome != "ok" and listing.shows(row.id):
                self.go_to(listing.index(row.id))
                return True
            index += direction
        return False

    def _folded(self, fold: Callable[[int], int | None]) -> None:
        firing_id = fold(self.cursor)
        if firing_id is not None:
            self._show(self._work_off)
            self.go_to(self.listing.index(firing_id))

    def _go_to_wanted(self) -> None:
        """Move to the firing that somebody wants to see, or say that it is not to be seen."""
        wanted = self._wanted_id
        if wanted is None or self.listing.behind:
            return
        if self.listing.shows(wanted):
            self._wanted_id = None
            self.go_to(self.listing.index(wanted))
        elif self.listing.row(wanted) is not None or self._trace.get(wanted) is None:
            self._wanted_id = None
            self.post_message(self.Missing(wanted))

    def _work_off(self) -> None:
        """Let go of firings that the trace does not keep any more, and judge the new ones."""
        self._feed.let_go(WORK, self.held)
        self.listing.work(WORK)

    def _show(self, change: Callable[[], object]) -> None:
        """Draw the lines after a change, with the cursor on the same firing or on the newest."""
        listing, cursor = self.listing, self.cursor
        line = listing.lines[cursor] if cursor < len(listing.lines) else None
        following = line is None or self._following
        change()
        self._drawn_at = monotonic()
        self.lay_out()
        index = max(listing.index(first_of(line)), 0) if line is not None else 0
        if following:
            index = max(index, self._newest())
        elif index != cursor:
            # What is looked at stays where it is when lines above it come or go.
            self.scroll_to(y=self.scroll_y + index - cursor, animate=False, immediate=True)
        self._select(index, following)

    def _newest(self) -> int:
        """The line of what somebody just did: the newest outermost firing that tells anything."""
        newest = self._feed.telling_id
        if newest is None:
            return max(len(self.listing.lines) - 1, 0)
        return self.listing.index(newest)

    def _select(self, index: int, following: bool) -> None:
        index = max(min(index, len(self.listing.lines) - 1), 0)
        self.set_reactive(Timeline.cursor, index)
        self._following = index >= self._newest()
        if following and index >= self._newest():
            self.scroll_end(animate=False, immediate=True)
        self.keep_in_view()

    def pointed(self) -> None:
        row = self.selected
        self._following = self.cursor >= self._newest()
        self._told, self._told_at = row.id if row else None, monotonic()
        self.post_message(self.Selected(self, self._told))

    def _subtitle(self) -> None:
        listing, trace = self.listing, self._trace
        parts = [f"{len(listing.rows):,}"]
        parts += [f"{listing.hidden:,} hidden"] if listing.hidden else []
        parts += [f"{trace.dropped:,} dropped"] if trace.dropped else []
        waiting = self._feed.waiting
        if self.held:
            parts.append(f"⏸ held, {waiting:,} waiting")
        elif waiting > TELLING:
            parts.append(f"{waiting:,} waiting")
        if listing.behind > TELLING:
            parts.append(f"{listing.behind:,} to look at")
        subtitle = " · ".join(parts)
        if subtitle != self.border_subtitle:
            self.border_subtitle = subtitle
