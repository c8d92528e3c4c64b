"""How often an event is to happen, how fast, and whether what it writes is taken back."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Checkbox, Input, Static

from escalated_workbench.tui.screens.save import Option

WRONG = "✖ Times is a whole number from 1 on, per second one above 0."
HINT = "No times but a rate: it goes on until x or escape stops it."
FASTEST = 1e6
"""Times a second."""


class RunLine(Horizontal):
    """Times, times a second, dry."""

    DEFAULT_CSS = """
    RunLine { height: 1; padding: 0 1; background: $panel; }
    RunLine Static { width: auto; padding: 0 1; color: $text-muted; }
    RunLine Input { width: 9; height: 1; border: none; padding: 0 1; background: $boost; }
    RunLine Checkbox { width: auto; background: $panel; margin-left: 2; }
    RunLine Checkbox > .toggle--button, RunLine Checkbox.-on > .toggle--button {
        color: $panel; background: $foreground-muted;
    }
    """

    def __init__(self, times: str, rate: str, dry: bool) -> None:
        super().__init__()
        self._typed = times, rate, dry

    def compose(self) -> ComposeResult:
        times, rate, dry = self._typed
        yield Static("times", markup=False)
        hint = _none(rate)
        yield Input(times, placeholder=hint, id="times", compact=True, select_on_focus=False)
        yield Static("per second", markup=False)
        yield Input(rate, id="rate", compact=True, select_on_focus=False)
        yield Option("dry: take back what it writes  ^l", dry, id="dry", compact=True)

    @property
    def typed(self) -> tuple[str, str, bool]:
        """Times, times a second and dry, as they were typed."""
        times, rate = (self.query_one(name, Input).value for name in ("#times", "#rate"))
        return times, rate, self.query_one(Checkbox).value

    @property
    def values(self) -> tuple[int | None, float | None]:
        """How often (None is until it is stopped), and how often a second; raises `ValueError`."""
        typed = [each.strip() for each in self.typed[:2]]
        rate = float(typed[1]) if typed[1] else None
        times = int(typed[0]) if typed[0] else None if rate else 1
        if (times is not None and times < 1) or (rate is not None and not 0 < rate < FASTEST):
            raise ValueError(WRONG)
        return times, rate

    @on(Input.Changed, "#rate")
    def _rated(self, event: Input.Changed) -> None:
        self.query_one("#times", Input).placeholder = _none(event.value)

    def focus_first(self) -> None:
        self.query_one("#times").focus()

    def toggle_dry(self) -> None:
        self.query_one(Checkbox).toggle()


def _none(rate: str) -> str:
    """What no times means with that rate."""
    return "forever" if rate.strip() else "1"
