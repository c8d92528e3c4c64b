"""The line of keys at the bottom: always in one order, and never more than fit."""

# Textual leaves the parameter of App open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from escalated_workbench.tui.look import part

SHOWN = (
    "main.fire",
    "main.event",
    "main.again",
    "main.toggle",
    "main.hold",
    "main.filter",
    "main.hide",
    "main.timing",
    "main.forth",
    "main.edit",
    "app.help",
    "app.quit",
)
"""Ids of the bindings, in the order they are shown."""
ALIKE = {"output.filter": "main.filter"}
"""Bindings of a pane that stand in the place of those of the screen."""
FIRST = ("app.quit", "main.fire", "app.help", "main.filter", "main.again", "main.toggle")
"""Ids of the bindings that are kept as long as possible where there is little room."""
AT_MOST = 7


class Key(Static):
    """A key with what it does; a click presses it."""

    def __init__(self, binding: Binding, display: str) -> None:
        self.shown = f"{display} {binding.description}"
        super().__init__(
            Content.assemble(
                part(display, "bold $footer-key-foreground"), part(f" {binding.description}")
            )
        )
        self.tooltip = binding.tooltip or binding.description
        self._key = binding.key

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.app.simulate_key(self._key)


class KeyLine(Horizontal):
    """Keys that do not change their order with the focus; the most important ones stay longest."""

    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; background: $footer-background; }
    KeyLine Key { width: auto; height: 1; padding: 0 2 0 0; }
    KeyLine Key:hover { background: $block-cursor-blurred-background; }
    """

    def __init__(self, shown: Sequence[str] = SHOWN, first: Sequence[str] = FIRST) -> None:
        super().__init__()
        self._shown, self._first = shown, first
        self._keys: list[tuple[Binding, str]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self._changed()

    def on_resize(self) -> None:
        self._changed()

    def _changed(self, _: object = None) -> None:
        self.call_after_refresh(self._look)

    def compose(self) -> ComposeResult:
        for binding, display in self._keys:
            yield Key(binding, display)

    async def _look(self) -> None:
        """Show the keys that act now, if they are others than before."""
        if not self.is_attached:
            return
        active: dict[str, Binding] = {}
        for each in self.screen.active_bindings.values():
            name = ALIKE.get(each.binding.id or "", each.binding.id) or ""
            if name in self._shown and each.enabled:
                active[name] = each.binding
        displays = {
            name: binding.key_display or self.app.get_key_display(binding)
            for name, binding in active.items()
        }
        fitting = self._fitting(active, displays)
        keys = [(active[name], displays[name]) for name in self._shown if name in fitting]
        if keys != self._keys:
            self._keys = keys
            await self.recompose()

    def _fitting(self, active: Mapping[str, Binding], displays: Mapping[str, str]) -> set[str]:
        """The bindings there is room for, the most important ones first."""
        room = self.app.size.width
        fitting: set[str] = set()
        for name in dict.fromkeys((*self._first, *self._shown)):
            if name in active and len(fitting) < AT_MOST:
                width = len(displays[name]) + len(active[name].description) + 3
                if width <= room + 2:
                    fitting.add(name)
                    room -= width
        return fitting
