"""Ask for a file, then write or read it on a thread of its own; saving a session is one use."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Static

from escalated_core.errors import WorkbenchError
from escalated_workbench.playback import Shown
from escalated_workbench.saving import (
    Tell,
    is_of_plugins,
    report_name,
    save_report,
    save_session,
    save_story,
    session_name,
    story_name,
    target,
)
from escalated_workbench.tui.background import Background
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.box import BoxScreen
from escalated_workbench.wording import counted, here
from escalated_workbench.workbench import Workbench

Work = Callable[[Path, Tell], str]
"""Does something with a file, telling how far it is; returns the words for what was done."""
FRAMES = 10
"""Times a second that the progress is drawn."""


class Option(Checkbox):
    """A choice whose mark goes when it is off, so that it reads without colour."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        # Textual draws the mark of one that is off, too, in a darker colour.
        self.BUTTON_INNER = "X" if self.value else " "  # pyright: ignore[reportConstantRedefinition]
        super().watch_value()
        self.refresh()


class FileScreen(BoxScreen[Path | None]):
    """Asks for the name of a file and gives it to `work`; dismissed with the file once done.

    With `reads` the file is there already; else one that is there is only overwritten when
    `enter` is pressed once more, see `doubt`.
    """

    HELP = """\
Type the name of a file; without a folder it is in the one the workbench was started in. `enter`
begins, and has to be pressed once more where a file would be overwritten. `escape` stops what has
begun, and closes."""

    DEFAULT_CSS = """
    FileScreen > VerticalScroll { width: 76; max-height: 100%; }
    FileScreen Static { height: auto; }
    FileScreen Input { margin: 1 0; background: $boost; }
    FileScreen Checkbox { background: $surface; }
    FileScreen Checkbox > .toggle--button, FileScreen Checkbox.-on > .toggle--button {
        color: $surface; background: $foreground-muted;
    }
    FileScreen #said { margin-top: 1; min-height: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="file.close"),
    ]

    def __init__(
        self, title: str, words: Content, name: str, work: Work, reads: bool = False
    ) -> None:
        super().__init__()
        self._title, self._words, self._name, self._work = title, words, name, work
        self._reads = reads
        self._doubt = ""
        """What was said last; `enter` pressed once more overrules it."""
        self._stopping = False
        self._background = Background(self, self._ended)

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False) as box:
            box.border_title = self._title
            box.border_subtitle = f"enter {'opens' if self._reads else 'writes'} · escape closes"
            yield Static(self._words, markup=False)
            yield Input(self._name, id="name", compact=True, select_on_focus=False)
            yield from self.options()
            yield Static(id="said", markup=False)

    def options(self) -> Iterable[Widget]:
        """What else there is to choose."""
        return ()

    def files(self, path: Path) -> list[Path]:
        """Every file that would be written."""
        return [path]

    def doubt(self, path: Path) -> str:
        """Why it is not written before `enter` is pressed once more; empty if it may be."""
        there = [] if self._reads else [each for each in self.files(path) if each.exists()]
        if not there:
            return ""
        verb = "exists" if len(there) == 1 else "exist"
        return f"{' and '.join(map(here, there))} {verb}. Press enter once more to overwrite."

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.set_interval(1 / FRAMES, self._progress)

    def say(self, words: str, style: str = "") -> None:
        """Say something below the name of the file."""
        self.query_one("#said", Static).update(Content.assemble(part(words, style)))

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _changed(self) -> None:
        self._doubt = ""
        if self._background.done is None:
            self.say("")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if self._background.done is not None:
            return
        try:
            path = target(event.value)
            doubt = self.doubt(path)
        except (WorkbenchError, OSError) as error:
            self.say(f"✖ {error}", "$text-error")
            return
        if doubt and doubt != self._doubt:
            self._doubt = doubt
            self.say(f"! {doubt}", "$text-warning")
            return
        self._begin(path)

    def _begin(self, path: Path) -> None:
        def work(tell: Tell) -> Callable[[], None]:
            words = self._work(path, tell)

            def finished() -> None:
                if words:
                    self.app.notify(words, markup=False)
                self.dismiss(path)

            return finished

        self._stopping = False
        self._background.do(work)

    def _progress(self) -> None:
        if self._background.done is not None:
            done, total = self._background.done
            words = f"… {done:,} of {counted(total, 'firing')}. Escape stops it."
            self.say("Stopping…" if self._stopping else words)

    def _ended(self, error: str | None) -> None:
        if error is None:
            self.say("Stopped. Nothing was written.", "$text-warning")
        else:
            self.say(f"✖ {error}", "$text-error")

    def action_close(self) -> None:
        if self._background.done is None:
            super().action_close()
        else:
            self._stopping = True
            self._background.cancel()


class SaveScreen(FileScreen):
    """Saves the session, and a report of it beside it if that is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "option('gz')", "Compress it", id="save.gz"),
        Binding("ctrl+t", "option('report')", "A report, too", id="save.report"),
    ]

    def __init__(self, wb: Shown) -> None:
        name = session_name(datetime.now().astimezone())
        super().__init__("Save the session", _what_is_saved(wb), name, self._save)
        self._wb = wb
        self._reports = False

    def options(self) -> Iterable[Widget]:
        yield Option("Compress it (.gz)  ^g", id="gz", compact=True)
        yield Option("Write a report for browsers beside it (.html)  ^t", id="report", compact=True)

    def files(self, path: Path) -> list[Path]:
        return [path, report_name(path)] if self._reports else [path]

    @on(Checkbox.Changed, "#gz")
    def _compress(self, event: Checkbox.Changed) -> None:
        name = self.query_one(Input)
        bare = name.value.removesuffix(".gz")
        name.value = f"{bare}.gz" if event.value else bare

    @on(Checkbox.Changed, "#report")
    def _report(self, event: Checkbox.Changed) -> None:
        self._reports = event.value

    @on(Input.Changed)
    def _named(self, event: Input.Changed) -> None:
        self.query_one("#gz", Checkbox).value = event.value.endswith(".gz")

    def action_option(self, name: str) -> None:
        self.query_one(f"#{name}", Checkbox).toggle()

    def _save(self, path: Path, tell: Tell) -> str:
        files = self.files(path)
        count = save_session(self._wb, path, tell)
        for page in files[1:]:
            save_report(path, page)
        names = " and ".join(f"{here(each)} ({_size(each)})" for each in files)
        return f"Saved {counted(count, 'firing')}: {names}."


class StoryScreen(FileScreen):
    """Saves the events so far as a story, and says how to run it."""

    def __init__(self, wb: Workbench) -> None:
        name = story_name(datetime.now().astimezone())
        super().__init__("Save what happened as a story", _what_is_told(), name, self._save)
        self._wb = wb

    def doubt(self, path: Path) -> str:
        words = super().doubt(path)
        if words or not is_of_plugins(self._wb, path):
            return words
        return f"{here(path)} is in the plugins folder. Press enter once more to write it there."

    def _save(self, path: Path, tell: Tell) -> str:
        del tell
        return f"Saved a story. To run it: {save_story(self._wb, path)}"


def _what_is_told() -> Content:
    words = "The events so far, as a file that makes them happen again. e makes one happen.\n"
    secrets = "Secrets are not masked in it: it is to do the same."
    return Content.assemble(part(words), part(secrets, "$text-warning"))


def _what_is_saved(wb: Shown) -> Content:
    count, dropped = len(wb.trace), wb.trace.dropped
    kept = f"{counted(count, 'firing')}, with the loads and the findings.\n"
    pieces = [part(kept if count else "Nothing has fired yet: only the loads and the findings.\n")]
    if dropped:
        verb = "was" if dropped == 1 else "were"
        words = f"{counted(dropped, 'firing')} {verb} dropped as the trace was full.\n"
        pieces.append(part(words, "$text-warning"))
    masked = "Secrets are masked: what is called password, token or the like, and what looks so."
    return Content.assemble(*pieces, part(masked, "$foreground-muted"))


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{max(size / 1e3, 0.1):,.1f} kB"
