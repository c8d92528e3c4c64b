"""What is shown of a firing that has stopped: its chain, the source, what is known of a step."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static

from escalated_core.stepping.stops import Stop
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.step_keys import FIRST, SHOWN
from escalated_workbench.tui.widgets.chain import ChainList
from escalated_workbench.tui.widgets.console import Console
from escalated_workbench.tui.widgets.keyline import KeyLine
from escalated_workbench.tui.widgets.source import SourceView
from escalated_workbench.tui.widgets.stop_words import row_words, stop_title, waiting_words
from escalated_workbench.tui.widgets.told import ToldTabs, place_of

if TYPE_CHECKING:
    from escalated_workbench.tui.stepping import Stepping

FRAMES = 30
"""Times a second that it is looked whether something has changed."""
PATIENCE = 5
"""Looks after which something that has gone on is said to run."""
WIDE = 110
"""Columns from which the source has a column of its own."""

LOOK = """
StopScreen { background: $background; }
StopScreen #where {
    height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis;
}
StopScreen #work { height: 1fr; layout: vertical; }
StopScreen #chain, StopScreen #source, StopScreen #told {
    border: round $panel-lighten-2; border-title-color: $text-muted;
    border-subtitle-color: $text-muted; background: $surface;
}
StopScreen #chain:focus, StopScreen #source:focus-within, StopScreen #told:focus-within {
    border: round $accent; border-title-color: $text-accent;
}
StopScreen #chain { height: auto; max-height: 45%; }
StopScreen #source { display: none; }
StopScreen #told { height: 1fr; }
StopScreen TabPane { padding: 0; }
StopScreen #told-error { scrollbar-gutter: stable; }
StopScreen.-wide #work { layout: horizontal; }
StopScreen.-wide #chain, StopScreen.-wide #source, StopScreen.-wide #told {
    display: block; width: 3fr; height: 100%; max-height: 100%;
}
StopScreen.-wide #source { width: 4fr; }
StopScreen #said { height: auto; max-height: 2; padding: 0 1; background: $panel; }
StopScreen.-low #chain { max-height: 30%; }
StopScreen.-low #told { border: none; }
"""


class StopScreen(Screen[None]):
    """Shows one stop after the other; nobody tells it, it looks while it stands."""

    DEFAULT_CSS = LOOK
    HORIZONTAL_BREAKPOINTS = [(0, "-normal"), (WIDE, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]  # noqa: RUF012

    def __init__(self, stepping: Stepping, stop: Stop) -> None:
        super().__init__()
        self._stepping, self._wb = stepping, stepping.wb
        self.stop = stop
        """What is shown; it may have gone on meanwhile."""
        self._cursor: int | None = None
        """Where the cursor goes at the next stop, if not to what is next."""
        self._behind: Sequence[str] = ()
        self._looks = 0
        """How often it was seen that it runs, without a break."""

    def on_mount(self) -> None:
        self.query_one(ChainList).focus()
        self._show(self.stop)
        self.set_interval(1 / FRAMES, self._look)

    def compose(self) -> ComposeResult:
        yield Static(id="where", markup=False)
        with Container(id="work"):
            chain = ChainList(id="chain", markup=False)
            chain.border_title = "Chain"
            yield chain
            yield SourceView(id="source", classes="-column")
            with ToldTabs(id="told") as tabs:
                yield from tabs.compose_tabs()
        yield Console(id="console")
        yield Static(id="said", markup=False)
        yield KeyLine(SHOWN, FIRST)

    @property
    def _is_wide(self) -> bool:
        return self.app.size.width >= WIDE

    def on_resize(self) -> None:
        tabs = self.query_one(ToldTabs)
        (tabs.hide_tab if self._is_wide else tabs.show_tab)("tab-source")
        if self._is_wide and tabs.tab == "source":
            tabs.choose("value")
        self._entitle()
        self._tell()

    @property
    def _row(self) -> int:
        """The row of the chain under the cursor."""
        highlighted = self.query_one(ChainList).highlighted
        return len(self.stop.firing.steps) if highlighted is None else highlighted

    @property
    def _runs(self) -> bool:
        """Whether it has gone on, or runs code at the stop, for some time."""
        return self._looks > PATIENCE

    def _look(self) -> None:
        """Take up what has stopped or gone on, and what waits meanwhile."""
        stop, behind, ran = self._wb.stepper.stop, self._wb.waiting, self._runs
        rests = stop is not None and not self._stepping.is_asked
        self._looks = 0 if rests else self._looks + 1
        if stop is not None and stop.number != self.stop.number:
            self._show(stop)
        elif ran or self._runs:
            self._entitle()
        if ran is not self._runs or behind != self._behind:
            self._behind = behind
            self.say("")

    def _show(self, stop: Stop) -> None:
        """Show another stop."""
        self.stop = stop
        at = len(stop.firing.steps)
        cursor, self._cursor = self._cursor, None
        chain = self.query_one(ChainList)
        chain.show(stop, at if cursor is None else cursor, self._is_wide)
        chain.border_subtitle = f"{at} of {_planned(stop)} ran"
        self._entitle()
        tabs = self.query_one(ToldTabs)
        tabs.expect(self._telling(stop))
        self._tell()
        self.say("")

    def _telling(self, stop: Stop) -> str:
        """The tab that tells most of a stop."""
        if stop.line is not None and not self._is_wide:
            return "source"
        is_new = stop.firing.kind != "filter" and not stop.firing.steps
        return "args" if is_new else "value"

    def _entitle(self) -> None:
        """Tell where it is stopped, or that it runs."""
        where = self.query_one("#where", Static)
        room = self.app.size.width - where.styles.gutter.width
        where.update(self._running_title() if self._runs else stop_title(self.stop, room))

    def _running_title(self) -> Content:
        activity = self._wb.activity
        doing = f"{activity.doing} {activity.seconds:.1f} s, " if activity is not None else ""
        what = "your code" if self._stepping.is_asked else self.stop.firing.hook
        how = "escape, then x stops" if isinstance(self.focused, Input) else "x stops"
        return Content.assemble(part(f"▸ {what} runs: {doing}{how} it", "$text-warning"))

    def say(self, words: str) -> None:
        """Say something in the line of messages; without words, what can be done at the row."""
        hint = part("It runs at this moment." if self._runs else row_words(self.stop, self._row))
        pieces = [part(words, "$text-warning") if words else hint]
        waiting = waiting_words(self.stop, self._behind)
        pieces += [part("  "), part(waiting, "$text-warning")] if waiting else []
        self.query_one("#said", Static).update(Content.assemble(*pieces))

    def _tell(self) -> None:
        stop, row = self.stop, self._row
        is_now = row == len(stop.firing.steps)
        place, line = place_of(stop, row), stop.line if is_now else None
        for view in self.query(SourceView):
            view.show(place, line)
        name = "" if place is None else f"{place.file.rpartition('/')[2]}:{place.line}"
        self.query_one("#source").border_title = Content.assemble("Source ", part(name))
        self.query_one(ToldTabs).tell(stop, row)

    @on(OptionList.OptionHighlighted, "#chain")
    def _walked(self) -> None:
        self._tell()
        self.say("")


def _planned(stop: Stop) -> int:
    """How many steps there are to be, as it looks now."""
    return len(stop.firing.steps) + (stop.doing is not None) + len(stop.coming)
