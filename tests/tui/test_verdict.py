"""What a save changed, in the terminal: told in the status line, shown firing by firing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Static

from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.compare import CompareScreen
from escalated_workbench.tui.screens.confirm import ConfirmScreen
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.text import TextScreen
from escalated_workbench.tui.screens.verdict import VerdictScreen
from escalated_workbench.tui.widgets.keyline import Key
from escalated_workbench.tui.widgets.status import StatusLine
from escalated_workbench.tui.widgets.trees import PluginTree
from escalated_workbench.tui.widgets.verdicts import VerdictList

pytestmark = pytest.mark.anyio

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
TRIAGE = """
from escalated.hooks import *

@on_filter("ticket_data", 10)
def prefix(data, ticket):
    if data["subject"] == "[/odd]":
        raise ValueError("odd [/subject]")
    return {**data, "subject": f"[HW] {data['subject']}"}

@on_filter("user_data")
def role(data, user):
    return data
"""
SHOUT = """
from escalated.hooks import *

@on_filter("ticket_data", 20)
def shout(data, ticket):
    return {**data, "subject": data["subject"].upper()}
"""
NEW = TRIAGE.replace("[HW]", "[VIP]").replace('"[/odd]"', '"broken [/i]"')
KEPT = TRIAGE.replace("import *", "import *  # as before")


@pytest.fixture
def mine(write: Any) -> Path:
    write("shout", SHOUT)
    return write("triage", TRIAGE)


def save(folder: Path, code: str) -> None:
    (folder / "plugin.py").write_text(code, "utf-8")


def wb(pilot: Pilot[int]) -> Any:
    assert isinstance(pilot.app, WorkbenchApp)
    return pilot.app.wb


async def saved(pilot: Pilot[int], until: Any, folder: Path, code: str = NEW) -> None:
    """Fire four hooks, save other code and wait for the verdict."""
    for subject in ("printer down", "broken [/i]", "[/odd]"):
        wb(pilot).fire("ticket_data", {"subject": subject}, None)
    wb(pilot).fire("user_data", {"name": "x"}, None)
    await judged(pilot, until, folder, code, 1)


async def judged(pilot: Pilot[int], until: Any, folder: Path, code: str, number: int) -> None:
    save(folder, code)
    await until(pilot, lambda: wb(pilot).replays.last and wb(pilot).replays.last.number == number)


async def opened(pilot: Pilot[int], until: Any) -> VerdictScreen:
    await pilot.press("V")
    await until(pilot, lambda: isinstance(pilot.app.screen, VerdictScreen))
    await pilot.pause()
    assert isinstance(pilot.app.screen, VerdictScreen)
    return pilot.app.screen


def status(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one(StatusLine).content)


def lines(screen: VerdictScreen) -> list[str]:
    return [" ".join(str(each.prompt).split()) for each in screen.query_one(VerdictList).options]


def told(screen: VerdictScreen, name: str = "details") -> str:
    return str(screen.query_one(f"#{name}", Static).content)


def notices(pilot: Pilot[int]) -> list[str]:
    return [str(notice.message) for notice in pilot.app._notifications]


def compared(pilot: Pilot[int]) -> str:
    """The title of the two sides."""
    return str(pilot.app.screen.query_one(VerticalScroll).border_title)


def test_every_key_is_pressed_here() -> None:
    bindings = (*VerdictScreen.BINDINGS, *VerdictList.BINDINGS)
    ids = {each.id for each in bindings if isinstance(each, Binding)}
    names = ("back", "accept", "undo", "replay", "same", "previous", "next", "edit", "pane")
    assert ids == {f"verdict.{each}" for each in (*names, "enter", "down", "up", "open", "fold")}


async def test_the_status_line_says_what_a_save_changed(
    mine: Path, running: Any, until: Any
) -> None:
    async with running(size=(80, 24)) as pilot:
        await saved(pilot, until, mine)
        await until(pilot, lambda: "✖ save #1 triage: 1 now raises · 1 value" in status(pilot))
        await judged(pilot, until, mine, NEW + "#", 2)
        await until(pilot, lambda: "= save #2 triage: 4 same" in status(pilot))
        await judged(pilot, until, mine, "def broken(:", 3)
        await until(pilot, lambda: "✖ triage" in status(pilot))
        assert "save #" not in status(pilot)


async def test_where_nothing_was_recorded_nothing_is_said(
    mine: Path, running: Any, until: Any
) -> None:
    async with running() as pilot:
        await judged(pilot, until, mine, NEW, 1)
        await until(pilot, lambda: "code changed" in status(pilot))
        assert "save #" not in status(pilot)
        screen = await opened(pilot, until)
        assert told(screen).startswith("Nothing recorded runs code of it.")


async def test_how_far_a_replay_has_come(mine: Path, running: Any, until: Any) -> None:
    async with running() as pilot:
        for _ in range(400):
            wb(pilot).fire("ticket_data", {"subject": "x"}, None)
        save(mine, NEW)
        await until(pilot, lambda: re.search(r"◌ replaying \d+/400  ", status(pilot)))
        await until(pilot, lambda: "~ save #1 triage: " in status(pilot))


@SIZES
async def test_what_changed_is_listed_and_told(
    size: Any, mine: Path, running: Any, until: Any
) -> None:
    async with running(size=size) as pilot:
        await saved(pilot, until, mine)
        screen = await opened(pilot, until)
        raises, value, fixed = lines(screen)
        assert raises.startswith("✖ now raises #")
        assert value.startswith("~ value changed #")
        assert fixed.startswith("✔ fixed #")
        assert "1 same hidden" in str(screen.query_one("#list").border_subtitle)
        assert "now: ✖ ValueError: odd [/subject]" in told(screen)
        await pilot.press("j")
        await pilot.pause()
        text = told(screen)
        for words in (
            "first step that differs",
            "~ value changed  prefix · triage  step 1 of 2",
            "    triage/plugin.py:4",
            "~ subject: '[HW] printer down' → '[VIP] printer down'",
            "follows from it",
            "shout · shout  step 2 of 2",
        ):
            assert words in text
        await pilot.press("k")
        await pilot.pause()
        assert "ValueError" in told(screen)
        await pilot.press("tab", "down", "shift+tab")
        assert isinstance(pilot.app.focused, VerdictList)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))


async def test_it_opens_by_a_click_on_the_status_line(mine: Path, running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        await saved(pilot, until, mine)
        await until(pilot, lambda: "save #1" in status(pilot))
        await pilot.click(StatusLine, offset=(status(pilot).index("save #1") + 2, 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, VerdictScreen))


async def test_both_are_seen_side_by_side(mine: Path, running: Any, until: Any) -> None:
    async with running() as pilot:
        await saved(pilot, until, mine)
        await opened(pilot, until)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        text = str(pilot.app.screen.query_one(Static).content)
        assert "~ subject: '[HW] PRINTER DOWN' → '[VIP] PRINTER DOWN'" in text
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, VerdictScreen))


async def test_those_that_differ_alike_are_one_line(mine: Path, running: Any, until: Any) -> None:
    async with running() as pilot:
        for subject in ("one", "two", "[/odd]", "three"):
            wb(pilot).fire("ticket_data", {"subject": subject}, None)
        first, second, odd, third = [each.id for each in wb(pilot).trace][-4:]
        await judged(pilot, until, mine, NEW, 1)
        screen = await opened(pilot, until)
        folded = [f"~ value changed #{first} ticket_data ▸ 3 alike", f"✔ fixed #{odd} ticket_data"]
        assert lines(screen) == folded
        assert "'[HW] one'" in told(screen)
        await pilot.press("right", "down", "down")
        await pilot.pause()
        assert lines(screen) == [
            f"~ value changed #{first} ticket_data ▾ 3 alike",
            f"#{second} ticket_data",
            f"#{third} ticket_data",
            f"✔ fixed #{odd} ticket_data",
        ]
        assert "'[HW] three'" in told(screen)
        await pilot.press("left")
        await pilot.pause()
        assert lines(screen) == folded
        assert "'[HW] one'" in told(screen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        assert compared(pilot) == f"#{first} ticket_data · as recorded → now"


async def test_what_is_the_same_is_shown_by_h(mine: Path, running: Any, until: Any) -> None:
    async with running() as pilot:
        await saved(pilot, until, mine, KEPT)
        screen = await opened(pilot, until)
        assert lines(screen) == []
        assert told(screen).startswith("= Nothing changed: 4 firings do what was done before")
        await pilot.press("h")
        await pilot.pause()
        assert [re.sub(r"#\d+ ", "", line) for line in lines(screen)] == [
            "= same ticket_data ▸ 3 alike",
            "= same user_data",
        ]
        assert told(screen).startswith("= It does the same as before.")
        await pilot.press("o")
        assert notices(pilot) == ["Only a step that differs stands on a line of a file."]


async def test_the_new_is_accepted_and_replayed(mine: Path, running: Any, until: Any) -> None:
    async with running() as pilot:
        await saved(pilot, until, mine)
        screen = await opened(pilot, until)
        await pilot.press("r")
        await until(pilot, lambda: "✖ replay #2: 1 now raises" in told(screen, "head"))
        await pilot.press("a")
        assert notices(pilot) == ["3 firings: what they do now is the baseline from now on."]
        await pilot.press("r")
        await until(pilot, lambda: "= replay #3: " in told(screen, "head"))
        await pilot.press("a")
        assert "There is nothing to accept: nothing changed." in notices(pilot)


async def test_verdicts_before_and_after(mine: Path, running: Any, until: Any) -> None:
    async with running() as pilot:
        await saved(pilot, until, mine)
        screen = await opened(pilot, until)
        # What comes is shown at once, but not in the place of an earlier one that was chosen.
        await judged(pilot, until, mine, TRIAGE, 2)
        await until(pilot, lambda: "save #2" in told(screen, "head"))
        await pilot.press("left_square_bracket")
        assert "save #1" in told(screen, "head")
        assert len(lines(screen)) == 3
        await judged(pilot, until, mine, "def broken(:", 3)
        await pilot.press("left_square_bracket")
        assert notices(pilot) == ["This is the oldest verdict."]
        assert "save #1" in told(screen, "head")
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert "save #3 triage: not replayed, running last good" in told(screen, "head")
        assert "SyntaxError" in told(screen)
        await pilot.press("right_square_bracket")
        assert "This is the newest verdict." in notices(pilot)


async def test_the_code_of_before_is_gone_back_to(mine: Path, running: Any, until: Any) -> None:
    async with running() as pilot:
        await saved(pilot, until, mine)
        screen = await opened(pilot, until)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        assert "No file is written" in str(pilot.app.screen.query_one(Static).content)
        await pilot.press("n", "u", "y")
        await until(
            pilot, lambda: any("triage runs the code from before" in n for n in notices(pilot))
        )
        fired = wb(pilot).fire("ticket_data", {"subject": "x"}, None)
        assert fired.result["subject"] == "[HW] X"
        assert "VIP" in (mine / "plugin.py").read_text("utf-8")
        await until(pilot, lambda: told(screen, "head").startswith("⟲ undone: running g1 again · "))
        await pilot.press("u")
        assert "triage was undone already: g1 runs again until it is saved." in notices(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "✔ went back in triage" in status(pilot))
        rows = pilot.app.screen.query_one(PluginTree).root.children
        await until(pilot, lambda: "g3 ⟲ g1 again" in str(rows[1].label))
        await judged(pilot, until, mine, NEW + "#", 2)
        assert wb(pilot).plugins["triage"].undone is None
        fired = wb(pilot).fire("ticket_data", {"subject": "x"}, None)
        assert fired.result["subject"] == "[VIP] X"


async def test_the_line_is_opened(
    mine: Path, running: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    async with running() as pilot:
        await saved(pilot, until, mine)
        await opened(pilot, until)
        await pilot.press("o")
        assert notices(pilot) == ["Set $EDITOR to open files from here."]


async def test_nothing_was_saved_yet(mine: Path, running: Any, until: Any) -> None:
    async with running() as pilot:
        screen = await opened(pilot, until)
        assert "No save has been replayed yet" in told(screen)
        await pilot.press("u", "a")
        assert notices(pilot) == [
            "No save has been replayed that could be undone.",
            "There is nothing to accept: nothing changed.",
        ]
        wb(pilot).fire("user_data", {"name": "x"}, None)
        await pilot.press("r")
        await until(pilot, lambda: "= replay #1: " in told(screen, "head"))


async def test_seven_keys_at_most_and_help(mine: Path, running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as pilot:
        await saved(pilot, until, mine)
        screen = await opened(pilot, until)
        await until(pilot, lambda: len(screen.query(Key)) > 0)
        shown = [key.shown.split()[0] for key in screen.query(Key)]
        assert shown == ["⏎", "a", "u", "r", "h", "o", "?"]
        assert screen.query(Key).last().region.right <= 80
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextScreen))
        text = str(pilot.app.screen.query_one(Static).content)
        for words in ("The new is the baseline", "Run the code of before", "Previous verdict"):
            assert words in text
        await pilot.press("escape")
        titles = {each.title for each in pilot.app.get_system_commands(screen)}
        assert "verdict: Run the code of before" in titles
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        titles = {each.title for each in pilot.app.get_system_commands(pilot.app.screen)}
        assert "workbench: What the save changed" in titles


@SIZES
@pytest.mark.parametrize("shown", ["raises", "value"])
async def test_how_it_looks(
    size: Any,
    shown: str,
    mine: Path,
    running: Any,
    until: Any,
    frozen: None,
    same_picture: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "escalated_workbench.tui.widgets.verdicts.milliseconds", lambda _: "1.00 ms"
    )
    async with running(size=size) as pilot:
        await saved(pilot, until, mine)
        await opened(pilot, until)
        if shown == "value":
            await pilot.press("j")
        assert await same_picture(pilot)


@SIZES
async def test_how_it_looks_before_anything_was_saved(
    size: Any, mine: Path, running: Any, until: Any, same_picture: Any
) -> None:
    async with running(size=size) as pilot:
        await opened(pilot, until)
        assert await same_picture(pilot)


MANY = """
import random
import requests
from escalated.hooks import *

@on_action("tell")
def tell(text):
    requests.post("https://api.example.com/one", data=text)

@on_filter("draw")
def draw(value):
    return random.Random().random()

@on_action("given")
def given(what):
    pass

@on_filter("outer")
def outer(value):
    return apply_filters("inner", value)

@on_filter("inner")
def inner(value):
    return [*value, 1]

@on_action("work")
def work():
    sum(range(1_000))
"""
OTHER = MANY.replace("/one", "/two").replace("1]", "2]").replace("1_000", "1_000_000")


async def test_each_verdict_tells_what_it_rests_on(write: Any, running: Any, until: Any) -> None:
    folder = write("many", MANY)
    async with running(size=(80, 24)) as pilot:
        for hook, *args in (
            ("tell", "x"),
            ("draw", 0),
            ("given", open),
            ("outer", [0]),
            ("work",),
        ):
            wb(pilot).fire(hook, *args)
        await judged(pilot, until, folder, OTHER, 1)
        screen = await opened(pilot, until)
        listed = screen.query_one(VerdictList)
        found: dict[str, str] = {}
        for index, line in enumerate(lines(screen)):
            listed.highlighted = index
            await pilot.pause()
            found[line.split()[-1]] = f"{line}\n{told(screen)}"
        assert set(found) == {"tell", "draw", "given", "outer", "work"}
        expected = {
            "tell": ["▶ effects changed", "    effects\n", "/one", "/two"],
            "draw": ["? cannot be reproduced", "differs"],
            "given": ["◌ arguments are missing", "this is missing: [0]"],
            "outer": [
                "inner · many  step 1 of 1 of inner, fired within",
                "~ [1]: 1 → 2",
                "outer · many  step 1 of 1",
            ],
            "work": ["▲ slower", "(medians)", "slower in 100% of "],
        }
        for hook, words in expected.items():
            for word in words:
                assert word in found[hook]
        listed.highlighted = [line.split()[-1] for line in lines(screen)].index("given")
        await pilot.press("enter")
        assert notices(pilot) == ["It was not run again, so there is nothing to compare."]
        # What differs by chance was not compared with the record.
        listed.highlighted = [line.split()[-1] for line in lines(screen)].index("draw")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        assert compared(pilot).endswith(" draw · the code before, run again → now")
