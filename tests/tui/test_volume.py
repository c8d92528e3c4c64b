"""The timeline at volume: slices that no key has to wait for, and nothing lost but what is told."""

from __future__ import annotations

import random
import re
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalated_core.analysis.query import Query
from escalated_core.records import Row
from escalated_workbench.tui.widgets.folds import BURST, first_of
from escalated_workbench.tui.widgets.listing import Listing
from escalated_workbench.tui.widgets.timeline import Timeline
from escalated_workbench.workbench import Workbench

STORM = """
from escalated.hooks import add_action, do_action

def storm():
    for number in range(3_000):
        do_action(f"beat_{number % 5}", number)

for number in range(5):
    add_action(f"beat_{number}", lambda number: None)
add_action("storm", storm)
"""


def row(number: int, hook: str = "hook", parent: int | None = None) -> Row:
    depth = 0 if parent is None else 1
    moment = number / 10_000
    return Row(
        number, parent, depth, hook, "action", "test", "ok", 1, False, 1_000, moment, ("mine",)
    )


def done(listing: Listing) -> Listing:
    while not listing.work(1):
        pass
    return listing


def ids(listing: Listing) -> list[int]:
    found: list[int] = []
    for line in listing.lines:
        found += [line] if isinstance(line, int) else line
    return found


def test_a_million_rows_are_judged_in_slices() -> None:
    listing = Listing(lambda _: None)
    listing.add([row(number, f"hook_{number % 3}") for number in range(1_000_000)])
    slices: list[float] = []
    for text in ("", "-hook:hook_1"):
        listing.ask(Query.parse(text))
        finished = False
        while not finished:
            began = perf_counter()
            finished = listing.work(0.01)
            slices.append(perf_counter() - began)
    slices.sort()
    assert slices[len(slices) * 95 // 100] < 0.05
    assert listing.hidden == 333_333
    assert listing.at(listing.index(999_999)) == row(999_999, "hook_0")


def test_the_lines_that_were_there_stay_until_all_rows_are_judged() -> None:
    listing = Listing(lambda _: None)
    listing.add([row(number, f"hook_{number % 3}") for number in range(10_000)])
    done(listing)
    listing.ask(Query.parse("hook:hook_1"))
    assert not listing.work(0)
    assert len(listing.lines) == 10_000
    done(listing)
    assert len(ids(listing)) == 3_333


@settings(max_examples=100)
@given(
    hooks=st.lists(st.sampled_from("aab"), min_size=1, max_size=80),
    seed=st.integers(0, 1_000),
    text=st.sampled_from(["", "-hook:b", "hook:b"]),
)
def test_rows_in_any_order_and_pieces_are_listed_as_if_at_once(
    hooks: list[str], seed: int, text: str
) -> None:
    rows = [row(number, hook) for number, hook in enumerate(hooks, 1)]
    chance = random.Random(seed)
    listing = Listing(lambda _: None)
    listing.ask(Query.parse(text))
    shuffled = chance.sample(rows, len(rows))
    while shuffled:
        size = chance.randint(1, 10)
        listing.add(shuffled[:size])
        del shuffled[:size]
        listing.work(0)
    done(listing)
    wanted = [each.id for each in rows if Query.parse(text).matches_row(each)]
    assert ids(listing) == wanted
    assert listing.hidden == len(rows) - len(wanted)
    assert all(listing.shows(each) for each in wanted)
    assert [first_of(line) for line in listing.lines] == sorted(map(first_of, listing.lines))

    kept = {each.id for each in rows if chance.random() < 0.5}
    while listing.prune(lambda given: kept & set(given)):
        pass
    assert [each.id for each in listing.rows] == sorted(kept)
    assert ids(listing) == [each for each in wanted if each in kept]


def test_a_burst_grows_and_is_pruned() -> None:
    listing = Listing(lambda _: None)
    listing.add([row(number) for number in range(1, BURST)])
    assert len(done(listing).lines) == BURST - 1
    listing.add([row(number) for number in range(BURST, 101)])
    assert done(listing).lines == [list(range(1, 101))]
    listing.prune(lambda given: {each for each in given if each > 60})
    assert listing.lines == [list(range(61, 101))]
    listing.add([row(101, "other")])
    assert len(done(listing).lines) == 2


async def storm(pilot: Any, until: Any) -> Timeline:
    """Fire three times what is kept; the timeline, once it lists what is."""
    pilot.app.wb.trace.capacity = 1_000
    pilot.app.wb.fire("storm")
    timeline = pilot.app.screen.query_one(Timeline)
    await until(pilot, lambda: len(timeline.listing.rows) == 1_000)
    return timeline


@pytest.mark.anyio
async def test_nothing_is_lost_but_what_the_counter_names(
    write: Any, running: Any, until: Any
) -> None:
    write("weather", STORM)
    async with running() as pilot:
        timeline, trace = await storm(pilot, until), pilot.app.wb.trace
        assert {each.id for each in timeline.listing.rows} == {each.id for each in trace}
        said = re.fullmatch(r"1,000 · ([\d,]+) dropped", str(timeline.border_subtitle))
        assert said
        assert 1_000 + int(said[1].replace(",", "")) == trace.finished


@pytest.mark.anyio
async def test_what_is_dropped_while_the_list_is_held_leaves_it(
    write: Any, running: Any, until: Any
) -> None:
    write("weather", STORM)
    async with running() as pilot:
        timeline, trace = await storm(pilot, until), pilot.app.wb.trace
        kept = timeline.listing.rows[500].id
        trace.pin(kept)
        await pilot.press("space")
        pilot.app.wb.fire("storm")
        await until(pilot, lambda: [each.id for each in timeline.listing.rows] == [kept])
        assert timeline.selected.id == kept
        trace.clear()
        await until(pilot, lambda: not timeline.listing.rows)
        await pilot.press("space")
        await storm(pilot, until)


def test_whoever_fires_waits_while_a_front_end_is_busy(write: Any, root: Path) -> None:
    write("weather", STORM)
    with Workbench(root) as wb:
        before = wb.trace.finished
        wb.trace.hush(60)
        fires = Thread(target=wb.fire, args=["storm"], daemon=True)
        fires.start()
        while wb.trace.finished == before:
            assert fires.is_alive()
        assert wb.trace.finished == before + 1
        wb.trace.hush(0)
        fires.join()
        assert wb.trace.finished == before + 3_001
