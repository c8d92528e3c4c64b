"""The left pane: plugins, hooks and findings, one behind the other."""

from __future__ import annotations

from collections.abc import Set

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static, TabbedContent, TabPane

from escalated_core.records import Location
from escalated_core.stepping.breakpoint import Breakpoint
from escalated_workbench.playback import Playback, Shown
from escalated_workbench.tui.look import part
from escalated_workbench.tui.widgets.findings import FindingList
from escalated_workbench.tui.widgets.trees import Entry, HookTree, PluginTree, RecordTree
from escalated_workbench.wording import here


class LeftPane(Container):
    """Draws what stands still between firings: plugins, who listens to what, what is wrong."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)

    def compose(self) -> ComposeResult:
        with TabbedContent(id="panes"):
            with TabPane("Plugins", id="plugins"):
                yield PluginTree(id="plugin-tree")
                yield Static(id="no-plugins", markup=False)
            with TabPane("Hooks", id="hooks"):
                yield HookTree(id="hook-tree")
            with TabPane("Findings", id="findings"):
                yield FindingList(id="finding-list")

    def show(self, wb: Shown, marks: Set[Breakpoint] = frozenset()) -> None:
        """Draw the workbench as it stands now; `marks` are the places of breakpoints."""
        plugins, hooks, findings = wb.plugins, wb.hooks, wb.findings
        standing = () if isinstance(wb, Playback) else wb.whatif
        muted = {w.plugin for w in standing if w.does == "mute" and not (w.hook or w.callback)}
        self.query_one(PluginTree).show(plugins.values(), hooks, muted, marks)
        self.query_one(HookTree).show(hooks, marks)
        self.query_one(FindingList).show(findings)
        active = sum(plugin.status == "active" for plugin in plugins.values())
        self.border_subtitle = f"{active} of {len(plugins)} active"
        tab = self.query_one(TabbedContent).get_tab("findings")
        tab.label = f"Findings {len(findings)}" if findings else "Findings"
        self.query_one(PluginTree).display = bool(plugins)
        self.query_one("#no-plugins").display = not plugins
        self.query_one("#no-plugins", Static).update(_no_plugins(wb))

    def choose(self, pane: str) -> None:
        """Bring a pane to the front."""
        self.query_one(TabbedContent).active = pane

    @property
    def entry(self) -> Entry | None:
        """The line of a tree that has the focus."""
        focused = self.screen.focused
        return focused.entry if isinstance(focused, RecordTree) else None

    @property
    def plugin(self) -> str | None:
        """The plugin that the focused list points at."""
        if isinstance(self.screen.focused, FindingList):
            finding = self.query_one(FindingList).finding
            return finding.plugin if finding else None
        return self.entry.plugin if self.entry else None

    @property
    def list(self) -> Widget:
        """The tree or the list in front."""
        active = self.query_one(TabbedContent).active or "plugins"
        return self.query_one(f"#{active} RecordTree, #{active} FindingList", Widget)

    @property
    def place(self) -> Location | None:
        """The line in a file that the focused list points at."""
        if isinstance(self.screen.focused, FindingList):
            finding = self.query_one(FindingList).finding
            return Location(finding.file, finding.line or 1) if finding and finding.file else None
        return self.entry.place if self.entry else None


def _no_plugins(wb: Shown) -> Content:
    return Content.assemble(
        part("No plugins yet.\n\n", "bold"),
        part(f"Make a folder in\n{here(wb.root)}\nwith plugin.json and plugin.py.\n\n"),
        part("It appears here as you save.", "$foreground-muted"),
    )
