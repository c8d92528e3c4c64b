"""The status line: where we are, whether it is live, the last reload, what runs right now."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content
from textual.widgets import Static

from escalated_core.records import Activity, Finding, Reload
from escalated_workbench.tui.look import part
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
        self._shown: Content | None = None

    def tell(
        self,
        where: str,
        profile: str,
        held: bool,
        reload: Reload | None,
        findings: list[Finding],
    ) -> None:
        """Say how things stand; nothing is drawn when nothing changed."""
        errors = sum(finding.severity == "error" for finding in findings)
        pieces = [part("⏸ held", "$text-warning") if held else part("● live", "$text-success")]
        if reload is not None:
            pieces += [part("  "), reload_part(reload)]
        style = "$text-error" if errors else "$text-muted"
        words = f"  {counted(len(findings), 'finding')}, {counted(errors, 'error')}"
        pieces.append(part(words, style))
        pieces.append(part(f"  {where} · help desk · {profile}", "$text-muted"))
        content = Content.assemble(*pieces)
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

    def tell(self, activity: Activity | None) -> None:
        visible = activity is not None and activity.seconds > SHOW_AFTER
        self.display = visible
        if activity is not None and visible:
            who = f" ({activity.plugin})" if activity.plugin else ""
            state = "is stuck:" if activity.stuck else "runs:"
            words = (
                f"⏳ {activity.doing}{who} {state} {activity.seconds:.1f} s. Press x to stop it."
            )
            self.update(Content.assemble(part(words)))


def reload_part(reload: Reload) -> tuple[str, str]:
    """`✔ loaded triage 11 ms +1 -0`: how many registrations came and went."""
    verb = "removed" if reload.trigger == "removed" else "loaded"
    words = f"{reload.plugin} {milliseconds(reload.duration_ns)}"
    if reload.error is not None:
        frame = reload.error.frame
        where = f" {Path(frame.file).name}:{frame.line}" if frame else ""
        return part(f"✖ {words}{where} {reload.error}", "$text-error")
    counts = f"+{len(reload.added)} -{len(reload.removed)}"
    return part(f"✔ {verb} {words} {counts}", "$text-success")
