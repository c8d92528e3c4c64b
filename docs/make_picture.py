"""Takes the README's picture from the running program: `make picture`."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.widgets.inspector import Inspector

REPOSITORY = Path(__file__).parents[1]
SHOWN = ("hello-world", "slack-notifier", "billing", "triage", "broken-raise", "broken-json")
HOOKS = ("ticket_status_changed", "ticket_created", "ticket_data")


async def take(root: Path) -> str:
    app = WorkbenchApp(str(root))
    async with app.run_test(size=(118, 34)) as pilot:
        while app.wb is None or not app.wb.opening.done:
            await pilot.pause(0.05)
        for hook in HOOKS:
            app.wb.fire(hook)
        screen = app.screen
        assert isinstance(screen, MainScreen)
        inspector = screen.query_one(Inspector)
        while inspector.firing is None or inspector.firing.hook != HOOKS[-1]:
            await pilot.pause(0.05)
        # The last plugin of the tree, opened: its chain is what the inspector shows.
        await pilot.press("end", "right")
        await pilot.press("down", "right")
        await pilot.pause()
        return app.export_screenshot(title="escalated-workbench")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "plugins", "escalated")
        for slug in SHOWN:
            shutil.copytree(REPOSITORY / "sample_plugins" / slug, root / slug)
        picture = asyncio.run(take(root))
    (REPOSITORY / "docs" / "workbench.svg").write_text(picture, "utf-8")


if __name__ == "__main__":
    main()
