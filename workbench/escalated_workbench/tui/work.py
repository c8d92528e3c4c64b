"""Commands to the workbench, off the event loop: nothing a plugin does can hold up a key."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import os
import shlex
import subprocess
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from escalated_core.errors import Unwind, WorkbenchError
from escalated_core.records import Kind, Location
from escalated_workbench.tui.streams import terminal_descriptors

if TYPE_CHECKING:
    from textual.screen import Screen

    from escalated_workbench.workbench import Workbench


class Commands:
    """Runs the workbench's methods on daemon threads and tells the screen what went wrong."""

    def __init__(self, screen: Screen[Any], wb: Workbench) -> None:
        self._screen = screen
        self._wb = wb

    def fire(self, hook: str, args: tuple[Any, ...], kind: Kind) -> None:
        self._do(lambda: self._wb.fire(hook, *args, kind=kind))

    def toggle(self, slug: str) -> None:
        active = self._wb.plugins[slug].status == "active"
        self._do(lambda: self._wb.deactivate(slug) if active else self._wb.activate(slug))

    def reload(self, slug: str) -> None:
        self._do(lambda: self._wb.reload(slug))

    def uninstall(self, slug: str) -> None:
        self._do(lambda: self._wb.uninstall(slug))

    def stop(self) -> None:
        self._do(self._stop)

    def edit(self, place: Location) -> None:
        """Open a line in `$VISUAL` or `$EDITOR`, with the terminal handed over meanwhile."""
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not editor:
            self._complain("Set $EDITOR to open files from here.")
            return
        try:
            with self._screen.app.suspend():
                out, err = terminal_descriptors()
                command = editor_command(editor, place)
                subprocess.run(command, stdout=out, stderr=err, check=False)
        except SuspendNotSupported:
            self._complain("This terminal cannot be handed over to an editor.")
        except (OSError, ValueError) as error:
            self._complain(f"{editor} could not be started: {error}")

    def _stop(self) -> None:
        if not self._wb.interrupt():
            self._screen.call_later(self._screen.notify, "Nothing is running.", markup=False)

    def _do(self, work: Callable[[], object]) -> None:
        threading.Thread(target=self._guarded, args=(work,), daemon=True).start()

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except (WorkbenchError, Unwind) as error:
            self._screen.call_later(self._complain, str(error))
        except Exception:  # noqa: BLE001 - a fault of ours must be seen, and end nothing
            words = f"The workbench failed:\n{traceback.format_exc(limit=-3)}"
            self._screen.call_later(self._complain, words)

    def _complain(self, words: str) -> None:
        self._screen.notify(words, severity="error", markup=False)


def editor_command(editor: str, place: Location) -> list[str]:
    """How an editor is told the line: `-g file:line` for the VS Code family, `+line` for others."""
    words = shlex.split(editor)
    name = os.path.basename(words[0])  # noqa: PTH119 - of a command, not of a path
    if name.removesuffix("-insiders") in ("code", "codium", "cursor", "subl", "zed"):
        goto = ["-g"] if name.startswith(("code", "codium", "cursor")) else []
        return [*words, *goto, f"{place.file}:{place.line}"]
    return [*words, f"+{place.line}", place.file]
