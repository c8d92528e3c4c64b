"""The timing screen: its lines and keys, on sessions whose times are known."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input, Static

from escalated_core.records import (
    ErrorRecord,
    Finding,
    Firing,
    Import,
    Plugin,
    Reload,
    Step,
)
from escalated_core.sessions.lines import SessionPlugin
from escalated_core.sessions.session import Header, write
from escalated_workbench.playback import Playback
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.save import FileScreen
from escalated_workbench.tui.screens.text import TextScreen
from escalated_workbench.tui.screens.timing import TimingScreen
from escalated_workbench.tui.widgets.timings import TimingList

pytestmark = pytest.mark.anyio

PRESSED: set[str] = set()
MS = 1_000_000
STEP = Step("triage", "normalise", "/x/triage/plugin.py", 12, 5, "ok", MS, own_ns=MS)
PLUGINS = tuple(
    SessionPlugin(slug, "1.0.0", "local", generation, {"plugin.py": "0"})
    for slug, generation in (("billing", 1), ("triage", 2))
)
HEADER = Header({"workbench": "0.1"}, "guide", 0, "/x", 1e9, PLUGINS)
LOADS = [
    Reload(1, "billing", "start", (), 1, ("a",), (), 1e9, 42 * MS),
    Reload(2, "triage", "start", (), 1, ("a",), (), 1e9, 3 * MS),
    Reload(3, "triage", "save", ("plugin.py",), 2, (), (), 1e9 + 10, 4 * MS),
]


def presses(*ids: str) -> Callable[[Any], Any]:
    PRESSED.update(ids)
    return lambda test: test


def step(name: str, own_ms: float, **more: Any) -> Step:
    own = round(own_ms * MS)
    return replace(STEP, callback=name, duration_ns=own, own_ns=own, **more)


def firing(number: int, hook: str, *steps: Step) -> Firing:
    took = sum(each.duration_ns for each in steps)
    return Firing(
        number, hook, "filter", "workbench", None, 0, "plugins", (), None, steps, None,
        1e9 + number, took,
    )  # fmt: skip


def recorded() -> Iterator[Firing]:
    """Twenty firings of two hooks, with a reload of triage in the middle that made it slower."""
    for number in range(1, 21):
        generation = 1 if number <= 10 else 2
        steps = [step("normalise", 0.5 * generation, generation=generation)]
        error = ErrorRecord("KeyError", "'plan'") if number % 5 == 0 else None
        outcome: Any = "error" if error else "ok"
        slow = 61.5 if number == 7 else 9.25
        steps += [step("lookup", slow, plugin="billing", outcome=outcome, error=error)]
        yield firing(number, "ticket_data", *steps)
    for number in range(21, 25):
        yield firing(number, "ticket_created", step("<lambda>", 0.004, generation=2))


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "known.session"
    write(path, HEADER, [*LOADS, Finding("a", "info", "b"), *recorded()])
    return path


class Shell(WorkbenchApp):
    """Shows nothing but the timing."""

    def __init__(self, wb: Any) -> None:
        super().__init__(wb)
        self.wb = wb
        self.answers: list[str | None] = []

    def _open(self) -> None:
        self.push_screen(TimingScreen(self.wb), self.answers.append)


@asynccontextmanager
async def showing(
    wb: Any, until: Any, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Pilot[int]]:
    app = Shell(wb)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: isinstance(app.screen, TimingScreen))
            await until(pilot, lambda: "measuring" not in text(pilot, "#head"))
            await until(pilot, lambda: "reading" not in text(pilot, "#head"))
            yield pilot
    finally:
        app.close_workbench()


def text(pilot: Pilot[int], name: str) -> str:
    return str(pilot.app.screen.query_one(name, Static).content)


def names(pilot: Pilot[int]) -> list[str]:
    lines = pilot.app.screen.query_one(TimingList)
    return [
        str(each.prompt).split()[0]
        if not str(each.prompt).startswith("!")
        else str(each.prompt).split()[1]
        for each in lines.options
    ]


def answers(pilot: Pilot[int]) -> list[str | None]:
    assert isinstance(pilot.app, Shell)
    return pilot.app.answers


def test_no_binding_is_left_untested() -> None:
    owners = (TimingScreen, TimingList)
    bindings = [each for owner in owners for each in owner.BINDINGS]
    assert {each.id for each in bindings if isinstance(each, Binding)} == PRESSED


@presses("timing.by")
async def test_b_goes_from_callbacks_to_plugins_to_hooks(session: Path, until: Any) -> None:
    async with showing(Playback(session), until) as pilot:
        assert names(pilot) == ["lookup", "normalise", "<lambda>"]
        await pilot.press("b")
        await until(pilot, lambda: names(pilot) == ["billing", "triage"])
        await pilot.press("b")
        await until(pilot, lambda: names(pilot) == ["ticket_data", "ticket_created"])
        assert "by hook" in str(pilot.app.screen.query_one("#list").border_title)
        await pilot.press("b")
        await until(pilot, lambda: names(pilot)[0] == "lookup")


@presses("timing.order")
async def test_t_sorts_and_the_budget_stands_between(session: Path, until: Any) -> None:
    async with showing(Playback(session), until) as pilot:
        await pilot.press("t")
        assert names(pilot) == ["lookup", "normalise", "<lambda>"]
        await pilot.press("t")
        lines = pilot.app.screen.query_one(TimingList)
        assert "over 50 ms" in str(lines.options[1].prompt)
        assert lines.options[1].disabled
        await pilot.press("t")
        assert [each.timing.count for each in lines._shown_lines if each] == [20, 20, 4]
        await pilot.press("t")
        assert "most own time" in str(pilot.app.screen.query_one("#list").border_title)


@presses("timing.raise", "timing.lower")
async def test_plus_and_minus_move_the_budget(session: Path, until: Any) -> None:
    async with showing(Playback(session), until) as pilot:
        assert "over 50 ms" in text(pilot, "#head")
        assert "1 of 20 steps over 50 ms" in text(pilot, "#details")
        assert "1 slow" in str(pilot.app.screen.query_one("#list").border_subtitle)
        await pilot.press("plus")
        assert "over 100 ms" in text(pilot, "#head")
        assert "0 slow" in str(pilot.app.screen.query_one("#list").border_subtitle)
        for _ in range(4):
            await pilot.press("minus")
        await until(pilot, lambda: "20 of 20 steps over 5 ms" in text(pilot, "#details"))
        for _ in range(20):
            await pilot.press("minus")
        assert "over 1 ms" in text(pilot, "#head")


@presses("timing.enter", "timing.down", "timing.up")
@pytest.mark.parametrize(
    ("keys", "query"),
    [
        ((), "callback:lookup hook:ticket_data plugin:billing"),
        (("j", "j", "k"), "callback:normalise hook:ticket_data plugin:triage"),
    ],
)
async def test_enter_answers_the_query_for_the_firings(
    keys: tuple[str, ...], query: str, session: Path, until: Any
) -> None:
    async with showing(Playback(session), until) as pilot:
        chosen = pilot.app.screen.query_one(TimingList)
        await pilot.press(*keys)
        assert chosen.measured is not None
        count = chosen.measured.timing.count
        await pilot.press("enter")
        await until(pilot, lambda: answers(pilot) == [query])
        assert isinstance(pilot.app, Shell)
        assert len(pilot.app.wb.trace.query(query)) == count


async def test_enter_answers_the_query_for_a_plugin_and_a_hook(session: Path, until: Any) -> None:
    for presses, query in ((1, "plugin:billing"), (2, "hook:ticket_data")):
        async with showing(Playback(session), until) as pilot:
            for _ in range(presses):
                before = names(pilot)
                await pilot.press("b")
                await until(pilot, lambda before=before: names(pilot) != before)
            await pilot.press("enter")
            await until(pilot, lambda query=query: answers(pilot) == [query])


@presses("timing.back")
async def test_escape_goes_back(session: Path, until: Any) -> None:
    async with showing(Playback(session), until) as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: answers(pilot) == [None])


@presses("timing.export")
async def test_s_exports_for_speedscope_and_never_overwrites_unasked(
    session: Path, until: Any, tmp_path: Path
) -> None:
    target = tmp_path / "profile.speedscope.json"
    target.write_text("mine", "utf-8")
    async with showing(Playback(session), until) as pilot:
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, FileScreen))
        assert pilot.app.screen.query_one(Input).value == target.name
        await pilot.press("enter")
        await until(pilot, lambda: "exists" in text(pilot, "#said"))
        assert target.read_text("utf-8") == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TimingScreen))
        profile = json.loads(target.read_text("utf-8"))
        assert profile["$schema"].startswith("https://www.speedscope.app")
        assert {"name": "ticket_data"} in profile["shared"]["frames"]


@presses("timing.compare")
async def test_c_compares_with_a_session(session: Path, until: Any, tmp_path: Path) -> None:
    faster = tmp_path / "faster.session"
    steps = [step("lookup", 2, plugin="billing"), step("gone", 1)]
    write(faster, HEADER, [firing(n, "ticket_data", *steps) for n in range(1, 21)])
    async with showing(Playback(session), until) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, FileScreen))
        await pilot.press("enter")
        assert "has no name" in text(pilot, "#said")
        pilot.app.screen.query_one(Input).value = "nowhere.session"
        await pilot.press("enter")
        await until(pilot, lambda: "cannot be read" in text(pilot, "#said"))
        pilot.app.screen.query_one(Input).value = faster.name
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TimingScreen))
        await until(pilot, lambda: "compared with" in text(pilot, "#sections"))
        told = text(pilot, "#sections")
        assert "▲ slower  ticket_data ← billing:lookup  2.000 → 9.250 ms  4.6x" in told
        assert "gone  only before" in told


@presses("timing.again")
async def test_r_measures_what_has_come_since(write: Any, open_workbench: Any, until: Any) -> None:
    write("mine", "from escalated.hooks import add_action\nadd_action('a.b', lambda: None)\n")
    wb = open_workbench()
    async with showing(wb, until) as pilot:
        assert "Nothing has run yet" in text(pilot, "#details")
        wb.fire("a.b", kind="action")
        await pilot.press("r")
        await until(pilot, lambda: names(pilot) == ["<lambda>"])


@presses("timing.edit")
async def test_o_opens_the_line(session: Path, until: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    async with showing(Playback(session), until) as pilot:
        await pilot.press("o")
        said = [str(notice.message) for notice in pilot.app._notifications]
        assert said == ["Set $EDITOR to open files from here."]
        await pilot.press("b")
        await until(pilot, lambda: names(pilot) == ["billing", "triage"])
        await pilot.press("o")
        said = [str(notice.message) for notice in pilot.app._notifications]
        assert said[-1] == "Only a callback stands on a line of a file."


@presses("timing.pane")
async def test_tab_goes_to_the_other_pane_also_where_one_is_shown(
    session: Path, until: Any
) -> None:
    async with showing(Playback(session), until, (60, 20)) as pilot:
        screen = pilot.app.screen
        assert screen.query_one("#list").display
        assert not screen.query_one("#more").display
        await pilot.press("tab")
        assert screen.focused is screen.query_one("#more")
        assert not screen.query_one("#list").display
        await pilot.press("tab")
        assert screen.focused is screen.query_one(TimingList)


async def test_reloads_have_a_verdict(session: Path, until: Any) -> None:
    async with showing(Playback(session), until) as pilot:
        told = text(pilot, "#sections")
        assert "▲ slower  ticket_data ← triage:normalise  0.500 → 1.000 ms  2x" in told
        assert "42.00 ms to load" in told
        assert "This session does not tell the imports" in told


class Importing(Playback):
    """A session whose plugins tell their imports, as those of a workbench do."""

    @property
    def plugins(self) -> dict[str, Plugin]:
        found = super().plugins
        imports = (
            Import("requests", 40 * MS, 8 * MS, 0),
            Import("urllib3", 19 * MS, 19 * MS, 1),
            *(Import(f"small_{n}", MS, MS, 1) for n in range(4)),
        )
        return {**found, "billing": replace(found["billing"], imports=imports)}


async def test_slow_imports_are_named_with_the_cure(session: Path, until: Any) -> None:
    async with showing(Importing(session), until) as pilot:
        told = text(pilot, "#sections")
        assert "import requests  40.00 ms, 8.00 ms itself" in told
        assert "keep plugin.py lightweight" in told
        assert "… 2 more imports" in told


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)], ids=["80x24", "120x40", "60x20"])
async def test_how_it_looks(size: Any, session: Path, until: Any, same_picture: Any) -> None:
    async with showing(Importing(session), until, size) as pilot:
        assert await same_picture(pilot)


async def test_the_budget_looks_like_a_line(session: Path, until: Any, same_picture: Any) -> None:
    async with showing(Playback(session), until, (80, 24)) as pilot:
        await pilot.press("t", "t", "tab")
        await pilot.pause()
        assert await same_picture(pilot)


async def test_nothing_fired_is_said(tmp_path: Path, until: Any, same_picture: Any) -> None:
    path = tmp_path / "empty.session"
    write(path, replace(HEADER, plugins=()), [])
    async with showing(Playback(path), until, (80, 24)) as pilot:
        await pilot.press("enter", "b", "t")
        assert answers(pilot) == []
        assert "Nothing ran in this session." in text(pilot, "#details")
        await until(
            pilot, lambda: "0 plugins" in str(pilot.app.screen.query_one("#list").border_subtitle)
        )
        assert await same_picture(pilot)


async def test_every_key_is_in_help_and_palette(session: Path, until: Any) -> None:
    async with showing(Playback(session), until) as pilot:
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextScreen))
        told = str(pilot.app.screen.query_one(Static).content)
        for words in ("Own time is", "Export for speedscope", "Raise the budget", "Its firings"):
            assert words in told
        await pilot.press("escape")
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
        await pilot.press(*"timingexport", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FileScreen))


class Slow:
    """A trace of very many firings, that come when they are let."""

    def __init__(self, recorded: Any) -> None:
        self.recorded = recorded
        self.given = 0
        self.waits, self.goes, self.ended = (threading.Event() for _ in range(3))

    def __len__(self) -> int:
        return 100_000

    def __iter__(self) -> Iterator[Firing]:
        firing = self.recorded.require(1)
        try:
            for number in range(len(self)):
                self.given = number
                if number == 5_000:
                    self.waits.set()
                    self.goes.wait(30)
                yield firing
        finally:
            self.ended.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.recorded, name)


async def test_keys_are_answered_while_it_reads(session: Path, until: Any) -> None:
    wb = Playback(session)
    trace: Any = Slow(wb.trace)
    wb.trace = trace
    app = Shell(wb)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, trace.waits.is_set)
        await until(pilot, lambda: "reading 4,900 of 100,000 firings…" in text(pilot, "#head"))
        await pilot.press("tab")
        assert app.screen.focused is app.screen.query_one("#more")
        await pilot.press("escape")
        await until(pilot, lambda: app.answers == [None])
        # It ends as soon as it is not wanted.
        trace.goes.set()
        await until(pilot, trace.ended.is_set)
        assert trace.given < 6_000
    wb.close()
