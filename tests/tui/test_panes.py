"""Every pane in dark, light and without colour: as it was pictured, and all of it legible."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.color import blend_rgb
from rich.segment import Segment
from rich.terminal_theme import DIMMED_MONOKAI
from textual.pilot import Pilot
from textual.widgets import Input

from escalated_core.records import (
    Call,
    Change,
    ErrorRecord,
    Finding,
    Firing,
    Frame,
    LogLine,
    Reload,
    Step,
)
from escalated_core.sessions.lines import SessionPlugin
from escalated_core.sessions.session import Header, write
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.snapshot import snapshot
from escalated_workbench.playback import Playback
from escalated_workbench.tui.app import WorkbenchApp
from escalated_workbench.tui.screens.confirm import ConfirmScreen
from escalated_workbench.tui.screens.fire import FireScreen
from escalated_workbench.tui.screens.main import MainScreen
from escalated_workbench.tui.widgets.inspector import Inspector, Ladder
from escalated_workbench.tui.widgets.timings import TimingList

pytestmark = pytest.mark.anyio

MS = 1_000_000
START = 1e9
PLUGINS = (
    SessionPlugin("billing", "2.1.0", "local", 1, {"plugin.py": "0"}),
    SessionPlugin("broken", "0.1.0", "local", 0, {"plugin.py": "0"}),
    SessionPlugin("slack-notify", "1.0.0", "composer", 0, {"slack/plugin.py": "0"}),
    SessionPlugin("triage", "1.2.0", "local", 2, {"plugin.py": "0"}),
)
SYNTAX = ErrorRecord(
    "SyntaxError",
    "'(' was never closed",
    (Frame("/x/broken/plugin.py", 3, "<module>", ((3, "def broken("),), 11),),
)
LOADS = [
    Reload(1, "billing", "start", (), 1, ("filter ticket_data",), (), START, 42 * MS),
    Reload(2, "broken", "start", (), 0, (), (), START, MS, error=SYNTAX),
    Reload(3, "triage", "start", (), 1, ("filter ticket_data",), (), START, 3 * MS),
    Reload(
        4, "triage", "save", ("plugin.py",), 2, ("action ticket_created",), ("filter a",),
        START + 9, 11 * MS, output="loading the rules\n",
    ),
]  # fmt: skip
FINDINGS = [
    Finding(
        "plugin-failed", "error", "SyntaxError: '(' was never closed", "Close it.",
        "broken", "/x/broken/plugin.py", 3, 11,
    ),
    Finding(
        "surplus-arguments", "warning", "on_created(ticket) takes 1 of the 2 arguments",
        "Add a parameter for user.", "triage", "/x/triage/plugin.py", 30,
    ),
    Finding("author-url", "info", "author_url is not a field of the guide", "", "billing",
            "/x/billing/plugin.json", 6, 3),
]  # fmt: skip
LONG = "The printer on the second floor prints every page twice, and then it stops. " * 2
RAW = {
    "subject": "RE: the printer is on fire", "description": LONG, "tags": ["hardware"],
    "priority": "low", "requester": {"name": "Ada", "email": "ada@example.com"},
}  # fmt: skip
TIDY = {**RAW, "subject": "the printer is on fire", "description": LONG.replace("twice", "thrice")}
TAGGED = {**TIDY, "tags": ["hardware", "vip"], "priority": "urgent"}
TICKET = {"id": 7, "reference": "ESC-7", "subject": "the printer is on fire", "status": "open"}
STEP = Step("triage", "normalise", "/x/triage/plugin.py", 12, 10, "ok", MS, own_ns=MS, generation=2)


def step(before: Any, after: Any, name: str, took: float, at: float = 0, **more: Any) -> Step:
    """A step that took so many milliseconds, and what became of the value."""
    one, other = snapshot(before), snapshot(after)
    found = changes(one, other) if before is not None else ()
    took_ns = round(took * MS)
    return replace(
        STEP, callback=name, before=one, after=other, changes=found, duration_ns=took_ns,
        own_ns=took_ns, at_ns=round(at * MS), **more,
    )  # fmt: skip


def touched(position: int, **fields: Any) -> tuple[Change, ...]:
    """What became of the ticket where it is an argument that is changed in place."""
    found = changes(snapshot(TICKET), snapshot({**TICKET, **fields}))
    return tuple(replace(change, path=(position, *change.path)) for change in found)


def firing(number: int, hook: str, kind: Any, args: Any, steps: list[Step], **more: Any) -> Firing:
    """A firing that is as long as its steps."""
    took = sum(each.duration_ns for each in steps)
    result = steps[-1].after if steps and kind == "filter" else None
    made = Firing(
        number, hook, kind, "workbench", None, 0, "plugins", tuple(map(snapshot, args)),
        snapshot({}), tuple(steps), result, START + number, took,
    )  # fmt: skip
    return replace(made, **more)


def failure() -> ErrorRecord:
    """A KeyError of a helper, with its caller and its cause."""
    caller = Frame(
        "/x/billing/plugin.py", 41, "lookup",
        ((40, "def lookup(data, ticket):"), (41, "    return {**data, **plan_of(data)}")), 21,
    )  # fmt: skip
    helper = Frame(
        "/x/billing/plans.py", 12, "plan_of",
        (
            (11, "    # Every customer has a plan, or so it was said when this was written."),
            (12, '    plan = PLANS[data["plan"]]'), (13, "    return plan"),
        ), 18,
        tuple((name, snapshot(value)) for name, value in {"data": TAGGED, "user": None}.items()),
    )  # fmt: skip
    cause = ErrorRecord("LookupError", "no row for ada@example.com", (caller,))
    return ErrorRecord("KeyError", "'plan'", (caller, helper), cause)


def rich(number: int) -> Firing:
    """A filter that is tidied, tagged, fails, is slow with many queries, and writes a lot."""
    args = [RAW, TICKET]
    at = START + number
    trouble = "no plan\nTraceback (most recent call last):\n  ...\nKeyError: 'plan'"
    logs = (
        LogLine("DEBUG", "triage", "3 rules", at + 0.004, STEP.file, 20, "plugins", 8),
        LogLine("INFO", "triage", "tagged vip", at + 0.005, STEP.file, 21, "helper", 8),
        LogLine(
            "WARNING", "triage.rules", "rule 2 is old", at + 0.006, STEP.file, 22, "plugins", 8
        ),
        LogLine("ERROR", "triage", trouble, at + 0.007, STEP.file, 23, "plugins", 8),
    )
    query = "SELECT name FROM escalated_tag WHERE ticket_id = 7"
    calls = tuple(Call("query", query, n * MS, MS // 2) for n in range(5))
    calls += (Call("http", "POST https://billing.example.com/plans 503", 6 * MS, 60 * MS),)
    host = {"plugin": None, "file": "/x/host.py"}
    return firing(number, "ticket_data", "filter", args, [
        step(RAW, TIDY, "normalise", 0.11, 0.02, priority=5),
        step(TIDY, TAGGED, "tag_vip", 1.5, 0.2, touched=touched(1, seen=True),
             output="looking\ndone\n", logs=logs),
        step(TAGGED, TAGGED, "lookup", 2.25, 1.8, plugin="billing", outcome="error",
             error=failure(), file="/x/billing/plugin.py", line=40, generation=1),
        step(TAGGED, TAGGED, "fetch_a_plan_from_elsewhere", 71.5, 4.1, priority=20, calls=calls),
        step(TAGGED, TAGGED, "give_up", 0.01, 76, priority=30, outcome="interrupted", **host),
    ])  # fmt: skip


def recorded() -> list[Firing]:
    """Everything: plugins that come, nested firings, a filter time and again."""
    again = [
        firing(n, "ticket_data", "filter", [RAW, TICKET], [step(RAW, TIDY, "normalise", n / 10)])
        for n in range(3, 9)
    ]
    nested = step(["a"], ["a", "b"], "add_tag", 0.25)
    return [
        firing(1, "plugin_loaded", "action", ["billing", {}], [], cause="lifecycle"),
        firing(2, "plugin_loaded", "action", ["triage", {}], [], cause="lifecycle"),
        *again,
        firing(9, "ticket_created", "action", [TICKET, None],
               [step(None, None, "on_created", 3.5, touched=touched(0, status="closed"))]),
        firing(10, "ticket_tags", "filter", [["a"]], [nested], parent_id=9, depth=1,
               cause="plugin:triage"),
        firing(11, "ticket_updated", "action", [TICKET], []),
        rich(12),
    ]  # fmt: skip


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A session with something on every pane."""
    header = Header({"workbench": "0.1"}, "guide", 0, "/x/plugins/escalated", START, PLUGINS)
    path = tmp_path / "known.session"
    write(path, header, [*LOADS, *FINDINGS, *recorded()])
    return path


@pytest.fixture
def greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of the pictures."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@asynccontextmanager
async def showing(
    session: Path, until: Any, mode: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pilot[int]]:
    """The session, with its last firing selected."""
    if mode == "no-colour":
        monkeypatch.setenv("NO_COLOR", "1")
    app = WorkbenchApp(Playback(session))
    app.theme = "textual-light" if mode == "light" else "textual-dark"
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: isinstance(app.screen, MainScreen))
            inspector = app.screen.query_one(Inspector)
            await until(pilot, lambda: inspector.firing and inspector.firing.id == 12)
            yield pilot
    finally:
        app.close_workbench()


def keys(*pressed: str) -> Callable[[Any, Any], Awaitable[None]]:
    """A pane that is shown by keys."""

    async def press(pilot: Any, _: Any) -> None:
        await pilot.press(*pressed)

    return press


def page(index: int | None, *pressed: str) -> Callable[[Any, Any], Awaitable[None]]:
    """A page of the inspector about the step with this index, or about the whole firing."""

    async def go(pilot: Any, until: Any) -> None:
        inspector = pilot.app.screen.query_one(Inspector)
        inspector.query_one(Ladder).highlighted = index
        inspector.query_one(Ladder).focus()
        await pilot.pause()
        await pilot.press(*pressed)
        if inspector.tab == "time" and index is not None:
            static = inspector.page.query_one("Static")
            await until(pilot, lambda: "p95" in str(static.content))

    return go


async def listed(pilot: Any, until: Any) -> None:
    """Rows that lead to steps are found on a thread."""
    await until(pilot, lambda: getattr(pilot.app.screen, "is_done", False))


async def life(pilot: Any, until: Any) -> None:
    await page(0, "d", "tab", "enter")(pilot, until)
    await listed(pilot, until)


async def writers(pilot: Any, until: Any) -> None:
    await page(0, "d", "W")(pilot, until)
    await listed(pilot, until)


async def compared(pilot: Any, until: Any) -> None:
    await page(0, "c", "left_square_bracket", "left_square_bracket")(pilot, until)
    await pilot.press("left_square_bracket", "left_square_bracket")
    inspector = pilot.app.screen.query_one(Inspector)
    await until(pilot, lambda: inspector.firing.id == 8)
    await pilot.press("c")


async def timing(pilot: Any, until: Any) -> None:
    await pilot.press("t")
    await until(pilot, lambda: pilot.app.screen.query(TimingList))
    await until(pilot, lambda: pilot.app.screen.query_one(TimingList).measured)


async def save(pilot: Any, _: Any) -> None:
    await pilot.press("ctrl+s")
    pilot.app.screen.query_one(Input).value = "a.session"


PANES: dict[str, Callable[[Any, Any], Awaitable[None]]] = {
    "plugins": keys("d", "right", "down", "right"),
    "hooks": keys("d", "2"),
    "findings": keys("d", "3"),
    "timeline": keys("d", "tab", "home", "end", "up", "P"),
    "value": page(0, "d", "tab"),
    "value-whole": page(None, "d"),
    "pinned": page(1, "d", "tab", "down", "full_stop"),
    "args": page(1, "g", "tab"),
    "error": page(2, "w", "tab"),
    "output": page(1, "p", "tab"),
    "output-filter": page(1, "p", "tab", "slash", "r", "u", "l", "e"),
    "time": page(3, "T"),
    "time-whole": page(None, "T"),
    "filter": keys("d", "slash", *"outcome:"),
    "filter-slip": keys("d", "slash", *"hok:ticket_*"),
    "filtered": keys("d", "slash", *"plugin:billing", "enter"),
    "hide": keys("d", "tab", "h"),
    "life": life,
    "writers": writers,
    "compared": compared,
    "timing": timing,
    "help": keys("f1"),
    "loads": keys("d", "l"),
    "save": save,
}
SMALL, LARGE = (80, 24), (120, 40)
MODES = {"dark": SMALL, "light": SMALL, "no-colour": SMALL, "dark-120x40": LARGE}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pane", PANES)
@pytest.mark.usefixtures("greenwich")
async def test_how_it_looks(
    pane: str, mode: str, session: Path, until: Any, monkeypatch: Any, same_picture: Any
) -> None:
    async with showing(session, until, mode, MODES[mode], monkeypatch) as pilot:
        await PANES[pane](pilot, until)
        assert await same_picture(pilot)
        assert not faint(pilot)


async def nothing(pilot: Any, until: Any) -> None:
    """As it is at first."""


async def uninstalling(pilot: Any, until: Any) -> None:
    pilot.app.push_screen(ConfirmScreen("Uninstall mine and DELETE plugins/escalated/mine?"))
    await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))


async def firing_dialog(pilot: Any, until: Any) -> None:
    await pilot.press("f", *"ticket_status")
    await until(pilot, lambda: isinstance(pilot.app.screen, FireScreen))


LIVE = {"no-plugins": nothing, "waiting": nothing, "fire": firing_dialog, "confirm": uninstalling}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pane", LIVE)
@pytest.mark.usefixtures("frozen")
async def test_how_it_looks_live(
    pane: str, mode: str, write: Any, running: Any, until: Any, monkeypatch: Any, same_picture: Any
) -> None:
    """What a saved session never shows."""
    if mode == "no-colour":
        monkeypatch.setenv("NO_COLOR", "1")
    if pane in ("fire", "confirm"):
        write("mine", "from escalated.hooks import *\nadd_action('ticket_created', print)\n")
    theme = "textual-light" if mode == "light" else "textual-dark"
    path = Path("not-yet/plugins") if pane == "waiting" else None
    async with running(MODES[mode], path, theme) as pilot:
        await LIVE[pane](pilot, until)
        assert await same_picture(pilot)
        assert not faint(pilot)


def faint(pilot: Any) -> list[tuple[str, float]]:
    """The texts and glyphs that can hardly be read, of all that is not behind a dialog."""
    app = pilot.app
    strips = app.screen._compositor.render_strips()
    for each in app._filters:
        strips = [strip.apply_filter(each, app.screen.background_colors[1]) for strip in strips]
    box = app.screen.children[-1].region if app.screen.is_modal else app.screen.region
    strips = [strip.crop(box.x, box.right) for strip in strips[box.y : box.bottom]]
    shown = [segment for strip in strips for segment in strip if segment.text.strip()]
    found = {(segment.text.strip(), round(contrast(segment), 2)) for segment in shown}
    return sorted((text, ratio) for text, ratio in found if ratio < least(text))


def least(text: str) -> float:
    """WCAG 2: a text needs more than a border, a bar or a sign."""
    return 4.5 if any(character.isalnum() for character in text) else 3.0


def contrast(segment: Segment) -> float:
    """From 1, the same, to 21, black and white."""
    assert segment.style is not None
    both = segment.style.color, segment.style.bgcolor
    colors = [each.get_truecolor(DIMMED_MONOKAI) for each in both if each is not None]
    assert len(colors) == 2
    if segment.style.reverse:
        colors.reverse()
    if segment.style.dim:
        colors[0] = blend_rgb(colors[1], colors[0], 0.5)
    light, dark = sorted(map(luminance, colors), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: tuple[int, int, int]) -> float:
    parts = [value / 255 for value in color]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
