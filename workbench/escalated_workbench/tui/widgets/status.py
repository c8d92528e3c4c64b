"""The status line: where we are, whether it is live, the last reload, what runs right now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from textual.content import Content
from textual.widgets import Static

from escalated_core.records import Activity, Reload
from escalated_workbench.playback import Playback, Shown
from escalated_workbench.tui.look import SEVERITY_STYLES, part
from escalated_workbench.wording import counted, milliseconds

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
        told_of = [part(f"◌ {counted(whatifs, 'what-if')}", "$text-warning")] if whatifs else []
        self._pieces = [state, *told_of, *([reload_part(*told(reloads)[-1])] if reloads else [])]
        self._pieces += [part(said, SEVERITY_STYLES[worst])]
        self._pieces += [part(f"{where} · help desk · {wb.profile}", "$foreground-muted")]
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        """Show what fits; what does not fit is cut with a sign."""
        pieces = [part("  ") if index % 2 else each for each in self._pieces for index in (0, 1)]
        content = Content.assemble(*pieces[:-1])
        content = content.truncate(self.content_size.width or content.cell_length, ellipsis=True)
        if content != self._shown:
            self._shown = content
            self.update(content)


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
    """Each reload with the word for what it did: loaded, deactivated or removed."""
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
