"""The selected firing: its steps as a ladder, and what one step received, changed and said."""

# Textual leaves the parameter of App open wherever a widget names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from escalated_core.records import CataloguedHook, Firing, Location, Step
from escalated_core.snapshots.paths import Path, path_text
from escalated_workbench.tui.background import shown_by
from escalated_workbench.tui.look import OUTCOME_STYLES, owner_style, part
from escalated_workbench.tui.screens.compare import CompareScreen
from escalated_workbench.tui.screens.paths import Goal, life_of, writers_of
from escalated_workbench.tui.widgets.errors import ErrorPage
from escalated_workbench.tui.widgets.ladder import Ladder, WholeRow
from escalated_workbench.tui.widgets.pages import Page, ValuePage
from escalated_workbench.tui.widgets.tabs import Tabs, panes
from escalated_workbench.wording import OUTCOME_GLYPHS, in_milliseconds, milliseconds

__all__ = ["Inspector", "Ladder", "Page"]

NAME_WIDTH = 22
"""Columns for names in the ladder."""

LOOK = """
Inspector { layout: vertical; }
Inspector WholeRow { height: 1; display: none; text-wrap: nowrap; text-overflow: ellipsis; }
Inspector.-steps WholeRow { display: block; }
Inspector WholeRow.-chosen {
    background: $block-cursor-blurred-background; color: $foreground; text-style: bold;
}
Inspector Ladder {
    height: auto; max-height: 40%; border: none; padding: 0; background: $surface;
    text-wrap: nowrap; text-overflow: ellipsis;
}
Inspector Ladder:focus { border: none; padding: 0; background-tint: $foreground 0%; }
Inspector Ladder > .option-list--option-highlighted,
Inspector Ladder:focus > .option-list--option-highlighted {
    background: $block-cursor-blurred-background; color: $foreground; text-style: bold;
}
Inspector.-page WholeRow { display: none; }
Inspector TabbedContent { height: 1fr; }
Inspector TabPane { padding: 0; }
Inspector Page { padding: 0 1; }
Inspector #page-error, Inspector #page-time { scrollbar-gutter: stable; }
"""


class Inspector(Container):
    """Everything about one firing; `step` is the one the tabs tell about, None for all of it."""

    BORDER_TITLE = "Firing"
    DEFAULT_CSS = LOOK

    @dataclass
    class Wanted(Message):
        """Somebody wants to see another firing."""

        firing_id: int

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.firing: Firing | None = None
        self.marked: Firing | None = None
        """The firing that others are compared with."""
        self._documented: CataloguedHook | None = None
        self._goal: Goal | None = None
        """Where to go as soon as that firing is shown."""

    def compose(self) -> ComposeResult:
        yield WholeRow(id="whole", markup=False)
        yield Ladder(id="ladder", markup=False)
        with Tabs(id="pages"):
            yield from panes()

    def on_mount(self) -> None:
        self.watch(self.query_one(Ladder), "highlighted", self._tell, init=False)
        self.show(None, None)

    @property
    def index(self) -> int | None:
        """The index of the step under the cursor of the ladder."""
        index = self.query_one(Ladder).highlighted
        steps = self.firing.steps if self.firing else ()
        return index if index is not None and index < len(steps) else None

    @property
    def step(self) -> Step | None:
        """The step under the cursor of the ladder."""
        index = self.index
        return self.firing.steps[index] if self.firing and index is not None else None

    @property
    def place(self) -> Location | None:
        """Where to look in the source: the failing line or its chosen caller, else the callback."""
        step = self.step
        if step is None:
            return None
        chosen = self.query_one(ErrorPage).frame if self.tab == "error" else None
        frame = chosen or (step.error.frame if step.error is not None else None)
        if frame is not None:
            return Location(frame.file, frame.line)
        return step.defined_at or Location(step.file, step.line)

    @property
    def tab(self) -> str:
        """The name of the open tab."""
        return self.query_one(Tabs).tab

    @property
    def page(self) -> Page:
        """The page of the open tab."""
        return self.query_one(Tabs).page

    @property
    def pinned(self) -> Path | None:
        """The only path whose value is shown."""
        return self.query_one(Tabs).pinned

    @property
    def names(self) -> tuple[str, ...]:
        """What the documentation calls the arguments."""
        documented = self._documented
        return tuple(parameter.name for parameter in documented.parameters) if documented else ()

    def choose(self, name: str) -> None:
        """Open a tab and keep it while firings of this kind are looked at.

        The value once more shows long texts whole, and then only what differs again.
        """
        self.query_one(Tabs).choose(name)
        self._tell()

    def show(self, firing: Firing | None, documented: CataloguedHook | None) -> None:
        """Show a firing; the cursor goes to its first failed, else first changing step."""
        again = firing is not None and self.firing is not None and firing.id == self.firing.id
        ladder = self.query_one(Ladder)
        index = ladder.highlighted if again else _telling(firing)
        if self._goal and firing and self._goal.firing_id == firing.id:
            index, self._goal = self._goal.step, None
        self.firing = firing
        self._documented = documented
        steps = firing.steps if firing else ()
        self.set_class(bool(steps), "-steps")
        with self.prevent(OptionList.OptionHighlighted):
            ladder.clear_options()
            if firing is not None and steps:
                self.query_one(WholeRow).update(_whole(firing))
                ladder.add_options([Option(rung) for rung in _rungs(steps)])
            else:
                nothing = "Nobody listens to this hook." if firing else EMPTY
                ladder.add_option(Option(nothing, disabled=True))
            ladder.highlighted = index if steps else None
        ladder.call_after_refresh(ladder.centre)
        self._tell()

    def action_times(self) -> None:
        self.choose("time")

    def action_pin(self) -> None:
        """Show only the path under the cursor from now on, or everything again."""
        tabs = self.query_one(Tabs)
        tabs.pinned = self._path() if tabs.pinned is None else None
        self._tell()

    def action_wrote(self) -> None:
        path = self._path()
        if path is not None:
            self.app.push_screen(writers_of(shown_by(self).trace, path), self._go)

    def action_compare(self) -> None:
        """Mark this firing; with another one marked, compare it with this one."""
        firing = self.firing
        if firing is None:
            self.notify("Select a firing to compare.", markup=False)
        elif self.marked is None:
            self.marked = firing
        elif self.marked.id == firing.id:
            self.marked = None
        else:
            self.app.push_screen(CompareScreen(self.marked, firing, self.names))
        self._title()

    @on(ValuePage.Chosen)
    def _show_life(self) -> None:
        path, firing = self._path(), self.firing
        if path is not None and firing is not None:
            self.app.push_screen(life_of(firing, path), self._go)

    @on(WholeRow.Chosen)
    def _choose_whole(self) -> None:
        self.query_one(Ladder).highlighted = None
        self.query_one(Ladder).focus()

    def _path(self) -> Path | None:
        """The path that is meant: under the cursor of the Value tab, else the pinned one."""
        path = self.query_one(Tabs).path
        if path is None:
            self.notify("Put the cursor on a path in the Value tab (d).", markup=False)
        return path

    def _go(self, goal: Goal | None) -> None:
        if goal is None:
            return
        if self.firing is not None and goal.firing_id == self.firing.id:
            self.query_one(Ladder).highlighted = goal.step
        else:
            self._goal = goal
            self.post_message(self.Wanted(goal.firing_id))

    def _tell(self) -> None:
        index = self.index
        self.query_one(WholeRow).set_class(index is None, "-chosen")
        self.query_one(Tabs).tell(self.firing, index, self.names)
        self._title()

    def _title(self) -> None:
        firing, marked = self.firing, self.marked
        title = "Firing"
        notes = [f"cause {firing.cause}"] if firing else []
        if firing is not None:
            is_marked = marked is not None and marked.id == firing.id
            took = milliseconds(firing.duration_ns)
            title = f"#{firing.id} {firing.hook} · {firing.kind} · {took}"
            title = f"◆ {title}" if is_marked else title
            if is_marked:
                notes.insert(0, "◆ marked, c on another firing compares")
            elif marked is not None:
                notes.insert(0, f"◆ #{marked.id} marked, c compares")
        if self.pinned is not None:
            notes.insert(0, f"◎ {path_text(self.pinned)}, . lets go")
        self.border_title = Content.assemble(part(title))
        self.border_subtitle = Content.assemble(part(" · ".join(notes)))


EMPTY = "Select a firing to see its steps."


def _telling(firing: Firing | None) -> int:
    """The index of the step worth a look: the first that failed, else that changed something."""
    steps = firing.steps if firing else ()
    failed = [index for index, step in enumerate(steps) if step.outcome not in ("ok", "skipped")]
    changing = [
        index for index, step in enumerate(steps) if step.changes or step.mutated or step.touched
    ]
    return (failed or changing or [0])[0]


def _whole(firing: Firing) -> Content:
    return Content.assemble(
        part("   Σ ", "$foreground-muted"),
        part(f"{OUTCOME_GLYPHS[firing.outcome]} ", OUTCOME_STYLES[firing.outcome]),
        part("whole firing ", ""),
        part(f"{in_milliseconds(firing.duration_ns)} ", "$foreground-muted"),
        part("first in → last out", "$foreground-muted"),
    )


def _rungs(steps: Sequence[Step]) -> list[Content]:
    """The steps with their columns aligned."""
    name = min(max((len(step.callback) for step in steps), default=0), NAME_WIDTH)
    marks = max((len(_marks(step)) for step in steps), default=0)
    return [_rung(step, name, marks) for step in steps]


def _rung(step: Step, name: int, marks: int) -> Content:
    # What may be cut off where room is short comes last.
    did = f"{_marks(step):{marks}} " if marks else ""
    called = step.callback
    called = f"{called[: name - 1]}…" if len(called) > name else called
    return Content.assemble(
        part(f"{step.priority:>4g} ", "$foreground-muted"),
        part(f"{OUTCOME_GLYPHS[step.outcome]} ", OUTCOME_STYLES[step.outcome]),
        part(did, "$text-warning"),
        part(f"{in_milliseconds(step.duration_ns):>6} ", "$foreground-muted"),
        part(f"{called:{name}} "),
        part(step.plugin or "host", owner_style(step.plugin)),
    )


def _marks(step: Step) -> str:
    """What a step did to the value, in a few characters."""
    # The Value tab has all of the note.
    marks = step.note.split()[:1]
    marks += [f"~{len(step.changes)}"] if step.changes else []
    marks += ["*"] if step.mutated or step.touched else []
    marks += ["None"] if step.returned_none else []
    return " ".join(marks)
