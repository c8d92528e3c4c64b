"""`trace --at`: the world as a firing of a saved session found it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

from escalated_workbench import Workbench

Run = Callable[..., CompletedProcess[str]]
SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "workbench-1.schema.json").read_text("utf-8")
)
CODE = """
from escalated.hooks import *

@on_filter("ticket_data")
def first(data, ticket):
    return {**data, "seen": 1}

@on_filter("ticket_data", priority=20)
def second(data, ticket):
    ticket.subject = "Changed"
    return data
"""


class Saved(NamedTuple):
    """A session, and the firing of it to look at."""

    file: Path
    firing: int


@pytest.fixture
def saved(
    write: Callable[..., Path], open_workbench: Callable[..., Workbench], tmp_path: Path
) -> Saved:
    write("alpha", CODE)
    write("beta", "from escalated.hooks import *\nadd_filter('ticket_data', lambda d, t: d)\n")
    workbench = open_workbench()
    workbench.helpdesk.edit(workbench.helpdesk.ticket(7), subject="[/b] Printer")
    firing = workbench.fire("ticket_data", {"subject": "x"}, workbench.helpdesk.ticket(7))
    write("alpha", CODE.replace("second", "third"), version="2.0.0")
    workbench.reload("alpha")
    workbench.deactivate("beta")
    file = tmp_path / "a.session"
    workbench.save(file)
    workbench.close()
    return Saved(file, firing.id)


def test_it_tells_the_chain_the_plugins_and_the_rows_of_then(run: Run, saved: Saved) -> None:
    result = run("trace", str(saved.file), "--at", str(saved.firing))
    assert result.returncode == 0, result.stderr
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[:2] == [
        f"#{saved.firing} ticket_data as it began",
        "value {'subject': 'x'}",
    ]
    assert "10 ~ first alpha generation 1 now of generation 2" in lines
    assert "10 - <lambda> beta generation 1 gone now" in lines
    assert "20 - second alpha generation 1 gone now" in lines
    assert "20 + third alpha generation 2 came since" in lines
    assert "✔ alpha 1.0.0, generation 1, active now 2.0.0, generation 2, active" in lines
    assert "Since then 1 callback came, 2 went, 1 got newer code." in lines
    assert f"ticket 7, as seen in #{saved.firing} as it began" in lines
    assert "subject: '[/b] Printer'" in lines


def test_a_step_is_counted_from_one(run: Run, saved: Saved) -> None:
    result = run("trace", str(saved.file), "--at", str(saved.firing), "--step", "3", "--plain")
    lines = result.stdout.splitlines()
    assert lines[0] == f"#{saved.firing} ticket_data after second (step 3 of 3)"
    assert lines[1].startswith("  ok, second, alpha, priority 20, ")
    assert lines[2].startswith("          changed ticket.subject: '[/b] Printer' to 'Changed'")
    assert "value: {'subject': 'x', 'seen': 1}" in lines
    assert "  here, 20, gone, second, alpha, generation 1, gone now" in lines
    assert "    changed: subject: '[/b] Printer' -> 'Changed'" in lines
    assert "    10, gone, <lambda>, beta, generation 1, gone now" in [f"  {line}" for line in lines]


def test_the_step_is_marked_and_its_change_is_in_view(
    run: Run,
    write: Callable[..., Path],
    open_workbench: Callable[..., Workbench],
    tmp_path: Path,
) -> None:
    write("alpha", CODE)
    workbench = open_workbench()
    value = {"text": "x" * 2000}
    firing = workbench.fire("ticket_data", value, workbench.helpdesk.ticket(7))
    workbench.event("comment.create")
    file = tmp_path / "a.session"
    workbench.save(file)
    result = run("trace", str(file), "--at", str(firing.id), "--step", "1")
    lines = result.stdout.splitlines()
    assert lines[2] == "          + seen: 1"
    assert lines[3].endswith("xxx', 'seen': 1}")
    assert len(lines[3]) < 500
    marked = [line.split()[:3] for line in lines if "▸" in line]
    assert marked == [["▸", "10", "first"]]
    assert "Now is when the session was saved: the code on disk is not looked at." in lines
    result = run("trace", str(file), "--at", str(firing.id), "--step", "2")
    assert "          ~ ticket.subject: " in result.stdout
    result = run("trace", str(file), "--at", str(firing.id))
    assert "▸" not in result.stdout
    happened = str(firing.id + 1)
    result = run("trace", str(file), "--at", happened)
    assert result.stdout.startswith(f"#{happened} comment.create as it began\nPlugins:\n")


def test_json_has_all_of_it(run: Run, saved: Saved) -> None:
    firing, file = str(saved.firing), str(saved.file)
    result = run("trace", file, "--at", firing, "--step", "3", "--row", "ticket", "7", "--json")
    document: Any = json.loads(result.stdout)
    target = {"$ref": "#/$defs/verb-trace-moment", "$defs": SCHEMA["$defs"]}
    assert list(Draft202012Validator(target).iter_errors(document)) == []
    moment = document["moment"]
    assert (moment["step"], moment["value"]["seen"], moment["is_known"]) == (2, 1, True)
    assert [each["fate"] for each in moment["chain"]] == ["reloaded", "gone", "gone", "new"]
    assert moment["plugins"]["beta"]["status"] == "active"
    assert moment["rows"][0]["fields"]["subject"] == "Changed"
    (hook,) = [each for each in moment["hooks"] if each["name"] == "ticket_data"]
    assert [each["callback"] for each in hook["callbacks"]] == ["first", "<lambda>", "second"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--at", "999"], "There is no firing 999"),
        (["--at", "{}", "--step", "4"], "has no step 4. It has 3."),
        (["--at", "1", "--step", "1"], "has no step 1. It has none."),
        (["--at", "{}", "--row", "ticket", "8"], "shows ticket 8. It shows ticket 7."),
        (["--at", "{}", "--row", "tiket", "7"], "of the kind 'tiket'. Did you mean 'ticket'?"),
        (["--at", "1", "--row", "tiket", "7"], "shows tiket 7: there is no row in it."),
        (["--at", "{}", "--row", "agent", "2"], "Name a user by its id."),
        (["--at", "{}", "--jsonl"], "leave out the other options"),
        (["--at", "{}", "--firing", "3"], "leave out the other options"),
        (["--step", "1"], "Name the firing with --at ID."),
    ],
)
def test_what_cannot_be_shown_is_refused(
    run: Run, saved: Saved, words: list[str], told: str
) -> None:
    result = run("trace", str(saved.file), *(word.format(saved.firing) for word in words))
    assert (result.returncode, result.stdout) == (2, "")
    assert told in result.stderr


def test_an_older_file_says_what_is_not_known(run: Run, saved: Saved) -> None:
    lines = saved.file.read_text("utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if '"turnover"' not in line)
    saved.file.write_text(kept, "utf-8")
    result = run("trace", str(saved.file), "--at", str(saved.firing))
    assert "What was registered then is not known." in result.stdout
    assert "'[/b] Printer'" in result.stdout
