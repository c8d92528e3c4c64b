"""What plugins sent out, in the terminal: listed, looked at, and traced to the firing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.outbox import OutboxScreen
from escalated_workbench.tui.widgets.inspector import Inspector

pytestmark = pytest.mark.anyio

MOMENT = datetime(2026, 1, 5, 9, tzinfo=UTC)
SENDER = """
import requests
from escalated.hooks import *

@on_action("ticket_created")
def send(ticket, user):
    requests.post("https://hooks.example.com/x", json={"text": "[/bold]Hello", "id": [1, 2]})
    requests.delete("https://api.example.com/a/long/way/to/go", headers={"Token": "none"})
"""


async def outbox(pilot: Pilot[int], until: Any) -> list[str]:
    """Have something sent out and open the outbox; returns its lines."""
    wb: Any = getattr(pilot.app, "wb", None)
    wb.fire("ticket_created")
    await until(pilot, lambda: len(wb.outbox) == 2)
    await pilot.press("O")
    await until(pilot, lambda: isinstance(pilot.app.screen, OutboxScreen))
    listed = pilot.app.screen.query_one(OptionList)
    return [str(each.prompt) for each in listed.options]


def told(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one(Static).content)


def test_every_key_is_pressed_here() -> None:
    ids = {each.id for each in OutboxScreen.BINDINGS if isinstance(each, Binding)}
    assert ids == {"outbox.close"}


async def test_what_was_sent_out_is_listed_and_leads_to_its_firing(
    write: Any, running: Any, until: Any
) -> None:
    write("sender", SENDER)
    async with running(size=(80, 24)) as pilot:
        newest, first = await outbox(pilot, until)
        for words in ("◌ held", "200", "sender", "POST hooks.example.com/x"):
            assert words in first
        assert "DELETE api.example.com/a/long" in newest
        await until(pilot, lambda: "DELETE https://api.example.com/a/long" in told(pilot))
        await pilot.press("down")
        await until(pilot, lambda: "POST https://hooks.example.com/x" in told(pilot))
        text = told(pilot)
        assert '"text": "[/bold]Hello",\n' in text
        assert "simulated" in text
        assert text.index("body\n") < text.index("Content-Type: application/json")
        await pilot.press("tab", "down", "shift+tab", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        inspector = pilot.app.screen.query_one(Inspector)
        await until(pilot, lambda: inspector.firing and inspector.firing.hook == "ticket_created")
        await pilot.press("p")
        page = inspector.query_one("#page-output")
        await until(
            pilot,
            lambda: (
                "POST https://hooks.example.com/x"
                in "".join(str(each.content) for each in page.query(Static))
            ),
        )


async def test_an_empty_outbox_says_so(write: Any, running: Any, until: Any) -> None:
    write("sender", SENDER)
    async with running(size=(80, 24)) as pilot:
        await pilot.press("O")
        await until(pilot, lambda: isinstance(pilot.app.screen, OutboxScreen))
        assert "Nothing was sent out yet" in told(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_how_it_looks(
    size: Any,
    write: Any,
    running: Any,
    until: Any,
    frozen: None,
    same_picture: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("escalated_workbench.tui.widgets.sent.milliseconds", lambda _: "1.00 ms")
    monkeypatch.setattr("escalated_workbench.tui.widgets.sent.local_time", lambda _: MOMENT)
    write("sender", SENDER)
    async with running(size=size) as pilot:
        await outbox(pilot, until)
        await pilot.press("down")
        await until(pilot, lambda: "POST https" in told(pilot))
        assert await same_picture(pilot)
