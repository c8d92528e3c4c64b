"""Saving a session from the terminal: asked for, never over a file by chance, with its report."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, Static

from escalated_core.sessions.session import read
from escalated_workbench.playback import Playback
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.compose import ComposeScreen
from escalated_workbench.tui.screens.happenings import EventScreen
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.screens.save import FileScreen, SaveScreen, StoryScreen

pytestmark = pytest.mark.anyio

CODE = """
from escalated.hooks import add_filter

add_filter("note", lambda note: {**note, "done": True})
"""


class Shell(WorkbenchApp):
    """Shows nothing but the dialog."""

    def __init__(self, wb: Any) -> None:
        super().__init__(wb)
        self.wb = wb
        self.answers: list[Path | None] = []

    def _open(self) -> None:
        self.push_screen(SaveScreen(self.wb), self.answers.append)


@pytest.fixture
def wb(write: Any, open_workbench: Any) -> Any:
    """A workbench with three firings, one of which has a secret."""
    write("mine", CODE)
    wb = open_workbench()
    for _ in range(3):
        wb.fire("note", {"password": "hunter2hunter2"}, kind="filter")
    return wb


@asynccontextmanager
async def asking(wb: Any, until: Any, size: Any = (80, 24)) -> AsyncIterator[Pilot[int]]:
    app = Shell(wb)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        yield pilot


def name(pilot: Pilot[int]) -> Input:
    return pilot.app.screen.query_one(Input)


def said(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one("#said", Static).content)


def answers(pilot: Pilot[int]) -> list[Path | None]:
    assert isinstance(pilot.app, Shell)
    return pilot.app.answers


def told(pilot: Pilot[int]) -> str:
    return "\n".join(str(notice.message) for notice in pilot.app._notifications)


def test_every_key_is_pressed_here() -> None:
    bindings = [*FileScreen.BINDINGS, *SaveScreen.BINDINGS]
    ids = {each.id for each in bindings if isinstance(each, Binding)}
    assert ids == {"file.close", "save.gz", "save.report"}


async def test_enter_saves_what_is_recorded_without_secrets(wb: Any, until: Any) -> None:
    async with asking(wb, until) as pilot:
        assert re.fullmatch(r"session-\d{8}-\d{6}\.session", name(pilot).value)
        words = str(pilot.app.screen.query(Static).first().content)
        assert f"{len(wb.trace)} firings" in words
        assert "Secrets are masked" in words
        await pilot.press("enter")
        await until(pilot, lambda: answers(pilot))
        path = answers(pilot)[0]
        assert path is not None
        assert f"Saved {len(wb.trace)} firings: {path} (" in told(pilot)
        assert "hunter2hunter2" not in path.read_text("utf-8")
        with read(path) as session:
            assert session.ids == [firing.id for firing in wb.trace]


async def test_a_file_is_overwritten_by_a_second_enter_only(
    wb: Any, until: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.session").write_text("mine", "utf-8")
    (tmp_path / "b.session").write_text("mine", "utf-8")
    async with asking(wb, until) as pilot:
        name(pilot).value = "a.session"
        await pilot.press("enter")
        await until(pilot, lambda: "a.session exists. Press enter once more" in said(pilot))
        # Another name was not confirmed.
        name(pilot).value = "b.session"
        await pilot.pause()
        assert said(pilot) == ""
        await pilot.press("enter")
        await until(pilot, lambda: "b.session exists" in said(pilot))
        assert (tmp_path / "b.session").read_text("utf-8") == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: answers(pilot) == [Path("b.session")])
        assert (tmp_path / "a.session").read_text("utf-8") == "mine"
        read(tmp_path / "b.session").close()


async def test_ctrl_g_compresses_and_ctrl_t_reports(wb: Any, until: Any, tmp_path: Path) -> None:
    async with asking(wb, until) as pilot:
        name(pilot).value = "a.session"
        await pilot.press("ctrl+g", "ctrl+t")
        await pilot.pause()
        assert name(pilot).value == "a.session.gz"
        await pilot.press("ctrl+g")
        await pilot.pause()
        assert name(pilot).value == "a.session"
        name(pilot).value = "a.session.gz"
        await pilot.pause()
        assert pilot.app.screen.query_one("#gz", Checkbox).value
        (tmp_path / "a.html").write_text("mine", "utf-8")
        await pilot.press("enter")
        await until(pilot, lambda: "a.html exists" in said(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: answers(pilot))
        assert (tmp_path / "a.session.gz").read_bytes()[:2] == b"\x1f\x8b"
        page = (tmp_path / "a.html").read_text("utf-8")
        assert page.startswith("<!doctype html>")
        assert "hunter2hunter2" not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("  ", "The file has no name. Type one."),
        (".", "is a folder. Add the name of a file."),
        ("nowhere/a.session", "There is no folder nowhere. Make it, or name another."),
        ("x" * 300, "File name too long"),
        ("/proc/a.session", "cannot be written"),
    ],
)
async def test_what_cannot_be_written_is_said_with_the_cure(
    typed: str, words: str, wb: Any, until: Any
) -> None:
    async with asking(wb, until) as pilot:
        name(pilot).value = typed
        await pilot.press("enter")
        await until(pilot, lambda: words in said(pilot))
        assert said(pilot).startswith("✖")
        name(pilot).value = "good.session"
        await pilot.press("enter")
        await until(pilot, lambda: answers(pilot) == [Path("good.session")])


async def test_escape_closes(wb: Any, until: Any, tmp_path: Path) -> None:
    async with asking(wb, until) as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: answers(pilot) == [None])
        assert list(tmp_path.glob("*.session")) == []


async def test_escape_stops_what_has_begun_and_leaves_nothing(
    wb: Any, until: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    waits, goes = threading.Event(), threading.Event()
    real = wb.trace

    class Slow:
        """The trace; its second firing comes late."""

        def __len__(self) -> int:
            return 200

        def __iter__(self) -> Any:
            for number in range(200):
                if number == 150:
                    waits.set()
                    goes.wait(30)
                yield real[-1]

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    monkeypatch.setattr(wb, "trace", Slow())
    async with asking(wb, until) as pilot:
        await pilot.press("enter")
        await until(pilot, waits.is_set)
        await until(pilot, lambda: "100 of 200 firings. Escape stops it." in said(pilot))
        await pilot.press("enter", "escape")
        await until(pilot, lambda: said(pilot) == "Stopping…")
        goes.set()
        await until(pilot, lambda: said(pilot) == "Stopped. Nothing was written.")
        assert [each.name for each in tmp_path.iterdir() if each.is_file()] == []
        await pilot.press("escape")
        await until(pilot, lambda: answers(pilot) == [None])


async def test_what_was_dropped_is_said(wb: Any, until: Any) -> None:
    wb.trace.capacity = 2
    wb.fire("note", {}, kind="filter")
    async with asking(wb, until) as pilot:
        words = str(pilot.app.screen.query(Static).first().content)
        assert f"{wb.trace.dropped} firings were dropped as the trace was full." in words


async def test_a_saved_session_is_saved_again(wb: Any, until: Any, tmp_path: Path) -> None:
    wb.save("one.session")
    with Playback("one.session") as playback:
        async with asking(playback, until) as pilot:
            name(pilot).value = "one.session"
            await pilot.press("enter", "enter")
            await until(pilot, lambda: answers(pilot))
        with read("one.session") as again:
            assert again.header == playback.trace.header
            assert list(again) == list(playback.trace)
            assert again.reloads == playback.reloads


@pytest.mark.parametrize("size", [(80, 24), (60, 14)], ids=["80x24", "60x14"])
async def test_how_it_looks(
    size: Any, wb: Any, until: Any, tmp_path: Path, same_picture: Any
) -> None:
    (tmp_path / "a.session").touch()
    async with asking(wb, until, size) as pilot:
        await pilot.press("ctrl+t")
        name(pilot).value = "a.session"
        await pilot.press("enter")
        await until(pilot, lambda: "exists" in said(pilot))
        assert await same_picture(pilot)


async def make_happen(pilot: Pilot[int], until: Any, event: str) -> None:
    """Have an event happen as somebody does who is at the keyboard."""
    shows = lambda kind: lambda: isinstance(pilot.app.screen, kind)  # noqa: E731
    before = len(pilot.app.screen.wb.trace)
    await pilot.press("e")
    await until(pilot, shows(EventScreen))
    name(pilot).value = event
    await pilot.pause()
    await pilot.press("enter")
    await until(pilot, shows(ComposeScreen))
    await pilot.press("ctrl+g")
    await until(pilot, shows(MainScreen))
    await until(pilot, lambda: len(pilot.app.screen.wb.trace) > before)


async def test_what_happened_is_saved_as_a_story_that_runs(
    running: Any, until: Any, write: Any, root: Path, tmp_path: Path
) -> None:
    write("mine", CODE)
    async with running((80, 24)) as pilot:
        offered = {each.title for each in pilot.app.get_system_commands(pilot.app.screen)}
        assert "workbench: Save what happened as a story" in offered
        wb = pilot.app.wb
        await pilot.press("S")
        await until(pilot, lambda: isinstance(pilot.app.screen, StoryScreen))
        assert re.fullmatch(r"story-\d{8}-\d{6}\.yaml", name(pilot).value)
        await pilot.press("enter")
        await until(pilot, lambda: "No event has been recorded" in said(pilot))
        assert not list(tmp_path.glob("*.yaml"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))

        await make_happen(pilot, until, "ticket.create")
        (tmp_path / "a b.yaml").write_text("mine", "utf-8")
        await pilot.press("S")
        await until(pilot, lambda: isinstance(pilot.app.screen, StoryScreen))
        name(pilot).value = str(root / "mine" / "a.yaml")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "is in the plugins folder. Press enter once" in said(pilot))
        name(pilot).value = "a b.yaml"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "a b.yaml exists. Press enter once more" in said(pilot))
        assert (tmp_path / "a b.yaml").read_text("utf-8") == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
        assert "To run it: escalated-workbench event run 'a b.yaml'" in told(pilot)
        assert not (root / "mine" / "a.yaml").exists()
        result = await asyncio.to_thread(wb.run_story, Path("a b.yaml"))
        assert result.ok
        assert [step.name for step in result.steps] == ["ticket.create"]


async def test_a_story_is_written_among_the_plugins_by_a_second_enter(
    running: Any, until: Any, write: Any, root: Path
) -> None:
    write("mine", CODE)
    async with running((80, 24)) as pilot:
        await make_happen(pilot, until, "ticket.list")
        await pilot.press("S")
        await until(pilot, lambda: isinstance(pilot.app.screen, StoryScreen))
        name(pilot).value = str(root / "a.yaml")
        await pilot.pause()
        await pilot.press("enter", "enter")
        await until(pilot, (root / "a.yaml").exists)
