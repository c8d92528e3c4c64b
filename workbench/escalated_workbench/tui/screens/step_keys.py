"""The keys of the stepper, and which of them stand at the bottom."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from escalated_core.stepping.commands import Command, Continue, Down, Into, Next, Out, Skip


def _key(key: str, action: str, label: str, tooltip: str, name: str) -> Binding:
    # Before those of the panes: k moves the cursor of a list anywhere else.
    return Binding(key, action, label, priority=True, tooltip=tooltip, id=f"step.{name}")


KEYS: list[BindingType] = [
    _key("n", "go('next')", "Next", "Run this callback, or line", "next"),
    _key("c", "go('continue')", "Continue", "On to the next breakpoint", "continue"),
    _key("k", "go('skip')", "Skip", "Leave this callback out", "skip"),
    _key("i", "edit", "Edit", "Edit the value", "edit"),
    _key("p", "give", "Pin", "Give an answer in its place", "give"),
    _key("s", "go('into')", "Into", "Into its lines", "into"),
    _key("d", "go('down')", "Down", "Into what it fires", "down"),
    _key("o", "go('out')", "Out", "Out of the function, or the chain", "out"),
    _key("u", "back", "Back", "Run again from an earlier step", "back"),
    _key("plus", "move(1)", "Later", "Run it later, this time", "later"),
    _key("minus", "move(-1)", "Earlier", "Run it earlier, this time", "earlier"),
    _key("exclamation_mark", "console", "Console", "Python where it waits", "console"),
    _key("x", "finish", "To the end", "Run to the end, or stop what runs", "finish"),
    _key("B", "breakpoints", "Breakpoints", "All breakpoints", "breakpoints"),
    _key("1", "tab('source')", "Source", "Its source", "source"),
    _key("2", "tab('value')", "Value", "The value, and the last change", "value"),
    _key("3", "tab('args')", "Args", "Arguments it gets", "args"),
    _key("4", "tab('output')", "Output", "Logs and output", "output"),
    _key("5", "tab('error')", "Error", "Why the step failed", "error"),
    _key("tab", "pane(1)", "Pane", "Next pane", "forth"),
    _key("shift+tab", "pane(-1)", "Previous pane", "Previous pane", "back-pane"),
    Binding("escape", "hide", "Hide", tooltip="Hide this; it stays stopped", id="step.hide"),
]
COMMANDS: dict[str, Command] = {
    "next": Next(),
    "continue": Continue(),
    "skip": Skip(),
    "into": Into(),
    "down": Down(),
    "out": Out(),
}
SHOWN = (
    "step.next", "step.into", "step.continue", "step.skip", "step.edit", "step.give",
    "step.down", "step.out", "step.back", "step.console", "step.finish", "step.hide",
    "app.help", "app.quit",
)  # fmt: skip
FIRST = (
    "step.next", "step.into", "step.continue", "step.skip", "step.edit", "step.console", "app.help",
)  # fmt: skip
