"""The start: something is painted before all that fills the screen has been imported."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from escalated_workbench.tui.app import MAIN, WorkbenchApp
from escalated_workbench.tui.screens.frame import FrameScreen
from escalated_workbench.tui.widgets.timeline import Timeline

pytestmark = pytest.mark.anyio


async def test_the_frame_comes_first_and_the_panes_take_its_place(
    samples: Path, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, MAIN, raising=False)
    app = WorkbenchApp(str(samples))
    seen: list[str] = []
    monkeypatch.setattr(app, "post_display_hook", lambda: seen.append(type(app.screen).__name__))
    try:
        async with app.run_test(size=(160, 40)) as pilot:
            assert type(app.screen_stack[0]) is FrameScreen
            await until(pilot, lambda: app.wb is not None and app.wb.opening.done)
            assert app.screen.query_one(Timeline).border_title == "Firings"
            assert seen[0] == "FrameScreen"
    finally:
        app.close_workbench()


async def test_a_missing_folder_is_said_after_the_frame(
    tmp_path: Path, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, MAIN, raising=False)
    app = WorkbenchApp(str(tmp_path / "plugins"))
    async with app.run_test() as pilot:
        await until(pilot, lambda: type(app.screen).__name__ == "WaitingScreen")
        assert len(app.screen_stack) == 2
