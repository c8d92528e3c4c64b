"""What the last saves changed: the firings that were run again, and one of them in detail."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static

from escalated_core.records import Comparison, SaveVerdict
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.compare import CompareScreen
from escalated_workbench.tui.screens.confirm import ConfirmScreen
from escalated_workbench.tui.screens.save import FRAMES
from escalated_workbench.tui.widgets import verdicts
from escalated_workbench.tui.widgets.keyline import KeyLine
from escalated_workbench.tui.widgets.values import MUTED
from escalated_workbench.tui.widgets.verdicts import Judged, VerdictList
from escalated_workbench.tui.work import Commands
from escalated_workbench.wording import counted
from escalated_workbench.workbench import Workbench

NOTHING = """\
No save has been replayed yet.

Fire some hooks, then save a plugin: what has been recorded and runs its code is run again by the \
new code, and here stands what that does differently. r replays now."""
NOTHING_RECORDED = "Nothing recorded runs code of it. Fire its hooks, then save it again."
NOTHING_CHANGED = "= Nothing changed: {} what was done before. h lists them."
UNDO = """\
Run {} by the code from before its last save again? No file is written: the source stays as it is, \
and the old code runs until the next save."""
KEYS: list[BindingType] = [
    Binding("escape,q", "back", "Back", id="verdict.back"),
    Binding("a", "accept", "Accept", tooltip="The new is the baseline", id="verdict.accept"),
    Binding("u", "undo", "Undo", tooltip="Run the code of before", id="verdict.undo"),
    Binding("r", "replay", "Replay", tooltip="Replay all again now", id="verdict.replay"),
    Binding("h", "same", "Same", tooltip="Show or hide what is the same", id="verdict.same"),
    Binding("left_square_bracket", "go(-1)", "Previous verdict", id="verdict.previous"),
    Binding("right_square_bracket", "go(1)", "Next verdict", id="verdict.next"),
    Binding("o", "edit", "Edit", tooltip="Open the line in your editor", id="verdict.edit"),
    Binding("tab,shift+tab", "pane", "Pane", tooltip="The other pane", id="verdict.pane"),
]
SHOWN = (
    *("verdict.enter", "verdict.accept", "verdict.undo", "verdict.replay", "verdict.same"),
    *("verdict.edit", "app.help"),
)
LOOK = """
VerdictScreen { background: $background; }
VerdictScreen #head { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; }
VerdictScreen #judged { height: 1fr; layout: vertical; }
VerdictScreen #list, VerdictScreen #more {
    background: $surface; border: round $panel-lighten-2; border-title-color: $text-muted;
    border-subtitle-color: $text-muted;
}
VerdictScreen #list { height: 2fr; }
VerdictScreen #more { height: 3fr; padding: 0 1; }
VerdictScreen.-wide #judged { layout: horizontal; }
VerdictScreen.-wide #list { width: 2fr; height: 100%; }
VerdictScreen.-wide #more { width: 3fr; height: 100%; }
VerdictScreen #list:focus-within, VerdictScreen #more:focus {
    border: round $accent; border-title-color: $text-accent;
}
VerdictScreen VerdictList {
    height: 1fr; border: none; padding: 0; background: $surface; text-wrap: nowrap;
    text-overflow: ellipsis;
}
VerdictScreen VerdictList:focus { border: none; padding: 0; background-tint: $foreground 0%; }
VerdictScreen VerdictList:focus > .option-list--option-highlighted {
    background: $block-cursor-blurred-background; color: $foreground; text-style: bold;
}
"""


class VerdictScreen(Screen[None]):
    """Shows the newest verdict, and each that comes, until an earlier one is chosen."""

    HORIZONTAL_BREAKPOINTS = [(0, "-normal"), (100, "-wide")]  # noqa: RUF012
    HELP = VerdictList.HELP
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    DEFAULT_CSS = LOOK

    def __init__(self, wb: Workbench) -> None:
        super().__init__()
        self._wb = wb
        self._commands = Commands(self, wb)
        self._all: list[SaveVerdict] = []
        self._verdict: SaveVerdict | None = None
        self._with_same = False

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        with Container(id="judged"):
            with Vertical(id="list"):
                yield VerdictList(id="verdicts")
            with VerticalScroll(id="more"):
                yield Static(id="details", markup=False)
        yield KeyLine(SHOWN, SHOWN)

    def on_mount(self) -> None:
        self.query_one(VerdictList).focus()
        self.set_interval(1 / FRAMES, self._look)
        self._look()
        self._draw()

    def _look(self) -> None:
        """Take up a verdict that came, and say how far what is under way has come."""
        found = [*self._wb.replays]
        if found and (not self._all or found[-1] is not self._all[-1]):
            was_newest = not self._all or self._verdict is self._all[-1]
            self._all = found
            if was_newest:
                self._verdict = found[-1]
                self._draw()
        progress = self._wb.replays.progress
        head = Content.assemble(part("no verdict yet", MUTED))
        if progress is not None:
            head = Content.assemble(verdicts.running(progress))
        elif self._verdict is not None:
            undone = self._undone(self._verdict)
            head = verdicts.head(self._verdict, self._all[-1].number, undone)
        room = self.query_one("#head").content_size.width or head.cell_length
        self.query_one("#head", Static).update(head.truncate(room, ellipsis=True))

    def _draw(self) -> None:
        verdict, listed = self._verdict, self.query_one(VerdictList)
        judged: list[Judged] = []
        if verdict is not None:
            judged = [*verdict.comparisons, *verdict.left_out]
        shown = [each for each in judged if self._with_same or not _is_same(each)]
        listed.show(shown)
        box = self.query_one("#list")
        box.border_title = Content.assemble(part(_title(verdict)))
        hidden = len(judged) - len(shown)
        words = f"{len(shown):,} · {hidden:,} same hidden, h shows" if hidden else f"{len(shown):,}"
        box.border_subtitle = words
        if box.display != bool(shown):
            box.display = bool(shown)
            (listed if shown else self.query_one("#more")).focus()
        self._show_details()

    @on(OptionList.OptionHighlighted)
    def _show_details(self) -> None:
        judged, verdict = self.query_one(VerdictList).judged, self._verdict
        more = self.query_one("#more")
        if judged is not None and verdict is not None:
            number = verdicts.firing_id(judged)
            width = more.scrollable_content_region.width
            told = verdicts.details(judged, number in verdict.drifted, width)
            hook = judged.old.firing.hook if isinstance(judged, Comparison) else judged.hook
            more.border_title = Content.assemble(part(f"#{number} {hook}"))
        else:
            told, more.border_title = _nothing(verdict), Content.assemble(part(_title(verdict)))
        self.query_one("#details", Static).update(told)
        more.scroll_home(animate=False)

    @on(OptionList.OptionSelected)
    def _compare(self) -> None:
        judged = self.query_one(VerdictList).judged
        both = verdicts.pair(judged) if isinstance(judged, Comparison) else None
        if both is None or not isinstance(judged, Comparison):
            self.notify("It was not run again, so there is nothing to compare.", markup=False)
            return
        one, other = both
        known = (hook.documented for hook in self._wb.hooks if hook.name == one.hook)
        documented = next((each for each in known if each is not None), None)
        names = [parameter.name for parameter in documented.parameters] if documented else []
        title = f"#{verdicts.firing_id(judged)} {one.hook} · {verdicts.before(judged)} → now"
        self.app.push_screen(CompareScreen(one, other, names, title))

    def action_back(self) -> None:
        self.dismiss(None)

    def action_go(self, direction: int) -> None:
        at = self._all.index(self._verdict) if self._verdict in self._all else -1
        if 0 <= at + direction < len(self._all):
            self._verdict = self._all[at + direction]
            self._look()
            self._draw()
        else:
            end = "newest" if direction > 0 else "oldest"
            self.notify(f"This is the {end} verdict." if self._all else NOTHING, markup=False)

    def action_same(self) -> None:
        self._with_same = not self._with_same
        self._draw()

    def action_accept(self) -> None:
        count = self._wb.replays.accept(self._verdict) if self._verdict is not None else 0
        words = "There is nothing to accept: nothing changed."
        if count:
            words = f"{counted(count, 'firing')}: what they do now is the baseline from now on."
        self.notify(words, markup=False)

    def action_replay(self) -> None:
        if self._wb.replays.progress is not None:
            self.notify("A replay is under way.", markup=False)
        else:
            self._commands.do(self._wb.replays.replay, "replaying")

    def action_undo(self) -> None:
        saved = [each for each in self._all if each.plugin is not None]
        chosen = self._verdict if self._verdict in saved else next(iter(saved[::-1]), None)
        if chosen is None or chosen.plugin is None:
            self.notify("No save has been replayed that could be undone.", markup=False)
            return
        slug = chosen.plugin
        plugin = self._wb.plugins.get(slug)
        if plugin is not None and plugin.undone is not None:
            words = f"{slug} was undone already: g{plugin.undone} runs again until it is saved."
            self.notify(words, markup=False)
            return

        def work() -> None:
            self._wb.replays.undo(slug)
            words = f"{slug} runs the code from before its last save, until it is saved again."
            self.call_later(self.notify, words, markup=False)

        def answered(yes: bool | None) -> None:
            if yes:
                self._commands.do(work, f"going back in {slug}")

        self.app.push_screen(ConfirmScreen(UNDO.format(slug)), answered)

    def _undone(self, verdict: SaveVerdict) -> int | None:
        """Which generation runs again in the place of the one that the verdict is about."""
        plugin = self._wb.plugins.get(verdict.plugin or "")
        is_it = plugin is not None and verdict.generation == plugin.generation - 1
        return plugin.undone if plugin is not None and is_it else None

    def action_edit(self) -> None:
        judged = self.query_one(VerdictList).judged
        origin = judged.origin if isinstance(judged, Comparison) else None
        found = judged.place_of(origin) if isinstance(judged, Comparison) and origin else None
        if found is None:
            self.notify("Only a step that differs stands on a line of a file.", markup=False)
        else:
            self._commands.edit(found)

    def action_pane(self) -> None:
        listed, more = self.query_one(VerdictList), self.query_one("#more")
        (more if self.focused is listed or not listed.option_count else listed).focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_details)


def _is_same(judged: Judged) -> bool:
    return isinstance(judged, Comparison) and judged.verdict == "same"


def _title(verdict: SaveVerdict | None) -> str:
    if verdict is None:
        return "What the save changed"
    what = f"{verdicts.CAUSES[verdict.cause]} #{verdict.number}"
    return f"{what} · {verdict.plugin} g{verdict.generation}" if verdict.plugin else what


def _nothing(verdict: SaveVerdict | None) -> Content:
    """What is said where no firing is listed."""
    if verdict is None:
        return Content(NOTHING)
    if verdict.state == "failed":
        words = "The code could not be loaded, so what ran before runs on. Nothing was replayed."
        return Content.assemble(part(f"✖ {verdict.error}\n\n", "$text-error"), part(words))
    same = len(verdict.comparisons)
    if same:
        do = f"{counted(same, 'firing')} {'does' if same == 1 else 'do'}"
        return Content.assemble(part(NOTHING_CHANGED.format(do), "$text-success"))
    return Content.assemble(part(NOTHING_RECORDED, MUTED))
