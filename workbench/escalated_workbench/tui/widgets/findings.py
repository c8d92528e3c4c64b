"""The findings: what is wrong or doubtful about the plugins, worst first."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from escalated_core.records import Finding
from escalated_workbench.tui.look import SEVERITY_STYLES, part
from escalated_workbench.wording import SEVERITY_GLYPHS


class FindingList(OptionList):
    """Each finding with its place, message and cure."""

    HELP = """\
What is wrong (`✖`), doubtful (`!`) or good to know (`i`) about the plugins, with the place and the
cure. `o` opens the place in your editor. A finding goes when its cause goes."""

    DEFAULT_CSS = """
    FindingList > .option-list--option { padding: 0 1; }
    FindingList:focus > .option-list--option-highlighted {
        background: $block-cursor-blurred-background; color: $foreground; text-style: none;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="findings.down"),
        Binding("k", "cursor_up", "Up", show=False, id="findings.up"),
    ]

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, markup=False)
        self._findings: list[Finding] = []
        self._drawn = False

    @property
    def finding(self) -> Finding | None:
        """The finding under the cursor."""
        index = self.highlighted
        return self._findings[index] if index is not None and index < len(self._findings) else None

    def show(self, findings: list[Finding]) -> None:
        if self._drawn and findings == self._findings:
            return
        self._drawn = True
        kept = self.highlighted
        self._findings = findings
        self.set_options([Option(_prompt(finding)) for finding in findings])
        if not findings:
            self.add_option(Option("No findings. Everything found so far is well.", disabled=True))
        elif kept is not None:
            self.highlighted = min(kept, len(findings) - 1)


def _prompt(finding: Finding) -> Content:
    style = SEVERITY_STYLES[finding.severity]
    # On lines of their own, for all together seldom fit beside the firings.
    who = finding.plugin or finding.code
    where = finding.place.removeprefix(f"{who}/") if finding.file else ""
    head = f"{SEVERITY_GLYPHS[finding.severity]} {who}\n"
    pieces = [part(head, f"bold {style}"), part(f"{where}\n", style) if where else part("")]
    pieces.append(part(finding.message))
    if finding.cure:
        pieces.append(part(f"\n{finding.cure}", "$foreground-muted"))
    return Content.assemble(*pieces)
