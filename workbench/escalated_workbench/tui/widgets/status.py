"""The status line: where we are, whether it is live, the last reload, what runs right now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from escalated_core.records import Activity, Reload, ReplayProgress, SaveVerdict
from escalated_workbench.playback import Playback, Shown
from escalated_workbench.tui.look import SEVERITY_STYLES, part
from escalated_workbench.tui.widgets.verdicts import running, told_of, was_run
from escalated_workbench.wording import counted, milliseconds

if TYPE_CHECKING:
    from escalated_core.host.replays import Replays

SPACE = "  "
SHOW_AFTER = 0.5
"""Seconds after which running plugin code is worth a word."""


class StatusLine(Static):
    """One line on top."""

    DEFAULT_CSS = """
    StatusLine {
        height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, markup=False)
        self._pieces: list[tuple[str, str]] = []
        self._good_load: tuple[str, str] | None = None
        self._loaded_at = 0.0
        self._leading = 0, 0
        """The columns between which a click leads further."""
        self._verdict: SaveVerdict | None = None
        self._progress: ReplayProgress | None = None
        self._shown: Content | None = None

    def tell(self, wb: Shown, held: bool, stopped: tuple[str, int] | None) -> None:
        """Say how things stand; nothing is drawn when nothing changed.

        `stopped` is the hook that is stopped, and how much waits behind it.
        """
        reloads, findings = wb.reloads, wb.findings
        if isinstance(wb, Playback):
            state = part(f"session {wb.trace.path.name}", "$text-accent")
        elif stopped is not None:
            hook, behind = stopped
            waits = f", {behind} {'waits' if behind == 1 else 'wait'}" if behind else ""
            state = part(f"⏸ stopped in {hook}{waits} (s)", "bold $text-warning")
        elif held:
            state = part("⏸ held", "$text-warning")
        else:
            state = part("● live", "$text-success")
        found = Counter(finding.severity for finding in findings)
        where = "/".join(wb.root.parts[-2:])
        worst = next((each for each in SEVERITY_STYLES if found[each]), "info")
        counts = [counted(found[each], each) for each in ("error", "warning") if found[each]]
        counts += [f"{found['info']} to know"] if found["info"] else []
        said = ", ".join(counts) or "no findings"
        whatifs = 0 if isinstance(wb, Playback) else len(wb.whatif)
        noted = [part(f"◌ {counted(whatifs, 'what-if')}", "$text-warning")] if whatifs else []
        loads = [reload_part(*told(reloads)[-1])] if reloads else []
        self._loaded_at = reloads[-1].at if reloads else 0.0
        self._good_load = loads[0] if loads and reloads[-1].ok else None
        self._pieces = [state, *noted, *loads]
        self._pieces += [part(said, SEVERITY_STYLES[worst])]
        self._pieces += [part(f"{where} · help desk · {wb.profile}", "$foreground-muted")]
        self._draw()

    def tell_replays(self, replays: Replays) -> None:
        """Say what the last save changed, or how far that is known; cheap where that is known."""
        verdict, progress = replays.last, replays.progress
        if verdict is not self._verdict or progress != self._progress:
            self._verdict, self._progress = verdict, progress
            self._draw()

    async def on_click(self, event: events.Click) -> None:
        """What the save changed leads to all there is to know of it."""
        first, last = self._leading
        if first <= event.get_content_offset_capture(self).x < last:
            await self.run_action("screen.verdict")

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        """Show what fits; what does not fit is cut with a sign."""
        pieces, self._leading = [*self._pieces], (0, 0)
        replayed = self._replayed()
        if replayed is not None:
            before, after = pieces[:-2], pieces[-2:]
            if _width([*before, replayed, after[0]]) > self.content_size.width:
                # What a good load changed says more than that there was one.
                before = [each for each in before if each is not self._good_load]
            pieces = [*before, replayed, *after]
            self._leading = _width(before), _width([*before, replayed])
        spaced = [part(SPACE) if index % 2 else each for each in pieces for index in (0, 1)]
        content = Content.assemble(*spaced[:-1])
        content = content.truncate(self.content_size.width or content.cell_length, ellipsis=True)
        if content != self._shown:
            self._shown = content
            self.update(content)

    def _replayed(self) -> tuple[str, str] | None:
        """What is worth a word: not what was before the last load, nor that nothing was run."""
        verdict = self._verdict
        if self._progress is not None:
            return running(self._progress)
        if verdict is not None and verdict.at >= self._loaded_at and was_run(verdict):
            return told_of(verdict)
        return None


def _width(pieces: Iterable[tuple[str, str]]) -> int:
    """Columns of pieces, each with the space after it."""
    return sum(cell_len(words) + len(SPACE) for words, _ in pieces)


class ActivityLine(Static):
    """Shown while plugin code runs for longer than a moment, with the way to stop it."""

    DEFAULT_CSS = """
    ActivityLine {
        height: 1; padding: 0 1; display: none; background: $warning-muted; color: $text-warning;
    }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, markup=False)

    def tell(self, activity: Activity | None, waiting: Sequence[str] = ()) -> None:
        """Show what runs, and what else was asked for that waits for its end."""
        visible = activity is not None and activity.seconds > SHOW_AFTER
        self.display = visible
        if activity is not None and visible:
            who = f" ({activity.plugin})" if activity.plugin else ""
            state = "is stuck:" if activity.stuck else "runs:"
            more = f" {', '.join(waiting)} {'waits' if len(waiting) == 1 else 'wait'}."
            words = (
                f"⏳ {activity.doing}{who} {state} {activity.seconds:.1f} s. Press x to stop it."
            )
            content = Content.assemble(part(words + (more if waiting else "")))
            # One line whatever it says: nothing else has to move.
            self.update(content, layout=False)


def told(reloads: Iterable[Reload]) -> list[tuple[Reload, str]]:
    """Each reload with the word for what it did: loaded, deactivated, removed ..."""
    generations: dict[str, int] = {}
    words: list[tuple[Reload, str]] = []
    for reload in reloads:
        if reload.trigger == "removed":
            word = "removed"
            generations.pop(reload.plugin, None)
        else:
            # Whatever is loaded begins a generation; the one that ends has its number.
            ended = reload.ok and reload.generation <= generations.get(reload.plugin, 0)
            word = "deactivated" if ended else "loaded"
            word = "went back in" if reload.trigger == "undo" else word
            generations[reload.plugin] = reload.generation
        words.append((reload, word))
    return words


def reload_part(reload: Reload, word: str = "loaded") -> tuple[str, str]:
    """`✔ loaded triage 11 ms +1 -0`: how many registrations came and went."""
    words = f"{reload.plugin} {milliseconds(reload.duration_ns)}"
    if reload.error is not None:
        frame = reload.error.frame
        where = f" {Path(frame.file).name}:{frame.line}" if frame else ""
        return part(f"✖ {words}{where} {reload.error}", "$text-error")
    if reload.added or reload.removed:
        counts = f" +{len(reload.added)} -{len(reload.removed)}"
    else:
        counts = " code changed" if reload.trigger == "save" and reload.generation > 1 else ""
    return part(f"✔ {word} {words}{counts}", "$text-success")
