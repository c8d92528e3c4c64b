"""Two firings compared: a mark, then what differs; and how the inspector looks."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from escalated_workbench.tui.screens.compare import CompareScreen
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder

pytestmark = pytest.mark.anyio

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture(autouse=True)
def with_samples(samples: Any) -> None:
    """Every test here runs on the sample plugins."""


async def two(pilot: Pilot[int], fire: Any) -> Inspector:
    """Fire a filter twice, with the first firing marked."""
    await fire(pilot, "ticket_data", '[{"subject": "Re: outage", "tags": []}, null]')
    inspector = pilot.app.screen.query_one(Inspector)
    inspector.query_one(Ladder).focus()
    await pilot.press("c")
    assert str(inspector.border_title).startswith("◆ #")
    await fire(pilot, "ticket_data", '[{"subject": "Re: a question", "tags": ["x"]}, null]')
    return inspector


async def test_c_marks_a_firing_and_compares_it_with_another(
    running: Any, fire: Any, until: Any
) -> None:
    async with running() as pilot:
        inspector = await two(pilot, fire)
        assert "c compares" in str(inspector.border_subtitle)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        text = str(pilot.app.screen.query_one(Static).content)
        for words in (
            "~ data.subject: 'Re: outage' → 'Re: a question'",
            "+ data.tags[0]: 'x'",
            "~ changed normalise triage",
            "result",
            "- priority: 'urgent'",
        ):
            assert words in text
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        assert inspector.marked is not None
        inspector.show(inspector.marked, None)
        await pilot.press("c")
        assert inspector.marked is None


async def test_the_same_firing_twice_differs_in_nothing(
    running: Any, fire: Any, until: Any
) -> None:
    async with running() as pilot:
        for _ in range(2):
            await fire(pilot, "ticket_data", '[{"subject": "x"}, null]')
            pilot.app.screen.query_one(Ladder).focus()
            await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        text = str(pilot.app.screen.query_one(Static).content)
        assert "They differ in nothing but time and output." in text


@SIZES
async def test_two_firings_compared_look(
    size: Any, frozen: None, running: Any, fire: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        await two(pilot, fire)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        assert await same_picture(pilot)


@SIZES
async def test_a_whole_firing_looks(
    size: Any, frozen: None, running: Any, fire: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        inspector = await two(pilot, fire)
        inspector.query_one(Ladder).highlighted = None
        inspector.choose("value")
        await pilot.pause()
        inspector.page.focus()
        await pilot.pause()
        assert await same_picture(pilot)
