"""What is muted by a key: a plugin, or callbacks of it."""

from __future__ import annotations

from glob import escape

from escalated_core.records import WhatIf
from escalated_workbench.playback import Playback
from escalated_workbench.tui.screens.viewing import ViewingScreen
from escalated_workbench.tui.widgets.inspector import Inspector
from escalated_workbench.tui.widgets.left import LeftPane
from escalated_workbench.workbench import Workbench


class MutingScreen(ViewingScreen):
    """Mutes what the cursor is on, and what is muted already no longer."""

    def action_mute(self) -> None:
        if self.nothing_runs() or isinstance(self.wb, Playback):
            return
        meant = self._meant()
        if not any(meant):
            words = "Put the cursor on a plugin, a hook, a callback or a step."
            self.notify(words, markup=False)
            return
        self.notify(toggle(self.wb, *meant), markup=False)

    def nothing_runs(self) -> bool:
        """Whether this is a saved session, which is said."""
        saved = isinstance(self.wb, Playback)
        if saved:
            words = "This is a saved session: nothing of it runs. Open the plugins folder."
            self.notify(words, markup=False)
        return saved

    def _meant(self) -> tuple[str, str, str]:
        """The hook, the plugin and the callback under the cursor; empty for any."""
        if self.pane == "left":
            entry = self.query_one(LeftPane).entry
            if entry is None:
                return "", self.query_one(LeftPane).plugin or "", ""
            owner = entry.plugin or ("host" if entry.callback else "")
            return entry.hook or "", owner, entry.callback
        inspector = self.query_one(Inspector)
        firing, step = inspector.firing, inspector.step
        if firing is None or step is None or firing.kind == "event":
            return "", "", ""
        return firing.hook, step.plugin or "host", step.callback


def toggle(wb: Workbench, hook: str, plugin: str, callback: str) -> str:
    """Mute these, or no longer; returns what to say of it."""
    names = escape(hook), escape(plugin), escape(callback)
    standing = [each for each in wb.whatif if is_mute(each, *names)]
    if standing:
        for each in standing:
            wb.whatif.remove(each.number)
        return f"{standing[0].about} is no longer muted."
    others = [each for each in wb.whatif if each.does == "mute" and _covers(each, names)]
    if others:
        return f"{others[0].about} is muted, and this with it."
    return f"{wb.whatif.mute(*names).record.about} is muted: m once more ends it."


def is_mute(whatif: WhatIf, hook: str, plugin: str, callback: str) -> bool:
    """Whether exactly these are muted by it."""
    told = whatif.hook, whatif.plugin, whatif.callback
    return whatif.does == "mute" and told == (hook, plugin, callback)


def _covers(whatif: WhatIf, names: tuple[str, str, str]) -> bool:
    told = whatif.hook, whatif.plugin, whatif.callback
    return all(wide in ("", name) for wide, name in zip(told, names, strict=True))
