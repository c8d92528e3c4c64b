"""The application: opens the workbench behind a screen and closes it at the end."""

# Textual leaves the parameters of App and Screen open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console
from textual import events
from textual.app import App, SystemCommand
from textual.binding import ActiveBinding, Binding, BindingType
from textual.dom import DOMNode
from textual.notifications import SeverityLevel
from textual.screen import Screen

from escalated_core.errors import UsageError, WorkbenchError
from escalated_workbench.tui.colours import legible
from escalated_workbench.tui.loop import busy_first
from escalated_workbench.tui.screens.frame import FrameScreen
from escalated_workbench.tui.streams import own_terminal

if TYPE_CHECKING:
    from escalated_core.trace.trace import Trace
    from escalated_workbench.playback import Playback, Shown

MAIN = "escalated_workbench.tui.screens.main"
"""Whose import takes as long as all that is needed to paint something first."""
LOOK_AGAIN = 0.5
"""Seconds between two looks for a plugins folder that is not there."""
ROOMY = 100, 30
"""Columns and lines from which a notice covers nothing that is read."""
STRAY_SHOWN = 20
"""How often output that belongs to no callback is worth a notice."""
COLLECTIONS = 2_000, 4, 6_000
"""Thresholds of the garbage collector while the interface is open."""
SCROLL_BARS = """
Screen * {
    scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; scrollbar-background: $surface;
    scrollbar-background-hover: $surface; scrollbar-color: $panel-lighten-2;
}
"""


class WorkbenchApp(App[int]):
    """escalated-workbench in the terminal."""

    TITLE = "escalated-workbench"
    DEFAULT_CSS = SCROLL_BARS
    CSS_PATH = Path(__file__).parent / "screens" / "main.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "help", "Help", id="app.help"),
        Binding("ctrl+q", "quit", "Quit", priority=True, id="app.quit"),
        Binding("q", "tell_quit", "How to quit", id="app.tell-quit"),
    ]

    def __init__(
        self, path: str | Playback | None = None, opening: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        self._path = path
        self._opening = opening or {}
        self._stray = 0
        self.wb: Shown | None = None
        self._trace: Trace | None = None

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            if isinstance(self.screen, FrameScreen):
                self.screen.key_at = monotonic()
            if self._notifications and self.has_class("-small"):
                self.clear_notifications()
        await super().on_event(event)

    def on_resize(self, event: events.Resize) -> None:
        """Where room is short, notices are one line, until the next key."""
        width, height = event.size
        self.set_class(width < ROOMY[0] or height < ROOMY[1], "-small")

    def hush(self, seconds: float) -> None:
        """Have plugins that fire one hook after another wait, for so long at most."""
        if self._trace is not None:
            self._trace.hush(seconds)

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        self.theme_variables = {**variables, **legible(variables)}
        return self.theme_variables

    def get_default_screen(self) -> Screen[None]:
        return FrameScreen()

    def on_mount(self) -> None:
        if MAIN in sys.modules:
            self._open()
        else:
            self.call_after_refresh(threading.Thread(target=self._import, daemon=True).start)

    def _import(self) -> None:
        """Import what the main screen needs, while the first painting is looked at."""
        try:
            import_module(MAIN)
        finally:
            # What failed fails there again, and is shown.
            self.call_later(self._open)

    def _open(self) -> None:
        """Open the workbench, or say what is missing and look again."""
        from escalated_workbench.tui.screens.main import MainScreen
        from escalated_workbench.tui.screens.waiting import WaitingScreen

        try:
            self.wb = self._begin()
        except UsageError as missing:
            if not isinstance(self.screen, WaitingScreen):
                self._show(WaitingScreen(missing.message, missing.cure))
            self.set_timer(LOOK_AGAIN, self._open)
            return
        except WorkbenchError as error:
            self.exit(3, message=f"Error: {error}")
            return
        self.wb.watch()
        self._show(MainScreen(self.wb))

    def _show(self, screen: Screen[None]) -> None:
        """Show a screen in the place of those that came before."""
        if len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def _begin(self) -> Shown:
        from escalated_workbench.workbench import Workbench

        if self._path is not None and not isinstance(self._path, str):
            return self._path
        wb = Workbench.begin(self._path, **self._opening, interrupts=False)
        self._trace = wb.trace
        return wb

    def close_workbench(self) -> None:
        """Give everything back; plugin code that runs is stopped."""
        if self.wb is not None:
            self.wb.close()
            self.wb = self._trace = None

    def tell_stray_output(self, text: str) -> None:
        """Say that something was written that belongs to no callback; called on any thread."""
        if self.is_running and self._stray < STRAY_SHOWN:
            from escalated_workbench.wording import safe

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
        from escalated_workbench.tui.screens.text import TextScreen, help_text

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
        from escalated_workbench.playback import Playback
        from escalated_workbench.tui.screens.main import MainScreen

        for each in super().get_system_commands(screen):
            # Help has the keys, and says what each does here.
            if each.title != "Keys":
                yield each
        yield from self._key_commands(screen)
        if not isinstance(screen, MainScreen) or isinstance(screen.wb, Playback):
            return
        if len(screen.wb.whatif):
            words = "Nothing is muted, moved or answered for any more"
            yield SystemCommand("workbench: Clear what-ifs", words, screen.wb.whatif.clear)
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

    def _key_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the keys do that act now; once each, however many keys do it."""
        found: dict[str | None, ActiveBinding] = {}
        for active in screen.active_bindings.values():
            found.setdefault(active.binding.id, active)
        for active in found.values():
            binding = active.binding
            # Those that are not shown only move the cursor.
            if not (binding.id and binding.show and active.enabled):
                continue
            group = binding.id.partition(".")[0]
            if group == "app":
                continue
            name = binding.tooltip or binding.description

            def run(action: str = binding.action, node: DOMNode = active.node) -> None:
                self.call_later(self.run_action, action, node)

            title = f"{'workbench' if group == 'main' else group}: {name}"
            yield SystemCommand(title, f"key {self.get_key_display(binding)}", run)


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


def run_app(path: str | Playback | None, opening: Mapping[str, Any] | None = None) -> int:
    """Open the terminal interface on a folder or a saved session; returns the exit code.

    `opening` is how a workbench is begun, see `Workbench.begin`.
    """
    app = WorkbenchApp(path, opening)
    with own_terminal(app.tell_stray_output), short_collections():
        # Standard error is caught by now: a fault of the interface is told to the terminal itself.
        app.error_console = Console(file=sys.__stderr__, markup=False, highlight=False)
        try:
            with busy_first(app.hush) as runner:
                code = runner.run(app.run_async())
            return code if code is not None else 3 * bool(app.return_code)
        finally:
            app.close_workbench()
