"""Fixtures of the terminal tests: an app on a copy of plugins, a frozen clock, SVG snapshots."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from escalated_core.records import Firing
from escalated_core.trace.trace import Trace
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.fire import FireScreen
from escalated_workbench.tui.widgets.inspector import Inspector
from escalated_workbench.tui.widgets.timeline import Timeline

Running = Callable[..., AbstractAsyncContextManager[Pilot[int]]]
Until = Callable[..., Awaitable[None]]

MOMENT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Moments and durations are always the same, so that pictures are."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr("escalated_workbench.tui.widgets.rows.local_time", lambda _: MOMENT)
    shown = (
        "rows.in_",
        "inspector.in_",
        "inspector.",
        "times.in_",
        "times.",
        "status.",
        "outputs.",
        "happened.in_",
    )
    for name in shown:
        target = f"escalated_workbench.tui.widgets.{name}milliseconds"
        monkeypatch.setattr(target, lambda _: "1.00")
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def quiet_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def running(root: Path) -> Running:
    """`async with running(size=(80, 24)) as pilot`: the app on `root`, all plugins loaded."""

    @asynccontextmanager
    async def run(
        size: tuple[int, int] = (120, 40), path: Path | None = None, theme: str = "textual-dark"
    ) -> AsyncIterator[Pilot[int]]:
        app = WorkbenchApp(str(path or root))
        app.theme = theme
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                if (path or root).exists():
                    await wait(pilot, lambda: app.wb is not None and app.wb.opening.done)
                    screen = app.screen
                    await wait(pilot, lambda: screen._drawn == app.wb.revision)
                    await wait(pilot, lambda: is_settled(screen))
                yield pilot
        finally:
            app.close_workbench()

    return run


@pytest.fixture
def until() -> Until:
    """`await until(pilot, condition)`: let the app run until the condition holds."""
    return wait


def is_settled(screen: Any) -> bool:
    """Whether every firing so far is listed, and the one under the cursor is shown."""
    timeline, inspector = screen.query_one(Timeline), screen.query_one(Inspector)
    listing = timeline.listing
    if listing.behind or len(listing.rows) < len(screen.wb.trace):
        return False
    selected = timeline.selected
    shown = inspector.firing.id if inspector.firing else None
    return shown == (selected.id if selected else None)


async def wait(pilot: Pilot[int], condition: Callable[[], Any], seconds: float = 60) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"waited {seconds} s in vain"
        await pilot.pause(0.01)
    await pilot.pause()


class SvgExtension(SingleFileSnapshotExtension):
    file_extension = "svg"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def same_picture(snapshot: SnapshotAssertion) -> Callable[[Pilot[int]], Awaitable[bool]]:
    """Whether the screen, once it is still, looks as it did when the snapshot was taken."""

    async def check(pilot: Pilot[int]) -> bool:
        for each in (*pilot.app.screen.query(Input), *pilot.app.screen.query(TextArea)):
            each.cursor_blink = False
        return await still(pilot) == snapshot.use_extension(SvgExtension)

    return check


async def still(pilot: Pilot[int]) -> str:
    """The picture that stays as it is; a layout may take several rounds."""
    pictures: list[str] = []

    def is_still() -> bool:
        pictures.append(pilot.app.export_screenshot(simplify=True))
        return len(pictures) > 2 and len(set(pictures[-3:])) == 1

    await wait(pilot, is_still)
    return re.sub(r"terminal-\d+", "terminal-0", pictures[-1])


@pytest.fixture
def trace_of() -> Callable[[Pilot[int]], Trace]:
    def find(pilot: Pilot[int]) -> Trace:
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        assert app.wb is not None
        return app.wb.trace

    return find


@pytest.fixture
def fire() -> Callable[..., Awaitable[Firing]]:
    """`await fire(pilot, hook, args)` types into the fire dialog; returns what got selected."""

    async def do(pilot: Pilot[int], hook: str, args: str = "") -> Firing:
        inspector = pilot.app.screen.query_one(Inspector)
        before = inspector.firing
        await pilot.press("f")
        await wait(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        pilot.app.screen.query_one("#name", Input).value = hook
        await pilot.pause()
        if args:
            await pilot.press("tab")
            assert isinstance(pilot.app.focused, Input)
            pilot.app.focused.value = args
        await pilot.press("enter")
        await wait(pilot, lambda: not isinstance(pilot.app.screen, FireScreen))
        await wait(
            pilot,
            lambda: (
                inspector.firing and inspector.firing != before and inspector.firing.hook == hook
            ),
        )
        assert inspector.firing is not None
        return inspector.firing

    return do
