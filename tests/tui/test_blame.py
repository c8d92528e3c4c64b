"""Who wrote what: changes as lines, the life of a path, its writers, one path pinned."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from escalated_core.records import Call, Step
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.paths import PathScreen
from escalated_workbench.tui.widgets.errors import ErrorPage
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.outputs import Filter, OutputPage
from escalated_workbench.tui.widgets.pages import Lines, ValuePage
from escalated_workbench.tui.widgets.times import bar, repeated

pytestmark = pytest.mark.anyio

OWNERS = (Inspector, ValuePage, ErrorPage, OutputPage, Filter, PathScreen)
PRESSED: set[str] = set()

PLUGIN = """
    import logging
    import threading
    from escalated.hooks import add_action, add_filter

    log = logging.getLogger(__name__)

    def first(data, ticket):
        return {**data, "note": "The quick brown fox jumps over the lazy dog, " * 3, "n": 1}

    def second(data, ticket):
        print("before")
        try:
            {}["plan"]
        except KeyError:
            log.exception("no plan")
        print("after")
        thread = threading.Thread(target=lambda: log.info("hello"), name="helper")
        thread.start()
        thread.join()
        return {**data, "note": data["note"].replace("brown", "red", 1)}

    def third(data, ticket):
        ticket["seen"] = True
        names = {f"name{n}": n for n in range(3)}
        a, b, c, d, e, f = range(6)
        return data["missing"]

    def fourth(data, ticket):
        return {**data, "n": 2}

    for callback in (first, second, third, fourth):
        add_filter("ticket_data", callback)

    def close(ticket, user):
        ticket["status"] = "closed"

    add_action("ticket_created", close)
"""


LATE = """
    import logging
    from escalated.hooks import on_action

    @on_action("late")
    def say():
        log = logging.getLogger("late")
        log.setLevel("INFO")
        for message, later in (("in time", 0), ("the clock went on", 20)):
            record = log.makeRecord("late", logging.INFO, __file__, 1, message, (), None)
            record.created += later
            log.handle(record)
"""


def presses(*ids: str) -> Any:
    PRESSED.update(ids)
    return lambda test: test


@pytest.fixture(autouse=True)
def plugin(write: Any) -> None:
    write("mine", PLUGIN)


def inspector_of(pilot: Pilot[int]) -> Inspector:
    return pilot.app.screen_stack[1].query_one(Inspector)


async def step(pilot: Pilot[int], index: int | None, tab: str) -> Inspector:
    """Go to a step, None for the whole firing, and to one of its tabs."""
    inspector = inspector_of(pilot)
    inspector.query_one(Ladder).highlighted = index
    inspector.choose(tab)
    await pilot.pause()
    inspector.page.focus()
    await pilot.pause()
    return inspector


def said(inspector: Inspector) -> str:
    page = inspector.page
    return page.text if isinstance(page, ValuePage) else str(page.query_one(Static).content)


async def fired(pilot: Pilot[int], fire: Any) -> None:
    await fire(pilot, "ticket_data", '[{"subject": "x", "n": 0}, {"id": 7}]')


def test_no_binding_is_left_untested() -> None:
    own = {
        binding.id for owner in OWNERS for binding in owner.BINDINGS if isinstance(binding, Binding)
    }
    inherited = {
        binding.id for binding in Filter.__mro__[1].BINDINGS if isinstance(binding, Binding)
    }
    assert own - inherited - {None} == PRESSED


async def test_a_step_shows_what_it_changed(running: Any, fire: Any) -> None:
    async with running() as pilot:
        await fired(pilot, fire)
        inspector = await step(pilot, 1, "value")
        text = said(inspector)
        assert "~ note: " in text
        assert "[-brown-]{+red+}" in text
        assert text.index("after this step") < text.index("  subject: 'x'")
        inspector = await step(pilot, 2, "value")
        assert "+ ticket.seen: True" in said(inspector)
        assert "arguments that it changed in place" in said(inspector)


async def test_an_action_shows_what_it_changed_in_place(running: Any, fire: Any) -> None:
    async with running() as pilot:
        await fire(pilot, "ticket_created", '[{"status": "open"}, null]')
        inspector = inspector_of(pilot)
        await pilot.pause()
        assert inspector.tab == "value"
        assert "~ ticket.status: 'open' → 'closed'" in said(inspector)


async def test_above_the_steps_is_the_whole_firing(running: Any, fire: Any) -> None:
    async with running() as pilot:
        await fired(pilot, fire)
        inspector = await step(pilot, 0, "value")
        ladder = inspector.query_one(Ladder)
        ladder.focus()
        await pilot.press("up")
        assert inspector.step is None
        text = said(inspector)
        assert "~ n ← fourth · mine: 0 → 2" in text
        assert "+ note ← second · mine: " in text
        await pilot.press("down")
        assert inspector.step.callback == "first"
        await pilot.click("#whole")
        assert inspector.step is None
        await pilot.press("up", "down")
        assert inspector.step is None


@presses("value.up", "value.down", "value.page-up", "value.page-down", "value.first", "value.last")
async def test_a_cursor_walks_the_paths(running: Any, fire: Any) -> None:
    async with running() as pilot:
        await fired(pilot, fire)
        inspector = await step(pilot, 0, "value")
        page = inspector.query_one(ValuePage)
        lines = page.query_one(Lines)
        first = lines.highlighted
        for forth, back in (("down", "up"), ("j", "k"), ("end", "home"), ("pagedown", "pageup")):
            await pilot.press(forth)
            assert lines.highlighted > first
            assert page.path is not None
            await pilot.press(back)
            assert lines.highlighted == first


@presses("value.life", "path.down", "path.up", "path.close")
async def test_enter_shows_the_life_of_a_path(running: Any, fire: Any, until: Any) -> None:
    async with running() as pilot:
        await fired(pilot, fire)
        inspector = await step(pilot, 3, "value")
        assert inspector.query_one(ValuePage).path == ("n",)
        await pilot.press("enter")
        await until(pilot, lambda: getattr(pilot.app.screen, "is_done", False))
        rows = pilot.app.screen.query_one(OptionList)
        texts = [str(option.prompt) for option in rows.options]
        assert texts == ["argument  0", "first · mine  1", "fourth · mine  2"]
        await pilot.press("j", "j", "k", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        assert inspector.step.callback == "first"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PathScreen))
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MainScreen)


async def test_w_shows_every_step_that_wrote_a_path(
    running: Any, fire: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[int] = []

    def keep(_: MainScreen, event: Inspector.Wanted) -> None:
        wanted.append(event.firing_id)

    monkeypatch.setattr(MainScreen, "on_inspector_wanted", keep, raising=False)
    async with running() as pilot:
        await fired(pilot, fire)
        first = inspector_of(pilot).firing.id
        await fired(pilot, fire)
        inspector = await step(pilot, 3, "value")
        await pilot.press("W")
        await until(pilot, lambda: getattr(pilot.app.screen, "is_done", False))
        rows = pilot.app.screen.query_one(OptionList)
        assert rows.option_count == 4
        assert "fourth · mine: 1 → 2" in str(rows.options[0].prompt)
        await pilot.press("end", "enter")
        await until(pilot, lambda: wanted == [first])
        assert isinstance(pilot.app.screen, MainScreen)
        inspector.show(pilot.app.wb.trace.get(first), None)
        assert inspector.index == 0


async def test_a_changed_argument_is_walked_pinned_and_asked_for_like_the_value(
    running: Any, fire: Any, until: Any
) -> None:
    async with running() as pilot:
        await fired(pilot, fire)
        inspector = await step(pilot, 2, "value")
        assert inspector.query_one(ValuePage).path == ("ticket", "seen")
        for key, first in (("enter", "argument  nothing there"), ("W", "#")):
            await pilot.press(key)
            await until(pilot, lambda: getattr(pilot.app.screen, "is_done", False))
            texts = [str(each.prompt) for each in pilot.app.screen.query_one(OptionList).options]
            assert texts[0].startswith(first)
            assert "third · mine" in texts[-1]
            await pilot.press("escape")
        await pilot.press("full_stop")
        assert "+ ticket.seen: True" in said(inspector)
        await fire(pilot, "ticket_created", '[{"status": "open"}, null]')
        assert "ticket.seen: nothing there" in said(inspector)


async def test_a_pinned_path_is_all_that_is_shown(running: Any, fire: Any) -> None:
    async with running() as pilot:
        await fired(pilot, fire)
        inspector = await step(pilot, 3, "value")
        await pilot.press("full_stop")
        assert "◎ n, . lets go" in str(inspector.border_subtitle)
        assert "~ n: 1 → 2" in said(inspector)
        assert "note" not in said(inspector)
        await fired(pilot, fire)
        inspector = await step(pilot, 1, "value")
        assert "= not written here" in said(inspector)
        await pilot.press("full_stop")
        assert "note" in said(inspector)
        assert "◎" not in str(inspector.border_subtitle)


@presses("error.whole")
async def test_an_error_tells_about_names_arguments_and_the_others(running: Any, fire: Any) -> None:
    async with running(size=(80, 40)) as pilot:
        await fired(pilot, fire)
        inspector = await step(pilot, 2, "error")
        text = said(inspector)
        assert text.startswith("✖ KeyError: 'missing'")
        assert "▸" in text
        assert "names = {'name0': 0" in text
        assert "more names; enter shows them" in text
        called = text.partition("called with")[2]
        assert "ticket = {'id': 7}" in called
        assert "fourth mine ran well after it" in called
        await pilot.press("enter")
        assert "    f = 5" in said(inspector)
        assert inspector.place.line == inspector.step.error.frame.line
        inspector = await step(pilot, 3, "error")
        assert "third mine failed" in said(inspector)


@presses("error.caller", "error.called")
async def test_a_caller_can_be_chosen(
    write: Any, running: Any, fire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = f"word = {'one ' * 30!r}; return data['missing'], 'the end'"
    code = f"""
    from escalated.hooks import add_filter

    def inner(data):
        {long}

    def outer(data, ticket):
        return inner(data)

    add_filter("ticket_data", outer)
    """
    folder = write("mine", code)
    async with running(size=(80, 24)) as pilot:
        await fired(pilot, fire)
        inspector = await step(pilot, 0, "error")
        assert "▸ mine/plugin.py:5 in inner" in said(inspector)
        room = inspector.page.scrollable_content_region.width
        assert max(map(len, said(inspector).splitlines())) <= room
        assert "'the end'" in said(inspector)
        await pilot.press("right")
        assert "▸ mine/plugin.py:8 in outer" in said(inspector)
        await pilot.press("y")
        assert pilot.app.clipboard == f"{folder / 'plugin.py'}:8"
        await pilot.press("right", "left")
        assert inspector.place.line == 5
        inspector.choose("value")
        await pilot.pause()
        assert inspector.place.line == 5


@presses("output.level", "output.filter", "filter.close")
async def test_output_is_in_order_and_lines_can_be_hidden(running: Any, fire: Any) -> None:
    async with running() as pilot:
        await fired(pilot, fire)
        inspector = await step(pilot, 1, "output")
        title = inspector.query_one("#pages").get_tab("tab-output").label
        assert "✖ logged" in str(title)
        offered = [each.title for each in pilot.app.get_system_commands(pilot.app.screen)]
        assert "output: The least level shown" in offered
        text = said(inspector)
        parts = ("before", "✖ error logged", "KeyError: 'plan'", "after", "helper")
        places = [text.index(words) for words in parts]
        assert places == sorted(places)
        for hidden, gone in (("2 lines hidden", "before"), ("3 lines hidden", "hello")):
            await pilot.press("v")
            if "from info on" not in said(inspector):
                await pilot.press("v")
            assert hidden in said(inspector)
            assert gone not in said(inspector)
        await pilot.press("v")
        assert "hidden" not in said(inspector)
        await pilot.press("slash", *"after")
        await pilot.pause()
        assert said(inspector) == "3 lines hidden\nafter\n"
        await pilot.press("escape")
        assert said(inspector) == text
        assert pilot.app.focused is inspector.page


async def test_a_log_line_from_after_a_stop_is_told_with_the_time_of_day(
    write: Any, running: Any, fire: Any
) -> None:
    write("late", LATE)
    async with running() as pilot:
        await fire(pilot, "late", "[]")
        text = said(await step(pilot, 0, "output"))
        assert re.search(r"info +\+[\d.]+ ms late: in time\n", text)
        assert re.search(r"info +\d\d:\d\d:\d\d late: the clock went on\n", text)


async def test_times_over_the_trace_are_worked_out_when_looked_at(
    running: Any, fire: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running() as pilot:
        trace = pilot.app.wb.trace
        asked: list[int] = []
        real = trace.timings
        monkeypatch.setattr(trace, "timings", lambda: asked.append(1) or real())
        await fired(pilot, fire)
        inspector = await step(pilot, 0, "value")
        assert not asked
        await pilot.press("T")
        await until(pilot, lambda: "p95" in said(inspector))
        assert "1 step" in said(inspector)
        inspector.query_one(Ladder).highlighted = 1
        await pilot.pause()
        assert asked == [1]
        assert "no queries" in said(inspector)
        inspector.query_one(Ladder).highlighted = None
        await pilot.pause()
        assert "fourth · mine" in said(inspector)


def test_a_query_that_is_made_again_and_again_is_told() -> None:
    calls = [Call("query", "SELECT 1", 0, 1)] * 4 + [Call("query", "SELECT 2", 0, 1)] * 2
    assert repeated([*calls, *[Call("http", "GET /", 0, 1)] * 5]) == [("SELECT 1", 4)]


def test_a_bar_lies_where_the_step_ran() -> None:
    step = Step("mine", "a", __file__, 1, 10, "ok", duration_ns=50, at_ns=50)
    assert bar(step, 100) == "─" * 12 + "█" * 12
    assert len(bar(step, 1_000_000)) == 24
    assert Path(step.file).exists()
