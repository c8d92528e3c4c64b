"""The world as it was when a firing began, or after one of its steps."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from escalated_core.analysis.arguments import names_of
from escalated_core.analysis.moments import Moment
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.box import BoxScreen
from escalated_workbench.tui.widgets.moments import content

KEYS = "↑ ↓ steps · ← → firings · enter goes there · escape closes"
FIRST, LAST = "That is the first moment that is kept.", "That is the last moment there is."


class MomentScreen(BoxScreen[int | None]):
    """Dismissed with the firing that was come to, if that is wanted."""

    HELP = """\
The world as the firing found it: who listened, with `~` what has newer code now, `-` what is gone
and `+` what came since; the value, the rows as they were seen, and how plugins stood. `up` and
`down` go from step to step, on to the next firing at the end; `left` and `right` from firing to
firing. The wheel and `page up`, `page down` scroll."""
    DEFAULT_CSS = """
    MomentScreen > VerticalScroll { width: 110; height: 90%; }
    MomentScreen Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", id="moment.close"),
        Binding("enter", "choose", "Go there", tooltip="Go to this firing", id="moment.choose"),
        Binding("down,j", "step(1)", "Next step", priority=True, id="moment.next-step"),
        Binding("up,k", "step(-1)", "Previous step", priority=True, id="moment.previous-step"),
        Binding(
            "right,right_square_bracket", "firing(1)", "Next firing", priority=True,
            id="moment.next",
        ),
        Binding(
            "left,left_square_bracket", "firing(-1)", "Previous firing", priority=True,
            id="moment.previous",
        ),
    ]  # fmt: skip

    def __init__(self, moment: Moment) -> None:
        super().__init__()
        self.moment = moment

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_subtitle = KEYS
            yield Static(markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._show(self.moment)

    def action_step(self, direction: int) -> None:
        self._go(self.moment.next() if direction > 0 else self.moment.previous(), direction)

    def action_firing(self, direction: int) -> None:
        moment = self.moment
        self._go(moment.next_firing() if direction > 0 else moment.previous_firing(), direction)

    def action_choose(self) -> None:
        self.dismiss(self.moment.firing.id)

    def _go(self, moment: Moment | None, direction: int) -> None:
        if moment is None:
            self.notify(LAST if direction > 0 else FIRST, markup=False)
        else:
            self._show(moment)

    def _show(self, moment: Moment) -> None:
        self.moment = moment
        firing = moment.firing
        box = self.query_one(VerticalScroll)
        steps = len(firing.steps)
        which = f" · step {moment.step + 1} of {steps}" if moment.step is not None else ""
        box.border_title = Content.assemble(part(f"{moment.name}{which}"))
        self.query_one(Static).update(content(moment, names_of(firing.hook, firing.profile)))
        box.scroll_home(animate=False)
