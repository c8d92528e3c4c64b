"""The filter box: typed, completed, judged, kept, cleared; hiding by one key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from escalated_workbench.tui.widgets.filter import FilterBox, FilterInput, HideScreen
from escalated_workbench.tui.widgets.timeline import Timeline

pytestmark = pytest.mark.anyio


def listed(pilot: Any) -> list[str]:
    listing = pilot.app.screen.query_one(Timeline).listing
    return [listing.at(index).hook for index in range(len(listing.lines))]


def said(pilot: Any) -> str:
    return str(pilot.app.screen.query_one("#filter-offers", Static).content)


async def test_the_list_follows_what_is_typed(
    samples: Path, running: Any, until: Any, fire: Any
) -> None:
    async with running() as pilot:
        await fire(pilot, "ticket_data")
        await fire(pilot, "ticket_created")
        everything = listed(pilot)
        await pilot.press("slash")
        box = pilot.app.screen.query_one(FilterBox)
        assert box.has_class("-open")
        await pilot.press(*"hook:ticket_dat")
        assert "ticket_data" in said(pilot)
        await pilot.press("tab")
        assert box.text == "hook:ticket_data "
        await until(pilot, lambda: listed(pilot) == ["ticket_data"])
        timeline = pilot.app.screen.query_one(Timeline)
        assert f"{len(everything) - 1} hidden" in str(timeline.border_subtitle)
        assert timeline.selected is not None
        await pilot.press("enter")
        assert pilot.app.focused is timeline
        assert not box.has_class("-open")
        await fire(pilot, "ticket_data")
        assert listed(pilot) == ["ticket_data"] * 2
        await pilot.press("slash", "escape")
        await until(pilot, lambda: len(listed(pilot)) > len(everything))
        await pilot.press("escape")
        assert pilot.app.focused is timeline


async def test_keys_of_the_screen_are_typed_and_a_slip_keeps_the_last_query(
    samples: Path, running: Any, until: Any, fire: Any
) -> None:
    async with running() as pilot:
        await fire(pilot, "ticket_data")
        await pilot.press("slash", *"kind:filter f:1")
        await until(pilot, lambda: listed(pilot) == ["ticket_data"])
        box = pilot.app.screen.query_one(FilterBox)
        assert box.text == "kind:filter f:1"
        assert "there is no key 'f'" in said(pilot)
        shown = pilot.app.screen.query_one("#filter-offers", Static)
        await pilot.pause()
        # All of it, with the cure at its end.
        assert shown.size.height * shown.size.width > len(said(pilot))
        assert said(pilot).endswith(", until.")
        await pilot.press("enter")
        assert box.has_class("-open")


async def test_arrows_choose_a_completion(samples: Path, running: Any) -> None:
    async with running() as pilot:
        await pilot.press("slash", *"outcome:", "down", "down", "up", "tab")
        assert pilot.app.screen.query_one(FilterInput).value == "outcome:error "


async def test_text_that_only_the_firing_tells_is_found(
    samples: Path, running: Any, until: Any, fire: Any
) -> None:
    async with running() as pilot:
        await fire(pilot, "ticket_data", '[{"subject": "a purple printer"}, null]')
        await fire(pilot, "ticket_data", '[{"subject": "other"}, null]')
        await pilot.press("slash", *"purple")
        await until(pilot, lambda: listed(pilot) == ["ticket_data"])


@pytest.mark.parametrize(
    ("key", "term"),
    [
        ("h", "-hook:ticket_data"),
        ("p", "-plugin:triage"),
        ("k", "-kind:filter"),
        ("n", "plugin:*"),
        ("u", "changed:yes"),
        ("l", "-cause:lifecycle"),
    ],
)
async def test_h_and_a_key_hide_and_show_again(
    key: str, term: str, samples: Path, running: Any, until: Any, fire: Any
) -> None:
    async with running() as pilot:
        await fire(pilot, "ticket_data")
        everything = listed(pilot)
        box = pilot.app.screen.query_one(FilterBox)
        await pilot.press("h")
        assert isinstance(pilot.app.screen, HideScreen)
        await pilot.press(key)
        assert box.text == f"{term} "
        await until(pilot, lambda: listed(pilot) != everything)
        await pilot.press("slash", "escape", "escape")
        await until(pilot, lambda: listed(pilot) == everything)
        await pilot.press("h", "escape")
        assert not isinstance(pilot.app.screen, HideScreen)


async def test_a_wrong_query_leaves_the_list_as_it_was(
    samples: Path, running: Any, until: Any, fire: Any
) -> None:
    async with running() as pilot:
        await fire(pilot, "ticket_data")
        timeline = pilot.app.screen.query_one(Timeline)
        everything = listed(pilot)
        await pilot.press("slash", *"hook:ticket_data", "enter")
        await until(pilot, lambda: listed(pilot) == ["ticket_data"])
        # What was half typed before a slip was not meant.
        await pilot.press("slash", *" hok:x", "enter")
        await until(pilot, lambda: "no key 'hok'" in said(pilot))
        await until(pilot, lambda: listed(pilot) == ["ticket_data"])
        # What was cleared does not come back.
        await pilot.press("escape", *"hok:x", "enter")
        await until(pilot, lambda: "no key 'hok'" in said(pilot))
        await until(pilot, lambda: listed(pilot) == everything)
        assert str(timeline.border_title) == "Firings"


async def test_what_is_typed_after_an_added_term_is_a_term_of_its_own(
    samples: Path, running: Any, fire: Any
) -> None:
    async with running() as pilot:
        await fire(pilot, "ticket_data")
        box = pilot.app.screen.query_one(FilterBox)
        await pilot.press("h", "h", "slash", *"changed:yes")
        assert box.text == "-hook:ticket_data changed:yes"


async def test_the_box_says_what_escape_does(samples: Path, running: Any) -> None:
    async with running() as pilot:
        box = pilot.app.screen.query_one(FilterBox)
        await pilot.press("slash")
        assert str(box.border_subtitle).endswith("escape closes")
        await pilot.press("x")
        await pilot.pause()
        assert str(box.border_subtitle).endswith("escape clears")
        await pilot.press("escape")
        await pilot.pause()
        assert str(box.border_subtitle).endswith("escape closes")
        await pilot.press("escape")
        assert not box.has_class("-open")
