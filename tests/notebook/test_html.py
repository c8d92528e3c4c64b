"""What the workbench returns, as HTML and as tables, without any notebook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from escalated_core.analysis.moments import Link, Since, Stand
from escalated_core.analysis.rows import PastRow
from escalated_core.analysis.tabular import Records
from escalated_core.records import (
    Callback,
    Change,
    Comparison,
    Difference,
    Effect,
    ErrorRecord,
    Finding,
    Frame,
    Happened,
    LogLine,
    Pace,
    Run,
    Standing,
    Step,
    Turnover,
)
from escalated_core.replay.comparing import compare, run_of
from escalated_core.sessions.session import read
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.stories.fuzz_result import Bug, FuzzResult
from escalated_core.stories.result import Expectation, StepResult, StoryResult
from escalated_core.stories.story import Story
from escalated_workbench import UsageError, Workbench, WorkbenchError, display
from escalated_workbench.notebook.cards import CARDS
from escalated_workbench.notebook.columns import COLUMNS
from escalated_workbench.notebook.tables import SHOWN
from escalated_workbench.notebook.texts import TEXTS

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Page = Callable[[Any], Any]

HOSTILE = "</style></pre><img src=x onerror=alert(1)>\"'&\u202e\x1b[31m\x00\ud800]]>"
FILTER = """
from escalated.hooks import add_filter

def polish(data, ticket):
    print("polishing")
    return {**data, "subject": data["subject"].strip()}

def burst(data, ticket):
    raise ValueError(data["subject"])

add_filter("ticket_data", polish)
add_filter("ticket_data", burst)
"""


@pytest.fixture
def page(read_html: Callable[[str], Any]) -> Page:
    """`page(record)` is what a notebook shows of it."""
    return lambda record: read_html(record._repr_html_())


@pytest.fixture
def wb(write: Write, open_workbench: Open) -> Workbench:
    write("billing", FILTER)
    workbench = open_workbench()
    workbench.fire("ticket_data", {"subject": f" {HOSTILE}"}, workbench.helpdesk.ticket(1))
    return workbench


def everything(wb: Workbench) -> Iterator[Any]:
    """One of each thing that the workbench returns."""
    firing = wb.trace[-1]
    happened = wb.event("ticket.create", subject=HOSTILE.replace("\ud800", ""))
    yield from (wb, wb.plugins, wb.plugins["billing"], wb.hooks, wb.hooks[0], wb.findings)
    yield from (wb.events, wb.reloads, wb.reloads[0], wb.trace, wb.trace.query(""), firing)
    yield from (firing.steps[0], firing.steps[0].changes[0], firing.error, firing.result)
    yield from (firing.args[1], happened, wb.helpdesk, wb.helpdesk.rows("ticket"), wb.ui)
    yield from (wb.trace.timings(), wb.trace.timings()[0], wb.trace.slower_since_reload("billing"))
    yield from (wb.trace.compare(firing.id, happened[0].id), wb.require_hook("ticket_data")[0])
    moment = wb.at(firing, 0)
    yield from (moment, moment.changed_since, moment.plugins, moment.chain[0], moment.rows)
    yield from (*moment.rows[:1], wb.history, wb.history[0], moment.plugins["billing"])
    wb.whatif.mute("ticket_data", callback="polish")
    matrix = wb.whatif.matrix("ticket_data", kind="filter")
    yield from (wb.whatif, wb.whatif[0], wb.whatif.compare("ticket_data"), matrix)
    yield matrix.trials[0]
    wb.whatif.clear()
    hook = wb.require_hook("ticket_data")[0]
    yield from (
        hook.callbacks[0],
        Finding("a.b", "error", HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1, 2),
    )
    yield from odd_records(happened)


def odd_records(happened: Happened) -> Iterator[Any]:
    """Records whose every text is hostile."""
    yield LogLine("INFO", HOSTILE, HOSTILE, 0, HOSTILE, 1)
    yield Change("changed", (HOSTILE,), HOSTILE, HOSTILE * 2)
    callback = Callback(HOSTILE, "action", HOSTILE, HOSTILE, 10, HOSTILE, 1)
    standing = Standing(HOSTILE, HOSTILE, "removed", 1)
    stand = Stand(HOSTILE, None, standing)
    yield from (
        callback,
        standing,
        stand,
        Link("new", None, callback),
        Link("gone", callback, None),
    )
    yield Since((callback,), (callback,), (callback,), (stand,))
    yield Turnover(1, 0, 0.0, (callback,), (), (standing,))
    fields = snapshot({HOSTILE: HOSTILE})
    changed = (Change("changed", (HOSTILE,), HOSTILE, HOSTILE * 2),)
    yield PastRow(HOSTILE, HOSTILE, fields, 1, 0, HOSTILE, changed)
    frame = Frame(HOSTILE, 1, HOSTILE, ((1, HOSTILE),), 1, ((HOSTILE, HOSTILE),))
    yield ErrorRecord(HOSTILE, HOSTILE, (frame,), ErrorRecord(HOSTILE, HOSTILE))
    step = Step(HOSTILE, HOSTILE, HOSTILE, 1, 10, "error", 5, output=HOSTILE)
    yield step
    details = snapshot({"body": HOSTILE})
    effect = Effect("http", "held", HOSTILE, details, 0.0, 5, HOSTILE)
    yield from (effect, replace(step, effects=(effect,)))
    unmet = Expectation(HOSTILE, ok=False, expected=HOSTILE, actual=HOSTILE, diff=f"- {HOSTILE}")
    told = StepResult(1, HOSTILE, HOSTILE, 0.0, happened=happened, expectations=(unmet,))
    broken = StepResult(2, HOSTILE, "", 0.0, failure=HOSTILE)
    result = StoryResult(HOSTILE, HOSTILE, "guide", 0, 0.0, 1.0, (told, broken))
    yield from (told, broken, result)
    story = Story(HOSTILE, (), datetime(2026, 1, 1, tzinfo=UTC))
    bug = Bug("raises", HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1, story, HOSTILE)
    yield from (bug, FuzzResult(HOSTILE, 0, 9, 1.5, (bug,)))
    change = Change("changed", (HOSTILE,), HOSTILE, HOSTILE * 2)
    difference = Difference(
        *("raises", HOSTILE, HOSTILE, HOSTILE, 1, 2, 0, 0, (change,), (change,)),
        errors=(HOSTILE, HOSTILE * 2),
        effects=(change,),
    )
    firing = replace(happened.event, hook=HOSTILE, steps=(step,))
    run = Run(firing, happened.firings)
    pace = Pace(1, 2, 0.5, 8, 0.5, is_slower=False)
    told = replace(difference, follows=0, callback="")
    comparison = Comparison("raises", run, run, (difference, told), HOSTILE, (HOSTILE,), (HOSTILE,))
    yield from (difference, run, pace, comparison, replace(comparison, pace=pace))


def test_what_ifs_and_what_comes_of_them_are_tables(wb: Workbench, page: Page) -> None:
    assert "Nothing is muted" in page(wb.whatif).words
    wb.whatif.mute("ticket_data", callback="polish")
    assert "mute polish on ticket_data" in page(wb.whatif).words
    assert "polish on ticket_data" in page(wb.whatif.compare("ticket_data")).words
    assert "muted" in page(wb.require_hook("ticket_data")[0]).words
    wb.whatif.clear()
    assert "leave out billing:polish" in page(wb.whatif.matrix("ticket_data")).words


def test_what_the_workbench_answered_itself_is_marked(page: Page) -> None:
    effect = Effect("http", "held", "POST https://x.test/", snapshot({"body": "hi"}), 0.0, 5, "a")
    assert "held simulated" in page(effect).words
    assert "'body': 'hi'" in page(effect).words
    assert "simulated" not in page(replace(effect, verdict="sent")).words
    step = Step("a", "f", "f.py", 1, 10, "ok", 5, effects=(effect,))
    assert "POST https://x.test/ held simulated" in page(step).words


def test_everything_is_well_formed_and_runs_nothing(
    wb: Workbench, read_html: Callable[[str], Any]
) -> None:
    for record in everything(wb):
        text = record._repr_html_()
        found = read_html(text)
        assert found.active() == set(), type(record)
        assert found.values("id") == [], "shown twice, it is twice"
        assert not re.search(r"url\(|@import|https?://|&lt;/?(div|span|td|p)\b", text)
        for harmful in "\u202e\x1b\x00\ud800":
            assert harmful not in text
        assert found.words.strip()


def test_each_kind_that_has_a_card_or_a_row_is_shown() -> None:
    assert [kind for kind in CARDS if "_repr_html_" not in vars(kind)] == []
    assert [kind for kind in TEXTS if "_repr_pretty_" not in vars(kind)] == []
    assert [kind for kind in COLUMNS if kind not in CARDS] == []
    assert (set(display.CARDS), set(display.LINES)) == (set(CARDS), set(TEXTS))


def test_a_firing_says_who_did_what(wb: Workbench, page: Page) -> None:
    words = page(wb.trace[-1]).words
    for expected in ("ticket_data", "polish", "billing", "ValueError", "polishing", "raise Value"):
        assert expected in words
    assert "<img src=x onerror=alert(1)>" in words
    firing = wb.trace[-1]
    assert "subject" in page(firing.steps[0]).words
    assert "raise ValueError" in page(firing.error).words


def test_two_runs_compared(wb: Workbench, page: Page) -> None:
    first = wb.trace[-1]
    other = wb.again(first, changes={"data.subject": " x"})
    found = compare(run_of(wb.trace, first), run_of(wb.trace, other))
    words = page(found).words
    for expected in ("now raises", "polish", "on ticket_data", "from 1", "ValueError: x"):
        assert expected in words, expected
    assert repr(found).startswith(f"Comparison(#{first.id} ticket_data: now raises, ")
    assert repr(found).endswith("2 more follow)")
    assert repr(found.old) == f"Run({first!r}, 0 nested)"


def test_a_firing_shows_what_it_caused(write: Write, open_workbench: Open, page: Page) -> None:
    code = """
    from escalated.hooks import add_action, do_action
    add_action("outer", lambda: do_action("inner"))
    """
    write("billing", code)
    wb = open_workbench()
    firing = wb.fire("outer")
    assert "Caused" in page(firing).words
    assert "inner" in page(firing).words
    wb.close()
    assert "outer" in page(firing).words
    assert "closed" in page(wb).words
    assert page(wb.helpdesk).words


def test_secrets_are_not_masked_here(wb: Workbench, page: Page) -> None:
    firing = wb.fire("ticket_data", {"subject": "", "password": "hunter2"}, None)
    assert "hunter2" in page(firing).words


def test_light_and_dark_follow_the_notebook(wb: Workbench) -> None:
    text = wb._repr_html_()  # pyright: ignore[reportAttributeAccessIssue]
    for selector in (
        "@media (prefers-color-scheme: dark)",
        "[data-jp-theme-light='false'] .escw",
        "[data-jp-theme-light='true'] .escw",
        ".vscode-dark .escw",
    ):
        assert selector in text
    styles = re.search(r"<style>(.*?)</style>", text, re.S)
    assert styles is not None
    rules = styles[1]
    assert rules.count("{") == rules.count("}")
    used = set(re.findall(r"var\((--[\w-]+)\)", rules))
    assert used <= set(re.findall(r"(--[\w-]+):", rules))


def test_of_many_the_latest_or_the_first_are_shown(
    write: Write, open_workbench: Open, page: Page
) -> None:
    write("billing")
    wb = open_workbench()
    for _ in range(SHOWN + 20):
        wb.fire("ticket_created")
    latest = page(wb.trace).words
    assert f"The latest {SHOWN}." in latest
    assert str(wb.trace[-1].id) in latest
    assert f"The first {SHOWN} of {len(wb.trace)}." in page(wb.trace.query("")).words
    assert "Nothing here." in page(wb.trace.query("hook:nothing")).words


def test_a_session_file_is_shown_as_the_trace_is(wb: Workbench, tmp_path: Path, page: Page) -> None:
    wb.save(tmp_path / "a.session")
    with read(tmp_path / "a.session") as session:
        assert "ticket_data" in page(session).words
        assert session.to_dicts()[-1]["hook"] == "ticket_data"


class TestTables:
    def test_a_query_is_a_list_that_can_be_dicts(self, wb: Workbench) -> None:
        found = wb.trace.query("hook:ticket_data")
        assert found == [wb.trace[-1]]
        (row,) = found.to_dicts()
        assert (row["hook"], row["steps"], row["outcome"]) == ("ticket_data", 2, "error")
        assert row["args"][0] == {"subject": f" {HOSTILE}"}
        assert row["error"].startswith("ValueError: ")
        assert type(found[:1]) is Records
        assert found[:1].to_dicts() == [row]
        assert wb.trace.to_dicts()[-1] == row

    def test_what_else_can_be_a_table(self, wb: Workbench) -> None:
        assert wb.plugins.to_dicts()[0]["slug"] == "billing"
        assert wb.trace.timings().to_dicts()[0]["plugin"] == "billing"
        assert wb.reloads.to_dicts()[0]["trigger"] == "start"
        assert {"name", "callbacks"} <= wb.hooks.to_dicts()[0].keys()
        assert wb.helpdesk.rows("ticket").to_dicts()[0]["reference"] == "ESC-00001"
        assert wb.events.to_dicts()[0]["name"]
        assert wb.findings.to_dicts()[0]["place"] == "billing/plugin.py:9"

    def test_frames(self, wb: Workbench) -> None:
        pandas = pytest.importorskip("pandas", reason="pandas is not installed")
        frame = wb.trace.to_frame()
        assert type(frame) is pandas.DataFrame
        assert len(frame) == len(wb.trace)
        assert frame.iloc[-1]["steps"] == 2
        assert list(wb.trace.query("hook:no").to_frame().columns)[:2] == ["id", "hook"]
        assert list(wb.findings.to_frame().columns)[:3] == ["code", "severity", "message"]
        assert wb.plugins.to_frame()["status"].tolist() == ["active"]
        tickets = wb.helpdesk.rows("ticket").to_frame()
        assert tickets.groupby("status").size().sum() == len(tickets)
        assert wb.trace.timings().to_frame()["share"].sum() == pytest.approx(1)

    def test_without_pandas_the_cure_is_named(
        self, wb: Workbench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(UsageError, match=r"pip install pandas, or use to_dicts\(\)"):
            wb.trace.to_frame()


class TestWatching:
    def test_waits_for_saves_one_by_one(self, write: Write, open_workbench: Open) -> None:
        write("billing", "x = 1")
        wb = open_workbench()
        watch = wb.watch()
        assert wb.watch() is watch
        for number in (2, 3):
            write("billing", f"x = {number}")
            assert watch.wait(30).generation == number
        assert [each.trigger for each in watch.reloads] == ["save", "save"]
        assert wb.reloads[-2:] == watch.reloads

    def test_can_be_ended_and_begun_again(self, write: Write, open_workbench: Open) -> None:
        write("billing", "x = 1")
        wb = open_workbench()
        first = wb.watch()
        first.close()
        first.close()
        watch = wb.watch()
        assert watch is not first
        write("billing", "x = 2")
        assert watch.wait(30).plugin == "billing"
        assert first.reloads == watch.reloads

    def test_says_when_nothing_was_saved(self, write: Write, open_workbench: Open) -> None:
        write("billing")
        wb = open_workbench()
        watch = wb.watch()
        wb.reload("billing")
        with pytest.raises(WorkbenchError, match=r"No plugin was saved for 0\.01 s"):
            watch.wait(0.01)


def test_a_second_workbench_is_an_error_elsewhere(wb: Workbench) -> None:
    with pytest.raises(WorkbenchError, match="one per process"):
        Workbench(wb.root)
    assert wb.fire("ticket_created").outcome == "ok"


def test_nothing_of_notebooks_is_imported_in_a_script() -> None:
    code = (
        "import sys\nfrom escalated_workbench import Workbench\nprint(Workbench.current())\n"
        "assert hasattr(Workbench, '_repr_html_')\n"
        "banned = {'IPython', 'ipywidgets', 'pandas', 'textual', 'rich', 'django'}\n"
        "assert not banned & set(sys.modules)\n"
        "assert 'escalated_workbench.notebook' not in sys.modules\n"
        "assert 'escalated_workbench.report' not in sys.modules\n"
        "from escalated_core.records import Change\n"
        "assert 'subject' in Change('added', ('subject',), None, 1)._repr_html_()\n"
        "assert 'escalated_workbench.notebook' in sys.modules\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (told.stdout, told.stderr) == ("None\n", "")


def test_a_moment_shows_the_world_of_then(
    write: Write, open_workbench: Open, page: Page, root: Path
) -> None:
    write("billing", FILTER)
    workbench = open_workbench()
    firing = workbench.fire("ticket_data", {"subject": "x"}, workbench.helpdesk.ticket(1))
    write("billing", FILTER.replace("burst", "explode"))
    workbench.reload("billing")
    words = page(workbench.at(firing, 0)).words
    assert f"#{firing.id} ticket_data after polish" in words
    assert "~ now of generation 2" in words
    assert "- gone now" in words
    assert "+ came since" in words
    assert f"as seen in #{firing.id} after polish" in words
    assert "ticket 1" in words
    assert repr(workbench.at(firing)).startswith(f"Moment(#{firing.id} ticket_data as it began")
    assert page(workbench.at(firing).changed_since).words.startswith("Since then 1 callback came")
