"""The application: opens the workbench behind a screen and closes it at the end."""

# Textual leaves the parameters of App and Screen open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import gc
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from time import monotonic
from typing import Any, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen

from escalated_core.errors import UsageError, WorkbenchError
from escalated_core.trace.recorder import Profile
from escalated_workbench.playback import Playback, Shown
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.text import TextScreen, help_text
from escalated_workbench.tui.screens.waiting import WaitingScreen
from escalated_workbench.tui.streams import own_terminal
from escalated_workbench.wording import safe
from escalated_workbench.workbench import Workbench

LOOK_AGAIN = 0.5
"""Seconds between two looks for a plugins folder that is not there."""
STRAY_SHOWN = 20
"""How often output that belongs to no callback is worth a notice."""


COLLECTIONS = 5_000, 10, 1_000
"""Thresholds of the garbage collector while the interface is open."""


class WorkbenchApp(App[int]):
    """escalated-workbench in the terminal."""

    TITLE = "escalated-workbench"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "help", "Help", id="app.help"),
        Binding("ctrl+q", "quit", "Quit", priority=True, id="app.quit"),
        Binding("q", "tell_quit", "How to quit", id="app.tell-quit"),
    ]

    def __init__(self, path: str | Playback | None = None, profile: Profile = "guide") -> None:
        super().__init__()
        self._path = path
        self._profile: Profile = profile
        self._stray = 0
        self.wb: Shown | None = None

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and isinstance(self.screen, MainScreen):
            self.screen.key_at = monotonic()
        await super().on_event(event)

    def on_mount(self) -> None:
        self._open()

    def _open(self) -> None:
        """Open the workbench, or say what is missing and look again."""
        try:
            self.wb = self._begin()
        except UsageError as missing:
            if not isinstance(self.screen, WaitingScreen):
                self.push_screen(WaitingScreen(missing.message, missing.cure))
            self.set_timer(LOOK_AGAIN, self._open)
            return
        except WorkbenchError as error:
            self.exit(3, message=f"Error: {error}")
            return
        self.wb.watch()
        main = MainScreen(self.wb)
        if isinstance(self.screen, WaitingScreen):
            self.switch_screen(main)
        else:
            self.push_screen(main)

    def _begin(self) -> Shown:
        if isinstance(self._path, Playback):
            return self._path
        return Workbench.begin(self._path, self._profile, interrupts=False)

    def close_workbench(self) -> None:
        """Give everything back; plugin code that runs is stopped."""
        if self.wb is not None:
            self.wb.close()
            self.wb = None

    def tell_stray_output(self, text: str) -> None:
        """Say that something was written that belongs to no callback; called on any thread."""
        if self.is_running and self._stray < STRAY_SHOWN:
            self._stray += 1
            words = f"Written outside of any callback:\n{safe(text.strip(), 300)}"
            self.call_later(self.notify, words, markup=False)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notice; one that is still shown is not shown once more."""
        if not any(message == shown.message for shown in self._notifications):
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def action_tell_quit(self) -> None:
        self.notify("ctrl+q quits.", markup=False)

    def action_help(self) -> None:
        """Help for the focused pane, with all the keys that work there."""
        focused = self.focused
        panes = [*(focused.ancestors_with_self if focused else ()), self.screen]
        words = next((pane.HELP for pane in panes if pane.HELP), None) or ""
        bindings = [active.binding for active in self.screen.active_bindings.values()]
        named: dict[str, list[Binding]] = {}
        for binding in bindings:
            # Keys without an id are Textual's own: arrows, tab and the like.
            if binding.id and binding.description:
                named.setdefault(binding.tooltip or binding.description, []).append(binding)
        keys = [
            (" ".join(dict.fromkeys(self.get_key_display(key) for key in same)), what)
            for what, same in named.items()
        ]
        self.push_screen(TextScreen("Help", help_text(words, keys)))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        if not isinstance(screen, MainScreen):
            return
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.id and binding.id.startswith("main."):
                name = binding.tooltip or binding.description
                action = binding.action

                def run(action: str = action) -> None:
                    self.call_later(screen.run_action, action)

                yield SystemCommand(f"workbench: {name}", f"key {binding.key}", run)
        for slug, plugin in screen.wb.plugins.items():
            verb = "Deactivate" if plugin.status == "active" else "Activate"
            yield SystemCommand(
                f"plugin: {verb} {slug}",
                plugin.name,
                lambda slug=slug: screen.commands.toggle(slug),
            )
            yield SystemCommand(
                f"plugin: Uninstall {slug}",
                "Run its uninstall hooks and delete its folder",
                lambda slug=slug: screen.uninstall(slug),
            )


@contextmanager
def short_collections() -> Generator[None]:
    """Have the collector leave the recorded firings alone: to go through all takes half a second.

    They hold no cycles; what does, dies young and is found as before.
    """
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def run_app(path: str | Playback | None, profile: Profile = "guide") -> int:
    """Open the terminal interface on a folder or a saved session; returns the exit code."""
    app = WorkbenchApp(path, profile)
    with own_terminal(app.tell_stray_output), short_collections():
        try:
            return app.run() or 0
        finally:
            app.close_workbench()
