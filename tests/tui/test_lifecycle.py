"""Plugins that come, go and change: the tree, the status line and the notices keep up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.widgets.inspector import Ladder
from escalated_workbench.tui.widgets.status import StatusLine, told
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.tui.widgets.trees import PluginTree

pytestmark = pytest.mark.anyio

LISTENING = """
from escalated.hooks import add_filter

def louder(data, ticket):
    return {**data, "subject": data["subject"].upper()}

add_filter("ticket_data", louder)
"""


def lines(pilot: Pilot[int]) -> list[str]:
    tree = pilot.app.screen.query_one(PluginTree)
    return [str(node.label).split(" 1.0.0")[0] for node in tree.root.children]


def status(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one(StatusLine).content)


def notices(pilot: Pilot[int]) -> list[str]:
    return [str(notice.message) for notice in pilot.app._notifications]


async def test_the_tree_is_right_after_each_of_twenty_toggles(
    write: Any, running: Any, until: Any
) -> None:
    write("mine", LISTENING)
    async with running() as pilot:
        wb = pilot.app.wb
        for turn in range(20):
            await pilot.press("a")
            wanted, sign = ("active", "✔") if turn % 2 else ("inactive", "◌")
            await until(pilot, lambda wanted=wanted: wb.plugins["mine"].status == wanted)
            await until(pilot, lambda: pilot.app.screen._drawn == wb.revision)
            assert lines(pilot) == [f"{sign} mine"]


async def test_a_folder_added_while_running_is_shown_as_active(
    write: Any, running: Any, until: Any
) -> None:
    write("mine", LISTENING)
    async with running() as pilot:
        for number in range(8):
            write(f"new-{number}", LISTENING)
        names = ["mine", *(f"new-{number}" for number in range(8))]
        await until(pilot, lambda: lines(pilot) == [f"✔ {name}" for name in names])


async def test_the_status_line_says_what_was_done(
    write: Any, running: Any, until: Any, root: Path
) -> None:
    folder = write("mine", LISTENING)
    async with running() as pilot:
        assert "✔ loaded mine" in status(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "✔ deactivated mine" in status(pilot))
        assert "+0 -1" in status(pilot)
        await until(pilot, lambda: notices(pilot) == ["mine is deactivated."])
        await pilot.press("a")
        await until(pilot, lambda: "✔ loaded mine" in status(pilot))
        (folder / "plugin.py").write_text(LISTENING.replace("upper", "title"), "utf-8")
        await until(pilot, lambda: "code changed" in status(pilot))
        folder.rename(root.parent / "elsewhere")
        await until(pilot, lambda: "✔ removed mine" in status(pilot))
        words = [word for _, word in told(pilot.app.wb.reloads)]
        assert words == ["loaded", "deactivated", "loaded", "loaded", "removed"]


async def test_findings_are_counted_once(write: Any, running: Any, until: Any) -> None:
    write("mine", "raise ValueError")
    async with running() as pilot:
        await until(pilot, lambda: "1 error  " in status(pilot))
        assert "finding" not in status(pilot)


async def test_no_findings_is_said(write: Any, running: Any) -> None:
    write("mine", LISTENING)
    async with running() as pilot:
        await pilot.press("3")
        await pilot.pause()
        assert "No\xa0findings" in pilot.app.export_screenshot().replace("&#160;", "\xa0")


async def test_on_off_acts_on_what_is_seen_only(
    write: Any, running: Any, until: Any, fire: Any
) -> None:
    write("aaa", LISTENING)
    write("zzz", LISTENING.replace("ticket_data", "user_data"))
    async with running() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        await fire(pilot, "ticket_created")
        screen.query_one(Timeline).focus()
        await pilot.press("a")
        assert notices(pilot) == ["Put the cursor on a plugin or on one of its steps."]
        await fire(pilot, "user_data", '[{"subject": "x"}, null]')
        screen.query_one(Ladder).focus()
        await pilot.press("a")
        await until(pilot, lambda: "zzz is deactivated." in notices(pilot))
        assert pilot.app.wb.plugins["aaa"].status == "active"
