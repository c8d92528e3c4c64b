"""Where the time went: per callback, plugin or hook; since the last reload; in imports."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static

from escalated_core.analysis.timing import By, TimingChange
from escalated_core.records import Firing, Location
from escalated_workbench import measures
from escalated_workbench.playback import Playback, Shown
from escalated_workbench.saving import Tell, save_profile, telling
from escalated_workbench.tui.background import Background
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.save import FRAMES, FileScreen
from escalated_workbench.tui.widgets import timings
from escalated_workbench.tui.widgets.keyline import KeyLine
from escalated_workbench.tui.widgets.timings import TimingList
from escalated_workbench.tui.work import Commands
from escalated_workbench.wording import counted, here

SMALLEST = 72, 18
"""Columns and lines below which one pane is shown at a time."""
ORDERS = {"own": "most own time", "p95": "highest p95", "max": "longest", "count": "most often"}
EXPORT = "A profile of every thread, for https://www.speedscope.app. It holds no values."
COMPARE = "Another run, saved as a session file, that this one is compared with."
NOTHING = "Nothing has run yet. Go back, and press f to fire a hook."
NOTHING_SAVED = "Nothing ran in this session."
NO_RELOAD = "No plugin ran both before and after a reload. Save one, and fire its hooks again.\n"
KEYS: list[BindingType] = [
    Binding("escape", "back", "Back", id="timing.back"),
    Binding("b", "by", "By", tooltip="By callback, plugin or hook", id="timing.by"),
    Binding("t", "order", "Sort", tooltip="Sort by own time, p95, max, count", id="timing.order"),
    Binding(
        "plus,equals_sign", "budget(1)", "Raise the budget", id="timing.raise", key_display="+"
    ),
    Binding("minus", "budget(-1)", "Lower the budget", id="timing.lower", key_display="-"),
    Binding("s", "export", "Export", tooltip="Export for speedscope", id="timing.export"),
    Binding("c", "compare", "Compare", tooltip="Compare with a session", id="timing.compare"),
    Binding("r", "measure", "Again", tooltip="Measure again", id="timing.again"),
    Binding("o", "edit", "Edit", tooltip="Open the line in your editor", id="timing.edit"),
    Binding("tab,shift+tab", "pane", "Pane", tooltip="The other pane", id="timing.pane"),
]
SHOWN = (
    "timing.enter", "timing.by", "timing.order", "timing.back", "app.help", "timing.export",
    "timing.compare",
)  # fmt: skip


LOOK = """
TimingScreen { background: $background; }
TimingScreen #head { height: 1; padding: 0 1; background: $panel; }
TimingScreen #list, TimingScreen #more {
    background: $surface; border: round $panel-lighten-2; border-title-color: $text-muted;
    border-subtitle-color: $text-muted;
}
TimingScreen #list { height: 3fr; }
TimingScreen #more { height: 2fr; padding: 0 1; }
TimingScreen #list:focus-within, TimingScreen #more:focus {
    border: round $accent; border-title-color: $text-accent;
}
TimingScreen #columns { height: 1; color: $text-muted; text-wrap: nowrap; }
TimingScreen TimingList {
    height: 1fr; border: none; padding: 0; background: $surface; text-wrap: nowrap;
}
TimingScreen TimingList:focus { border: none; padding: 0; background-tint: $foreground 0%; }
TimingScreen TimingList:focus > .option-list--option-highlighted {
    background: $block-cursor-blurred-background; color: $foreground; text-style: bold;
}
TimingScreen #details { height: 2; text-wrap: nowrap; text-overflow: ellipsis; }
TimingScreen #sections { height: auto; }
TimingScreen.-single #list, TimingScreen.-single #more { display: none; height: 1fr; }
TimingScreen.-single #list.-shown, TimingScreen.-single #more.-shown { display: block; }
"""


class TimingScreen(Screen[str | None]):
    """Dismissed with the query for what was chosen, or None.

    Everything is computed on a thread of its own, from the firings as they were when it began.
    """

    HELP = TimingList.HELP
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    DEFAULT_CSS = LOOK

    def __init__(self, wb: Shown) -> None:
        super().__init__()
        self._wb = wb
        self._by: By = "callback"
        self._order: measures.Order = "own"
        self._slow_ns = round(wb.config.slow * 1e9)
        self._firings: list[Firing] = []
        self._found: list[measures.Measured] = []
        self._changes: dict[str, list[TimingChange]] = {}
        self._compared: dict[str, list[TimingChange]] = {}
        self._background = Background(self, self._failed)

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        with Vertical(id="list") as box:
            box.border_title = "Timing"
            yield Static(id="columns", markup=False)
            yield TimingList(id="lines")
            yield Static(id="details", markup=False)
        with VerticalScroll(id="more") as more:
            more.border_title = "Reloads and imports"
            yield Static(id="sections", markup=False)
        yield KeyLine(SHOWN, SHOWN)

    def on_mount(self) -> None:
        self.query_one(TimingList).focus()
        self.set_interval(1 / FRAMES, self._tell)
        self.action_measure()

    def on_unmount(self) -> None:
        self._background.cancel()

    def action_measure(self) -> None:
        def work(tell: Tell) -> Callable[[], None]:
            firings = list(telling(self._wb.trace, tell))
            found = measures.measured(firings, self._by, self._slow_ns)
            changes = measures.since_reload(firings)

            def take() -> None:
                self._firings, self._found, self._changes = firings, found, changes
                self._draw()

            return take

        self._background.do(work)

    def _measure_lines(self) -> None:
        def work(_: Tell) -> Callable[[], None]:
            found = measures.measured(self._firings, self._by, self._slow_ns)

            def take() -> None:
                self._found = found
                self._draw()

            return take

        # What is not read yet is measured as it is asked for now, once it is.
        if self._firings:
            self._background.do(work)
        else:
            self.action_measure()

    def _failed(self, error: str | None) -> None:
        if error is not None:
            self.notify(error, severity="error", markup=False)

    def _tell(self) -> None:
        """Say how things stand, and how far what is asked for is."""
        doing = _doing(self._background.done)
        state = doing or counted(len(self._firings), "firing")
        dropped = self._wb.trace.dropped
        words = f"{state} · slow: over {timings.budget(self._slow_ns)} (+ -)"
        words += f" · {dropped:,} dropped before" if dropped else ""
        head = Content.assemble(part(words, "$text-warning" if doing else ""))
        room = self.query_one("#head").content_size.width
        self.query_one("#head", Static).update(head.truncate(room, ellipsis=True))

    def _draw(self) -> None:
        lines = self.query_one(TimingList)
        found = measures.in_order(self._found, self._order)
        lines.show(found, self._by, self._order, self._slow_ns)
        width = lines.scrollable_content_region.width - 1
        self.query_one("#columns", Static).update(timings.head(self._by, width))
        slow = sum(each.timing.max_ns > self._slow_ns for each in found)
        box = self.query_one("#list")
        box.border_title = f"Timing by {self._by} · {ORDERS[self._order]} first"
        box.border_subtitle = f"{counted(len(found), self._by)} · {slow:,} slow"
        self.query_one("#sections", Static).update(self._sections())
        self._show_details()
        self._tell()

    def _sections(self) -> Content:
        quiet = "$foreground-muted"
        pieces: list[Content | tuple[str, str]] = []
        for name, found in self._compared.items():
            pieces += [part(f"Now, compared with {name}\n", "bold"), timings.changes({"": found})]
        pieces.append(part("Since the last reload\n", "bold"))
        pieces.append(timings.changes(self._changes) if self._changes else part(NO_RELOAD, quiet))
        pieces.append(part("\nLoading and imports\n", "bold"))
        plugins = self._wb.plugins.values()
        told = timings.imports(plugins)
        pieces.append(told if told.plain else part("No plugin was loaded.\n", quiet))
        if isinstance(self._wb, Playback) and not any(p.imports for p in plugins):
            pieces.append(part("This session does not tell the imports.", quiet))
        return Content.assemble(*pieces)

    @on(OptionList.OptionHighlighted)
    def _show_details(self) -> None:
        chosen = self.query_one(TimingList).measured
        words = Content(NOTHING_SAVED if isinstance(self._wb, Playback) else NOTHING)
        if chosen is not None:
            words = timings.details(chosen.timing, self._by, self._slow_ns)
        elif self._background.done:
            words = Content("")
        self.query_one("#details", Static).update(words)

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        chosen = self.query_one(TimingList).measured
        if chosen is not None:
            self.dismiss(measures.query_for(self._by, chosen.timing))

    def action_back(self) -> None:
        self.dismiss(None)

    def action_by(self) -> None:
        self._by = measures.following(self._by)
        self._measure_lines()

    def action_order(self) -> None:
        self._order = measures.following_order(self._order)
        self._draw()

    def action_budget(self, direction: int) -> None:
        self._slow_ns = measures.next_budget(self._slow_ns, direction)
        self._draw()
        self._measure_lines()

    def action_edit(self) -> None:
        chosen = self.query_one(TimingList).measured
        if chosen is None or not chosen.timing.file:
            self.notify("Only a callback stands on a line of a file.", markup=False)
        else:
            place = Location(chosen.timing.file, chosen.timing.line)
            Commands(self, self._wb).edit(place)

    def action_export(self) -> None:
        def work(path: Path, tell: Tell) -> str:
            firings = self._firings or list(telling(self._wb.trace, tell))
            save_profile(firings, path)
            return f"Wrote {here(path)}: open it on https://www.speedscope.app."

        name = "profile.speedscope.json"
        self.app.push_screen(FileScreen("Export for speedscope", Content(EXPORT), name, work))

    def action_compare(self) -> None:
        def work(path: Path, tell: Tell) -> str:
            now = self._firings or list(self._wb.trace)
            found = measures.since_session(str(path), now, tell)
            self.call_later(self._take_compared, here(path), found)
            return ""

        title = "Compare with a session"
        self.app.push_screen(FileScreen(title, Content(COMPARE), "", work, reads=True))

    def _take_compared(self, name: str, found: list[TimingChange]) -> None:
        self._compared = {name: found}
        self._draw()
        self.query_one("#more").focus()
        self.query_one("#more").scroll_home(animate=False)

    def action_pane(self) -> None:
        lines, more = self.query_one(TimingList), self.query_one("#more")
        target = more if self.focused is lines else lines
        self._arrange(target is more)
        target.focus()

    def on_resize(self) -> None:
        self._arrange(self.focused is self.query_one("#more"))
        self.call_after_refresh(self._draw)

    def _arrange(self, more: bool) -> None:
        """Show both panes, or only one where room is short."""
        width, height = self.app.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-single")
        self.query_one("#more").set_class(more, "-shown")
        self.query_one("#list").set_class(not more, "-shown")


def _doing(done: tuple[int, int] | None) -> str:
    if done is None:
        return ""
    read, total = done
    return f"reading {read:,} of {counted(total, 'firing')}…" if read < total else "measuring…"
