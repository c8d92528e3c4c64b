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
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from escalated_core.errors import Unwind, WorkbenchError
from escalated_core.records import Activity, Firing, Location
from escalated_workbench.tui.streams import terminal_descriptors

if TYPE_CHECKING:
    from textual.screen import Screen

    from escalated_workbench.playback import Shown
    from escalated_workbench.tui.screens.fire import Shot


Around = Callable[[Callable[[], None]], Callable[[], None]]


class Commands:
    """Runs the workbench's methods on daemon threads and tells the screen what went wrong."""

    def __init__(self, screen: Screen[Any], wb: Shown) -> None:
        self._screen = screen
        self._wb = wb
        self._asked: dict[object, tuple[str, float]] = {}

    def fire(
        self, shot: Shot, then: Callable[[Firing], None], around: Around = lambda work: work
    ) -> None:
        """Fire a hook; `then` is called on the event loop with what happened.

        `around` makes of the work what is done in its place.
        """

        def work() -> None:
            firing = self._wb.fire(shot.hook, *shot.args, kind=shot.kind)
            self._screen.call_later(then, firing)

        self.do(around(work), shot.hook)

    def again(
        self, firing: Firing, then: Callable[[Firing], None], around: Around = lambda work: work
    ) -> None:
        """Fire what was recorded once more; `then` and `around` as for `fire`."""

        def work() -> None:
            self._screen.call_later(then, self._wb.again(firing))

        self.do(around(work), firing.hook)

    def toggle(self, slug: str) -> None:
        active = self._wb.plugins[slug].status == "active"

        def work() -> None:
            if active:
                self._wb.deactivate(slug)
            else:
                self._wb.activate(slug)
            self._tell(f"{slug} is {'deactivated' if active else 'active'}.")

        self.do(work, f"{'deactivating' if active else 'activating'} {slug}")

    def reload(self, slug: str) -> None:
        def work() -> None:
            reload = self._wb.reload(slug)
            self._tell(f"{slug} is loaded again, generation {reload.generation}.")

        self.do(work, f"loading {slug}")

    def uninstall(self, slug: str) -> None:
        def work() -> None:
            self._wb.uninstall(slug)
            self._tell(f"{slug} is uninstalled.")

        self.do(work, f"uninstalling {slug}")

    def stop(self) -> None:
        self.do(self._stop)

    def waiting(self, activity: Activity | None) -> list[str]:
        """What was asked for from here and has not begun: the running code is still busy."""
        if activity is None:
            return []
        asked = list(self._asked.values())
        # What was asked for first is what runs, unless that ran before it was asked for.
        running = bool(asked) and monotonic() - activity.seconds >= asked[0][1]
        return [name for name, _ in asked[running:]]

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
            self._tell("Nothing is running.")

    def _tell(self, words: str) -> None:
        self._screen.call_later(self._screen.notify, words, markup=False)

    def do(self, work: Callable[[], object], name: str = "") -> None:
        """Do something on a thread of its own; with a name it is listed while it waits."""
        job = object()
        if name:
            self._asked[job] = name, monotonic()

        def run() -> None:
            try:
                self._guarded(work)
            finally:
                self._asked.pop(job, None)

        threading.Thread(target=run, daemon=True).start()

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
