"""How the screens look, at 80x24 and 120x40. Taking new pictures is a decision: make snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.fire import FireScreen
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.text import TextScreen
from escalated_workbench.tui.screens.waiting import WaitingScreen
from escalated_workbench.tui.widgets.inspector import Inspector
from escalated_workbench.tui.widgets.status import StatusLine

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("frozen")]

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


async def fired(pilot: Pilot[int], until: Any, hook: str, *args: Any) -> None:
    """Fire a hook and wait until the inspector shows it."""
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    assert app.wb is not None
    app.wb.fire(hook, *args)
    inspector = app.screen.query_one(Inspector)
    await until(pilot, lambda: inspector.firing is not None and inspector.firing.hook == hook)
    await until(pilot, lambda: app.screen._drawn == app.wb.revision)


@SIZES
async def test_a_firing_with_failures(
    size: Any, samples: Path, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        await fired(pilot, until, "ticket_created")
        assert await same_picture(pilot)


@SIZES
async def test_a_filter_that_changes_its_value(
    size: Any, samples: Path, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        await fired(pilot, until, "ticket_data")
        assert await same_picture(pilot)


@SIZES
async def test_the_hooks(
    size: Any, samples: Path, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        await pilot.press("2")
        await pilot.pause()
        assert await same_picture(pilot)


@SIZES
async def test_the_findings(
    size: Any, samples: Path, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        await pilot.press("3")
        await pilot.pause()
        assert await same_picture(pilot)


@SIZES
async def test_the_picker(
    size: Any, samples: Path, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))
        await pilot.press("t", "i", "c", "k")
        await pilot.pause()
        assert await same_picture(pilot)


@SIZES
async def test_help(size: Any, samples: Path, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=size) as pilot:
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextScreen))
        assert await same_picture(pilot)


@SIZES
async def test_an_empty_folder(size: Any, root: Path, running: Any, same_picture: Any) -> None:
    async with running(size=size) as pilot:
        assert await same_picture(pilot)


@SIZES
async def test_a_missing_folder_opens_once_it_is_there(
    size: Any, tmp_path: Path, running: Any, until: Any, same_picture: Any
) -> None:
    missing = Path("not-yet/plugins")
    async with running(size=size, path=missing) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, WaitingScreen))
        assert await same_picture(pilot)
        missing.mkdir(parents=True)
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))


async def test_sixty_columns(samples: Path, running: Any, until: Any, same_picture: Any) -> None:
    async with running(size=(60, 24)) as pilot:
        await fired(pilot, until, "ticket_created")
        assert await same_picture(pilot)


async def test_text_of_others_is_never_markup(
    write: Any, running: Any, until: Any, same_picture: Any
) -> None:
    write(
        "hostile",
        r"""
        import logging
        from escalated.hooks import add_action, add_filter

        def shout(data, ticket):
            print("\x1b[2J\x1b]0;title\x07 gone [/red] \x9b31m")
            logging.getLogger(__name__).warning("[@click=app.quit]press[/] \x1b[31m")
            return {**data, "subject": "Re: [/URGENT] printer [bold \x1b[2J", "[key]": "\u202e"}

        def fail(data, ticket):
            raise ValueError("[/nope] \x1b[31m [bold")

        add_filter("ticket_data", shout)
        add_filter("ticket_data", fail)
        """,
        name="[bold]Hostile[/nope]",
    )
    async with running(size=(120, 40)) as pilot:
        await fired(pilot, until, "ticket_data", {"subject": "x"}, None)
        assert "\x1b" not in pilot.app.export_screenshot()
        assert await same_picture(pilot)
        inspector = pilot.app.screen.query_one(Inspector)
        for tab in ("tab-value", "tab-args", "tab-output"):
            inspector.query_one("#pages").active = tab
            await pilot.pause()
        await pilot.press("3", "l")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextScreen))


async def test_a_save_is_seen_by_itself(write: Any, running: Any, until: Any, root: Path) -> None:
    write("mine", "from escalated.hooks import add_action\nadd_action('a', print)\n")
    async with running(size=(120, 40)) as pilot:
        status = pilot.app.screen.query_one(StatusLine)
        await until(pilot, lambda: "✔ loaded mine" in str(status.content))
        (root / "mine" / "plugin.py").write_text("from escalated.hooks import (\n", "utf-8")
        await until(pilot, lambda: "✖ mine" in str(status.content))
        assert "plugin.py:1" in str(status.content)
        (root / "mine" / "plugin.py").write_text("", "utf-8")
        await until(pilot, lambda: "✔ loaded mine" in str(status.content))
        assert "+0 -1" in str(status.content)


async def test_control_codes_of_a_subject_do_not_reach_the_terminal(
    samples: Path, running: Any, until: Any
) -> None:
    async with running(size=(80, 24)) as pilot:
        app = pilot.app
        assert app.wb is not None
        await fired(pilot, until, "ticket_created", app.wb.helpdesk.ticket(7), None)
        assert "\x1b" not in app.export_screenshot()
        await fired(pilot, until, "ticket_updated")
        assert "\x1b" not in app.export_screenshot()
