"""The report: one page that says what happened, safe to open, whatever plugins have written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from escalated_core.analysis.query import Query
from escalated_core.records import (
    Call,
    ErrorRecord,
    Finding,
    Firing,
    Frame,
    LogLine,
    Step,
)
from escalated_core.sessions.session import Header, SessionPlugin, read
from escalated_core.sessions.session import write as write_session
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.snapshot import snapshot
from escalated_workbench import Workbench
from escalated_workbench.report import Recording, firing_svg, report
from escalated_workbench.report.page import DETAILS, ROWS

Page = Callable[..., Any]

HOSTILE = "</script></style></pre><img src=x onerror=alert(1)>\"'&\u202e\x1b[31mred\x00\ud800]]>"
HEADER = Header(
    {"workbench": "0.1"}, "guide", 0, "/x", 1e9, (SessionPlugin("a", "1", "local", 1, {}),)
)
STEP = Step("a", "shout", "/a/plugin.py", 3, 10, "ok", 2_000_000)


def fired(
    number: int = 1, before: Any = "Hello world", after: Any = "Hello there", **more: Any
) -> Firing:
    pictures = snapshot(before), snapshot(after)
    step = replace(STEP, before=pictures[0], after=pictures[1], changes=changes(*pictures))
    given: dict[str, Any] = {
        "id": number,
        "hook": "ticket_subject",
        "kind": "filter",
        "cause": "workbench",
        "parent_id": None,
        "depth": 0,
        "thread": "plugins",
        "args": (pictures[0],),
        "kwargs": snapshot({}),
        "steps": (step,),
        "result": pictures[1],
        "started_at": 1e9,
        "duration_ns": 4_000_000,
    }
    return Firing(**{**given, **more})


def hostile() -> Firing:
    """A firing with hostile text wherever text can be."""
    frame = Frame(HOSTILE, 1, HOSTILE, ((1, HOSTILE),), locals=((HOSTILE, HOSTILE),))
    step = replace(
        fired(1, {HOSTILE: HOSTILE}, {HOSTILE: HOSTILE + "!", "new": {HOSTILE}}).steps[0],
        plugin=HOSTILE,
        callback=HOSTILE,
        file=HOSTILE,
        outcome="error",
        error=ErrorRecord(HOSTILE, HOSTILE, (frame,), ErrorRecord(HOSTILE, HOSTILE)),
        output=HOSTILE,
        logs=(LogLine(HOSTILE, HOSTILE, HOSTILE, 0, HOSTILE, 1),),
        calls=(Call("query", HOSTILE, 0, 1),),
    )
    return fired(1, HOSTILE, hook=HOSTILE, cause=HOSTILE, thread=HOSTILE, steps=(step,))


@pytest.fixture
def read_page(read_html: Callable[..., Any]) -> Page:
    """`read_page(text)` is the page that this report is."""
    return lambda text: read_html(text, void={"meta", "img", "br", "link", "input"})


@pytest.fixture
def page(read_page: Page) -> Page:
    """`page(firing, ...)` is the report of these firings."""

    def of(*firings: Firing, findings: tuple[Finding, ...] = (), query: str | None = None) -> Any:
        asked = None if query is None else Query.parse(query)
        return read_page(report(Recording(HEADER, firings, findings), asked))

    return of


def test_a_page_says_what_happened(page: Page) -> None:
    frame = Frame("/a/plugin.py", 4, "shout", ((4, "    raise ValueError"),), locals=(("n", 7),))
    failed = replace(
        STEP,
        outcome="error",
        error=ErrorRecord("ValueError", "no such price", (frame,)),
        output="counted\n",
        logs=(LogLine("WARNING", "billing", "late", 0, "f", 1),),
        calls=(Call("query", "SELECT 1", 0, 5_000_000),),
        returned_none=True,
    )
    finding = Finding("hook.unknown", "warning", "No such hook.")
    shown = page(
        fired(1), fired(2, steps=(failed,)), fired(3, parent_id=2, depth=1), findings=(finding,)
    )
    for words in (
        "#1 ticket_subject",
        "Hello ",
        "world",
        "there",
        "2.00 ms",
        "ValueError: no such price",
        "raise ValueError",
        "counted",
        "billing: late",
        "SELECT 1",
        "Returned None",
        "in #2",
        "#3 ticket_subject",
        "No such hook.",
        "a 1",
        "plugin.py:4 in shout",
    ):
        assert words in shown.words, words
    targets = {a["href"] for a in shown.all("a")}
    anchors = {f"#{name}" for name in shown.values("id")}
    assert targets <= anchors
    assert {"#firing-1", "#firing-2", "#firing-3"} <= targets


def test_a_page_is_self_contained_and_has_landmarks(read_page: Page) -> None:
    text = report(Recording(HEADER, [hostile()]))
    shown = read_page(text)
    assert not shown.names & {"script", "img", "link", "iframe", "object", "base", "form"}
    assert {"header", "main", "footer", "title"} <= shown.names
    assert shown.all("html") == [{"lang": "en"}]
    assert not re.search(r"url\(|@import|https?://", text)
    assert "default-src 'none'" in text
    ids = shown.values("id")
    assert len(ids) == len(set(ids))


def test_hostile_text_stays_text(page: Page) -> None:
    shown = page(hostile(), findings=(Finding("a", "error", HOSTILE, HOSTILE),))
    assert "<img src=x onerror=alert(1)>" in shown.words
    assert shown.values("onerror") + shown.values("src") == []
    assert "\\u202e" in shown.words
    assert "␛[31mred␀\\ud800" in shown.words
    for harmful in "\u202e\x1b\x00\ud800":
        assert harmful not in shown.words


def test_a_picture_is_well_formed_and_hostile_text_stays_text() -> None:
    for firing in (fired(), hostile(), fired(steps=()), fired(2, {"password": "hunter2"}, None)):
        text = firing_svg(firing)
        root = ElementTree.fromstring(text)
        assert {each.tag.rpartition("}")[2] for each in root.iter()} <= {
            "svg",
            "title",
            "style",
            "rect",
            "text",
        }
        assert "hunter2" not in text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "Hello world" in firing_svg(fired())


def test_secrets_are_masked_without_a_file_between(page: Page) -> None:
    shown = page(fired(1, {"token": "abc123456"}, "sent abc123456"))
    assert "abc123456" not in shown.words
    assert "‹masked›" in shown.words


def test_a_long_session_stays_usable(read_page: Page) -> None:
    firings = [fired(number, "same", "same", duration_ns=number) for number in range(1, ROWS + 101)]
    firings[4] = hostile_at = fired(5, steps=(replace(STEP, outcome="error"),))
    firings[6] = fired(7, "a", "b")
    text = report(Recording(HEADER, firings))
    shown = read_page(text)
    assert len(text) < 6_000_000
    assert len(shown.all("article")) == DETAILS
    assert f"{DETAILS:,} of {len(firings):,} firings are shown in full" in shown.words
    assert f"Only the first {ROWS:,} are listed; 100 are left out." in shown.words
    anchors = {attributes["id"] for attributes in shown.all("h3") if "id" in attributes}
    assert {f"firing-{hostile_at.id}", "firing-7", f"firing-{ROWS + 100}"} <= anchors


def test_large_values_and_texts_are_cut_with_a_mark(page: Page) -> None:
    shown = page(fired(1, {"rows": list(range(10_000))}, {"text": "x" * 19_000}))
    assert "more is not shown" in shown.words
    assert "more characters" in shown.words


def test_a_query_chooses(page: Page) -> None:
    shown = page(fired(1), fired(2, hook="other"), query="hook:other")
    assert "#2 other" in shown.words
    assert "#1" not in shown.words
    assert "hook:other" in shown.words


def test_nothing_fired_is_a_page_too(page: Page) -> None:
    assert "Nothing was fired." in page().words


def test_a_live_workbench_and_its_session_look_the_same(
    write: Callable[..., Path], root: Path, tmp_path: Path
) -> None:
    write("a", "from escalated.hooks import on_filter\n@on_filter('a.x')\ndef f(x): return {**x}\n")
    path = tmp_path / "a.session"
    with Workbench(root) as workbench:
        firing = workbench.fire("a.x", {"when": 1.5, "tags": ("x",)}, kind="filter")
        write_session(path, HEADER, workbench.trace)
    with read(path) as session:
        assert session.get(firing.id) == firing
        assert firing_svg(firing) == firing_svg(session.get(firing.id))  # type: ignore[arg-type]
        again = [each for each in session if each.id == firing.id]
    assert report(Recording(HEADER, [firing])) == report(Recording(HEADER, again))


def test_a_browser_shows_it(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no chromium is installed")
    path = tmp_path / "page.html"
    path.write_text(report(Recording(HEADER, [hostile()])), "utf-8")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-extensions",
        "--no-first-run",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    shown = subprocess.run(
        [browser, *flags, "--dump-dom", path.as_uri()],
        env={**os.environ, "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=90,
        check=True,
    )
    assert "#firing-1" in shown.stdout
    assert "<img" not in shown.stdout
