"""The tabs of the inspector: which one is open, and what each is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import on
from textual.widgets import TabbedContent, TabPane

from escalated_core.records import Firing, FiringKind, Step
from escalated_core.snapshots.paths import Path
from escalated_workbench.tui.background import shown_by
from escalated_workbench.tui.widgets import details, happened, values
from escalated_workbench.tui.widgets.errors import ErrorPage
from escalated_workbench.tui.widgets.outputs import OutputPage, swallowed
from escalated_workbench.tui.widgets.pages import Page, ValuePage
from escalated_workbench.tui.widgets.times import TimePage

TITLES = {"value": "Value", "args": "Args", "error": "Error  ", "time": "Time", "output": "Output"}
"""Titles, with room for a sign: a tab that grows would be underlined where it was before.
The last may grow, as there is none after it."""
PAGES = {"value": ValuePage, "error": ErrorPage, "output": OutputPage, "time": TimePage}


def panes() -> Iterator[TabPane]:
    """The content of `Tabs`."""
    for name, title in TITLES.items():
        yield TabPane(title, PAGES.get(name, Page)(id=f"page-{name}"), id=f"tab-{name}")


class Tabs(TabbedContent):
    """Tells about one step, or about the whole firing; the most telling tab opens by itself."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.pinned: Path | None = None
        """The only path whose value is shown."""
        self._firing: Firing | None = None
        self._index: int | None = None
        self._full = False
        self._chosen: tuple[FiringKind | None, str] | None = None
        """The tab somebody chose, and the kind of the firing they looked at."""

    @property
    def tab(self) -> str:
        """The name of the open tab."""
        return self.active.removeprefix("tab-") or "value"

    @property
    def page(self) -> Page:
        """The page of the open tab."""
        return self.query_one(f"#page-{self.tab}", Page)

    @property
    def path(self) -> Path | None:
        """The path under the cursor of the Value tab, else the pinned one."""
        path = self.query_one(ValuePage).path if self.tab == "value" else None
        return path if path is not None else self.pinned

    def choose(self, name: str) -> None:
        """Open a tab and keep it while firings of this kind are looked at.

        The value once more shows long texts whole, and then only what differs again.
        """
        self._full = name == "value" and self.tab == "value" and not self._full
        self._chosen = (self._firing.kind if self._firing else None, name)

    def tell(self, firing: Firing | None, index: int | None, names: Sequence[str]) -> None:
        """Tell about the step with this index, or about the whole; `names` are the arguments'."""
        self._firing, self._index = firing, index
        steps = () if firing is None else firing.steps if index is None else (firing.steps[index],)
        arguments = details.arguments(firing, names) if firing else []
        self.query_one("#page-args", Page).show(arguments)
        self.query_one(ValuePage).tell(self._value(firing, index, names))
        self.query_one(OutputPage).tell(firing, steps)
        self.query_one(ErrorPage).tell(firing, index, names)
        self.query_one(TimePage).tell(firing, index)
        self._mark_all(steps)
        if self._chosen and firing and self._chosen[0] != firing.kind:
            self._chosen = None
        self.active = f"tab-{self._expected()}"

    def _value(
        self, firing: Firing | None, index: int | None, names: Sequence[str]
    ) -> list[values.Line]:
        if firing is None:
            return []
        if self.pinned is not None:
            return values.of_path(firing, index, self.pinned)
        if firing.kind == "event":
            return happened.lines(firing, happened.caused_by(shown_by(self).trace, firing))
        if index is None:
            return values.of_firing(firing, names, self._full)
        return values.of_step(firing, firing.steps[index], names, self._full)

    def _expected(self) -> str:
        """The tab that somebody chose, else the most telling one."""
        if self._chosen:
            return self._chosen[1]
        if self.pinned is not None:
            return "value"
        index = self._index
        step = self._firing.steps[index] if self._firing and index is not None else None
        return details.most_telling(self._firing, step)

    @on(TabbedContent.TabActivated)
    def _activated(self, event: TabbedContent.TabActivated) -> None:
        """A tab that was clicked is a choice like one by its key."""
        event.stop()
        name = (event.pane.id or "").removeprefix("tab-")
        if name == self.tab and name != self._expected():
            self._chosen = (self._firing.kind if self._firing else None, name)
        if name == "time":
            self.query_one(TimePage).look()

    def _mark_all(self, steps: Sequence[Step]) -> None:
        """Say in the titles of tabs that there is something on their pages."""
        says = any(each.output or each.logs or each.effects for each in steps)
        logged = any(swallowed(each) for each in steps)
        self._mark("error", "✖" if any(each.error for each in steps) else "")
        self._mark("output", "✖ logged" if logged else "•" if says else "")

    def _mark(self, name: str, sign: str) -> None:
        self.get_tab(f"tab-{name}").label = f"{TITLES[name].rstrip()} {sign or ' '}"
