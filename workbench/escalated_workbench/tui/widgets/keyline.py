"""The line of keys at the bottom: always in one order, and never more than fit."""

# Textual leaves the parameter of App open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

SHOWN = (
    "main.fire",
    "main.again",
    "main.toggle",
    "main.hold",
    "main.filter",
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


class KeyLine(Footer):
    """A footer that does not change its order with the focus; how to quit is always there."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)

    def compose(self) -> ComposeResult:
        if not self._bindings_ready:
            return
        active: dict[str, ActiveBinding] = {}
        for each in self.screen.active_bindings.values():
            name = ALIKE.get(each.binding.id or "", each.binding.id)
            if name in SHOWN:
                active[name] = each
        fitting = self._fitting(active)
        for name in SHOWN:
            if name in fitting:
                binding = active[name].binding
                display = self.app.get_key_display(binding)
                yield FooterKey(
                    binding.key,
                    display,
                    binding.description,
                    binding.action,
                    tooltip=binding.tooltip or binding.description,
                ).data_bind(compact=Footer.compact)

    def _fitting(self, active: dict[str, ActiveBinding]) -> set[str]:
        """The bindings there is room for, the most important ones first."""
        room = self.app.size.width
        fitting: set[str] = set()
        for name in dict.fromkeys((*FIRST, *SHOWN)):
            if name in active and len(fitting) < AT_MOST:
                binding = active[name].binding
                width = len(self.app.get_key_display(binding)) + len(binding.description) + 2
                if width <= room:
                    fitting.add(name)
                    room -= width
        return fitting

    def on_resize(self) -> None:
        self.call_after_refresh(self.recompose)
