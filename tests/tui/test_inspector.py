"""The inspector: which tab opens, how errors and long texts are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.pages import ValuePage

pytestmark = pytest.mark.anyio


async def test_the_most_telling_tab_opens(samples: Path, running: Any, fire: Any) -> None:
    async with running() as pilot:
        inspector = pilot.app.screen.query_one(Inspector)
        for hook, tab in (
            ("ticket_created", "error"),
            ("ticket_data", "value"),
            ("ticket_assigned", "args"),
        ):
            await fire(pilot, hook)
            await pilot.pause()
            assert inspector.tab == tab
        await fire(pilot, "ticket_created")
        ladder = inspector.query_one(Ladder)
        ladder.highlighted = len(inspector.firing.steps) - 1
        await pilot.pause()
        assert inspector.tab == "output"


async def test_a_chosen_tab_stays_while_firings_of_a_kind_are_looked_at(
    samples: Path, running: Any, fire: Any, until: Any
) -> None:
    async with running() as pilot:
        inspector = pilot.app.screen.query_one(Inspector)
        await fire(pilot, "ticket_created")
        await fire(pilot, "ticket_assigned")
        await pilot.click("#--content-tab-tab-output")
        await until(pilot, lambda: inspector.tab == "output")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: inspector.firing.hook == "ticket_created")
        assert inspector.tab == "output"
        await fire(pilot, "ticket_data")
        await pilot.pause()
        assert inspector.tab == "value"


async def test_the_message_of_an_error_is_wrapped(write: Any, running: Any, fire: Any) -> None:
    write(
        "mine",
        """
        from escalated.hooks import add_action

        def fail(ticket, user):
            raise ValueError("word " * 60 + "end-of-it")

        add_action("ticket_created", fail)
        """,
    )
    async with running(size=(80, 24)) as pilot:
        for size in ((80, 24), (100, 40)):
            await pilot.resize_terminal(*size)
            await fire(pilot, "ticket_created")
            await pilot.pause()
            page = pilot.app.screen.query_one("#page-error")
            text = str(page.query_one(Static).content)
            message = text.split("mine/plugin.py", maxsplit=1)[0].splitlines()
            width = page.scrollable_content_region.width
            assert all(len(line) <= width for line in message)
            assert message[-1].endswith("end-of-it")


async def test_of_a_changed_query_what_differs_is_shown(
    write: Any, running: Any, fire: Any
) -> None:
    write(
        "mine",
        """
        from escalated.hooks import add_filter

        def urgent(queryset):
            return queryset.filter(priority="urgent")

        add_filter("ticket_list_query", urgent)
        """,
    )
    async with running() as pilot:
        await fire(pilot, "ticket_list_query")
        page = pilot.app.screen.query_one(ValuePage)
        folded = page.text.partition("after this step")[0]
        assert "urgent" in folded
        assert "description" not in folded
        await pilot.press("d")
        assert "description" in page.text.partition("after this step")[0]
        await pilot.press("d")
        assert page.text.partition("after this step")[0] == folded
