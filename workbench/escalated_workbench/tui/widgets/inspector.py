"""The selected firing: its steps as a ladder, and what one step received, changed and said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static, TabbedContent, TabPane
from textual.widgets.option_list import Option

from escalated_core.records import CataloguedHook, ErrorRecord, Firing, Kind, Location, Step
from escalated_workbench.tui import look
from escalated_workbench.tui.look import OUTCOME_STYLES, owner_style, part
from escalated_workbench.tui.widgets import details
from escalated_workbench.tui.widgets.details import Piece
from escalated_workbench.wording import OUTCOME_GLYPHS, in_milliseconds, milliseconds

TABS = {"value": "Value", "args": "Args", "output": "Output  ", "error": "Error  "}
"""Titles, with room for a sign: a tab that grows would be underlined where it was before."""
NAME_WIDTH = 22
"""Columns for names in the ladder."""


class Ladder(OptionList):
    """The steps of a firing in running order."""

    HELP = """\
The callbacks that ran, in order: priority, how it ended (`✔` well, `✖` with an error, `■`
interrupted, `◌` skipped), what it did to the value (`~2` two changes, `*` changed in place, `None`
returned nothing), milliseconds, name, plugin. The tabs tell about the step under the cursor; the
most telling one opens, until you choose one yourself."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="ladder.down"),
        Binding("k", "cursor_up", "Up", show=False, id="ladder.up"),
    ]


class Page(VerticalScroll, can_focus=True):
    """A tab's content, scrolled by keys."""

    HELP = """\
What the selected step received, changed, said, or why it failed. Arrows scroll. `d` shows what
changed, and once more long texts as a whole."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self, pieces: Iterable[Piece]) -> None:
        self.query_one(Static).update(Content.assemble(*pieces))
        self.scroll_home(animate=False)


class ErrorPage(Page):
    """An error: its message fits the width, only lines of source scroll sideways."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id)
        self._error: ErrorRecord | None = None
        self._width = 0

    def tell(self, error: ErrorRecord | None) -> None:
        self._error = error
        self._width = self.scrollable_content_region.width
        said = look.error(error, self._width) if error else part("No error.", "$foreground-muted")
        self.show([said])

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._width:
            self.tell(self._error)


class Inspector(Container):
    """Everything about one firing; `step` is the one the tabs tell about."""

    BORDER_TITLE = "Firing"
    DEFAULT_CSS = """
    Inspector { layout: vertical; }
    Inspector Ladder {
        height: auto; max-height: 40%; border: none; padding: 0; background: $surface;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    Inspector Ladder:focus { border: none; padding: 0; }
    Inspector TabbedContent { height: 1fr; }
    Inspector TabPane { padding: 0; }
    Inspector Page { padding: 0 1; }
    Inspector #page-error { overflow-x: auto; scrollbar-gutter: stable; }
    Inspector #page-error Static { width: auto; text-wrap: nowrap; }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.firing: Firing | None = None
        self._documented: CataloguedHook | None = None
        self._full = False
        self._chosen: tuple[Kind | None, str] | None = None
        """The tab somebody chose, and the kind of the firing they looked at."""

    def compose(self) -> ComposeResult:
        yield Ladder(id="ladder", markup=False)
        with TabbedContent(id="pages"):
            for name, title in TABS.items():
                with TabPane(title, id=f"tab-{name}"):
                    page = ErrorPage if name == "error" else Page
                    yield page(id=f"page-{name}")

    def on_mount(self) -> None:
        self.show(None, None)

    @property
    def step(self) -> Step | None:
        """The step under the cursor of the ladder."""
        index = self.query_one(Ladder).highlighted
        steps = self.firing.steps if self.firing else ()
        return steps[index] if index is not None and index < len(steps) else None

    @property
    def place(self) -> Location | None:
        """Where to look in the source: the failing line, else the callback."""
        step = self.step
        if step is None:
            return None
        if step.error is not None and step.error.frame is not None:
            return Location(step.error.frame.file, step.error.frame.line)
        return step.defined_at or Location(step.file, step.line)

    @property
    def tab(self) -> str:
        """The name of the open tab."""
        return self.query_one(TabbedContent).active.removeprefix("tab-") or "value"

    @property
    def page(self) -> Page:
        """The page of the open tab."""
        return self.query_one(f"#page-{self.tab}", Page)

    def choose(self, name: str) -> None:
        """Open a tab and keep it while firings of this kind are looked at.

        The value once more shows long texts whole, and then only what differs again.
        """
        self._full = name == "value" and self.tab == "value" and not self._full
        self._chosen = (self.firing.kind if self.firing else None, name)
        self._tell()

    def show(self, firing: Firing | None, documented: CataloguedHook | None) -> None:
        """Show a firing; the cursor goes to its first failed, else first changing step."""
        again = firing is not None and self.firing is not None and firing.id == self.firing.id
        self.firing = firing
        self._documented = documented
        ladder = self.query_one(Ladder)
        kept = ladder.highlighted if again else None
        ladder.clear_options()
        self.border_subtitle = ""
        if firing is None:
            self.border_title = "Firing"
            ladder.add_option(Option("Select a firing to see its steps.", disabled=True))
        else:
            took = milliseconds(firing.duration_ns)
            self.border_title = Content.assemble(
                part(f"#{firing.id} {firing.hook} · {firing.kind} · {took}")
            )
            self.border_subtitle = Content.assemble(part(f"cause {firing.cause}"))
            ladder.add_options([Option(rung) for rung in _rungs(firing.steps)])
            if not firing.steps:
                ladder.add_option(Option("Nobody listens to this hook.", disabled=True))
        if firing is not None and firing.steps:
            ladder.highlighted = _telling(firing) if kept is None else kept
        self._tell()

    @on(OptionList.OptionHighlighted, "#ladder")
    def _tell(self) -> None:
        firing, step = self.firing, self.step
        self._page("args", details.arguments(firing, self._documented) if firing else [])
        self._page("value", details.value(firing, step, self._full) if firing else [])
        self._page("output", details.output(step) if step else [])
        error = step.error if step else None
        self.query_one(ErrorPage).tell(error)
        self._mark("error", "✖" if error else "")
        self._mark("output", "•" if step and (step.output or step.logs) else "")
        if self._chosen and firing and self._chosen[0] != firing.kind:
            self._chosen = None
        name = self._chosen[1] if self._chosen else details.most_telling(firing, step)
        self.query_one(TabbedContent).active = f"tab-{name}"

    @on(TabbedContent.TabActivated)
    def _activated(self, event: TabbedContent.TabActivated) -> None:
        """A tab that was clicked is a choice like one by its key."""
        event.stop()
        name = (event.pane.id or "").removeprefix("tab-")
        expected = self._chosen[1] if self._chosen else details.most_telling(self.firing, self.step)
        if name == self.tab and name != expected:
            self._chosen = (self.firing.kind if self.firing else None, name)

    def _mark(self, name: str, sign: str) -> None:
        """Say in a tab's title that there is something on its page."""
        self.query_one(TabbedContent).get_tab(
            f"tab-{name}"
        ).label = f"{TABS[name].rstrip()} {sign or ' '}"

    def _page(self, name: str, pieces: Iterable[Piece]) -> None:
        self.query_one(f"#page-{name}", Page).show(pieces)


def _telling(firing: Firing) -> int:
    """The index of the step worth a look: the first that failed, else that changed something."""
    failed = [index for index, step in enumerate(firing.steps) if step.outcome != "ok"]
    changing = [index for index, step in enumerate(firing.steps) if step.changes or step.mutated]
    return (failed or changing or [0])[0]


def _rungs(steps: Sequence[Step]) -> list[Content]:
    """The steps with their columns aligned."""
    name = min(max((len(step.callback) for step in steps), default=0), NAME_WIDTH)
    marks = max((len(_marks(step)) for step in steps), default=0)
    return [_rung(step, name, marks) for step in steps]


def _rung(step: Step, name: int, marks: int) -> Content:
    # What may be cut off where room is short comes last.
    did = f"{_marks(step):{marks}} " if marks else ""
    return Content.assemble(
        part(f"{step.priority:>4g} ", "$foreground-muted"),
        part(f"{OUTCOME_GLYPHS[step.outcome]} ", OUTCOME_STYLES[step.outcome]),
        part(did, "$text-warning"),
        part(f"{in_milliseconds(step.duration_ns):>6} ", "$foreground-muted"),
        part(f"{step.callback[:name]:{name}} "),
        part(step.plugin or "host", owner_style(step.plugin)),
    )


def _marks(step: Step) -> str:
    """What a step did to the value, in a few characters."""
    marks = [f"~{len(step.changes)}"] if step.changes else []
    marks += ["*"] if step.mutated else []
    marks += ["None"] if step.returned_none else []
    return " ".join(marks)
