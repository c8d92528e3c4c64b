"""The tabs of the stepper: source, value, arguments, output and errors at one row of the chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from textual import on
from textual.content import Content
from textual.widgets import TabbedContent, TabPane

from escalated_core.analysis.arguments import names_of
from escalated_core.records import Callback, Location, Step
from escalated_core.stepping.stops import Stop
from escalated_workbench.tui.look import part
from escalated_workbench.tui.widgets import details, values
from escalated_workbench.tui.widgets.errors import ErrorPage
from escalated_workbench.tui.widgets.outputs import OutputPage
from escalated_workbench.tui.widgets.pages import Page, ValuePage
from escalated_workbench.tui.widgets.source import SourceView, definition
from escalated_workbench.tui.widgets.values import Line, said

TITLES = {
    "source": "Source",
    "value": "Value",
    "args": "Args",
    "output": "Output",
    "error": "Error",
}
PAGES = {"value": ValuePage, "output": OutputPage, "error": ErrorPage}


class ToldTabs(TabbedContent):
    """Tells what is known at one row; a tab that somebody has chosen stays open."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, initial="tab-value")
        self._chosen = ""
        self._expected = "value"

    def compose_tabs(self) -> Iterator[TabPane]:
        """The panes, to be yielded inside of it."""
        for name, title in TITLES.items():
            page = SourceView() if name == "source" else PAGES.get(name, Page)(id=f"told-{name}")
            yield TabPane(title, page, id=f"tab-{name}")

    @property
    def tab(self) -> str:
        """The name of the open tab."""
        return self.active.removeprefix("tab-") or "value"

    def choose(self, name: str) -> None:
        """Open a tab and keep it open."""
        self._chosen = name
        self.active = f"tab-{name}"

    def expect(self, name: str) -> None:
        """Open a tab unless somebody has chosen another one."""
        self._expected = name
        self.active = f"tab-{self._chosen or name}"

    def tell(self, stop: Stop, index: int) -> None:
        """Tell about a row of the chain: a step as it was recorded, else how things stand now."""
        firing = stop.firing
        names = names_of(firing.hook, firing.profile)
        is_past = index < len(firing.steps)
        shown = index if is_past else len(firing.steps) - 1 if firing.steps else None
        steps = (firing.steps[shown],) if shown is not None else ()
        now = firing if is_past else replace(firing, args=stop.args, kwargs=stop.kwargs)
        self.query_one("#told-args", Page).show(details.arguments(now, names))
        self.query_one(ValuePage).tell(_value(stop, index))
        self.query_one(OutputPage).tell(firing, steps)
        self.query_one(ErrorPage).tell(firing, shown, names)
        self.border_title = Content.assemble(part(_title(stop, index)))
        self._mark("output", any(each.output or each.logs or each.effects for each in steps))
        self._mark("error", any(each.error for each in steps))

    def _mark(self, name: str, has_something: bool) -> None:
        sign = {"error": " ✖", "output": " •"}[name] if has_something else ""
        self.get_tab(f"tab-{name}").label = f"{TITLES[name]}{sign}"

    @on(TabbedContent.TabActivated)
    def _activated(self, event: TabbedContent.TabActivated) -> None:
        """A tab that was clicked is a choice like one by its key."""
        event.stop()
        name = (event.pane.id or "").removeprefix("tab-")
        if name == self.tab and name != (self._chosen or self._expected):
            self._chosen = name


def _name(step: Step) -> str:
    by_hand = step.note not in ("", step.callback)
    return f"{step.callback}, {step.note}" if by_hand else step.callback


def _title(stop: Stop, index: int) -> str:
    steps = stop.firing.steps
    return f"Step {index + 1}, as recorded" if index < len(steps) else "Now"


def _value(stop: Stop, index: int) -> list[Line]:
    """What a step did; at other rows what the last one did, and the value that comes next."""
    firing = stop.firing
    names = names_of(firing.hook, firing.profile)
    if index < len(firing.steps):
        return values.of_step(firing, firing.steps[index], names, full=False)
    last = firing.steps[-1] if firing.steps else None
    head = [said(f"the last step: {_name(last)}")] if last is not None else []
    if last is not None:
        head += values.done_by(firing, last, names)
    if firing.kind != "filter":
        return head or [said("An action passes no value on; the Args tab has its arguments.")]
    return [*head, said("the value so far", "bold $text-accent"), *values.value_lines(stop.value)]


def place_of(stop: Stop, index: int) -> Location | None:
    """The line of the source that belongs to a row of the chain."""
    firing = stop.firing
    listed: list[Step | Callback] = [*firing.steps]
    listed += [stop.doing] if stop.doing is not None else []
    listed += stop.coming
    if stop.line is not None and index == len(firing.steps):
        return Location(stop.line.file, stop.line.line)
    if index >= len(listed):
        return None
    each = listed[index]
    if isinstance(each, Step) and each.error is not None and each.error.frame is not None:
        return Location(each.error.frame.file, each.error.frame.line)
    return definition(each.defined_at or Location(each.file, each.line))
