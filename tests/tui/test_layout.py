"""Room: zoom, small terminals, resizing, the line of keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets._toast import Toast

from escalated_workbench.tui.widgets.filter import FilterBox
from escalated_workbench.tui.widgets.keyline import Key, KeyLine
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.tui.widgets.trees import PluginTree

pytestmark = pytest.mark.anyio

PANES = ("left", "timeline", "inspector")


def seen(pilot: Pilot[int]) -> list[str]:
    """The panes on the screen."""
    return [pane for pane in PANES if pilot.app.screen.query_one(f"#{pane}").region.area]


def keys(pilot: Pilot[int]) -> list[str]:
    shown = pilot.app.screen.query_one(KeyLine).query(Key)
    # Two columns after the last one may be cut: there is nothing in them.
    assert all(key.region.right <= pilot.app.size.width + 2 for key in shown)
    return [key.shown for key in shown]


@pytest.mark.parametrize(
    ("focus", "pane"),
    [
        ("#plugin-tree", "left"),
        ("#timeline", "timeline"),
        ("#ladder", "inspector"),
        ("#page-args", "inspector"),
    ],
)
async def test_zoom_fills_the_screen_from_anywhere_and_comes_back(
    samples: Path, running: Any, fire: Any, focus: str, pane: str
) -> None:
    async with running(size=(80, 24)) as pilot:
        await fire(pilot, "ticket_data")
        await pilot.press("g")
        pilot.app.screen.query_one(focus).focus()
        await pilot.pause()
        await pilot.press("z")
        await pilot.pause()
        assert seen(pilot) == [pane]
        assert pilot.app.screen.query_one(f"#{pane}").size.width >= 78
        assert pilot.app.focused is pilot.app.screen.query_one(focus)
        await pilot.press("z")
        await pilot.pause()
        assert seen(pilot) == list(PANES)


@pytest.mark.parametrize("size", [(60, 20), (40, 12)], ids=["60x20", "40x12"])
async def test_where_room_is_short_tab_shows_one_pane_after_the_other(
    samples: Path, running: Any, fire: Any, size: Any
) -> None:
    async with running(size=size) as pilot:
        assert seen(pilot) == ["left"]
        await fire(pilot, "ticket_created")
        assert seen(pilot) == ["inspector"]
        shown: list[str] = []
        for _ in range(4):
            await pilot.press("tab")
            await pilot.pause()
            shown += seen(pilot)
        assert shown == ["inspector", "left", "timeline", "inspector"]
        await pilot.press("2")
        await pilot.pause()
        assert seen(pilot) == ["left"]
        await pilot.press("w")
        await pilot.pause()
        assert seen(pilot) == ["inspector"]


async def test_the_selected_firing_stays_in_view_after_a_resize(
    samples: Path, running: Any, until: Any, fire: Any
) -> None:
    async with running(size=(160, 50)) as pilot:
        timeline = pilot.app.screen.query_one(Timeline)
        for _ in range(40):
            pilot.app.wb.fire("ticket_data")
        await fire(pilot, "ticket_created")
        for size in ((80, 24), (60, 20), (120, 40), (100, 20)):
            await pilot.resize_terminal(*size)
            timeline.focus()
            await pilot.pause()
            await pilot.pause()
            top = int(timeline.scroll_offset.y)
            assert top <= timeline.cursor < top + timeline.size.height


@pytest.mark.parametrize("width", [40, 60, 80, 120])
async def test_the_line_of_keys_fits_and_keeps_its_order(
    samples: Path, running: Any, width: int
) -> None:
    async with running(size=(width, 24)) as pilot:
        await pilot.pause()
        first = keys(pilot)
        assert first[0] == "f Fire"
        assert first[-2:] == ["? Help", "^q Quit"]
        assert len(first) <= 7
        for key in ("tab", "tab", "tab", "2", "3"):
            await pilot.press(key)
            await pilot.pause()
            assert keys(pilot) == first


async def test_names_are_cut_with_an_ellipsis_and_counts_are_kept(
    write: Any, running: Any, until: Any
) -> None:
    hook = "a_hook_with_quite_a_long_name_indeed_and_more"
    write("mine", f"from escalated.hooks import add_action\nadd_action({hook!r}, print)\n")
    async with running(size=(80, 24)) as pilot:
        tree = pilot.app.screen.query_one(PluginTree)
        await pilot.press("right")
        await pilot.pause()
        line = tree.render_line(1).text.rstrip()
        assert line.endswith("…  1")
        await pilot.press("down", "o")
        assert "Set $EDITOR" in next(str(n.message) for n in pilot.app._notifications)


async def test_the_clock_is_shown_at_every_usual_size(
    samples: Path, running: Any, fire: Any
) -> None:
    async with running(size=(80, 24)) as pilot:
        timeline = pilot.app.screen.query_one(Timeline)
        firing = await fire(pilot, "ticket_created")
        del firing
        for size in ((80, 24), (120, 40), (160, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert timeline.render_line(0).text[3] == ":"


async def test_a_click_on_a_key_presses_it(samples: Path, running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        box = pilot.app.screen.query_one(FilterBox)
        key = next(key for key in pilot.app.screen.query(Key) if key.shown == "/ Filter")
        await pilot.click(key)
        await until(pilot, lambda: box.has_class("-open"))


async def test_where_room_is_short_a_notice_is_one_line_until_the_next_key(
    samples: Path, running: Any, until: Any
) -> None:
    for size, height, left in (((80, 24), 1, 0), ((120, 40), 3, 1)):
        async with running(size=size) as pilot:
            app = pilot.app
            await pilot.press("right_curly_bracket")
            await until(pilot, lambda app=app: app.screen.query(Toast))
            toast = app.screen.query_one(Toast)
            await until(pilot, lambda toast=toast: toast.region.height)
            assert toast.region.height == height
            await pilot.press("tab")
            await pilot.pause()
            assert len(app.screen.query(Toast)) == left


@pytest.mark.parametrize("width", [40, 80, 120])
async def test_an_empty_timeline_says_all_that_can_be_done(
    root: Path, running: Any, until: Any, width: int
) -> None:
    async with running(size=(width, 24)) as pilot:
        timeline = pilot.app.screen.query_one(Timeline)
        timeline.focus()
        await until(pilot, lambda: timeline.size.height)
        lines = [timeline.render_line(y).text for y in range(timeline.size.height)]
        words = " ".join(" ".join(lines).split())
        assert words.endswith("Press f to fire a hook, e to make something happen.")
